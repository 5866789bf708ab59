//! Disabled Students' Allowance: states, steps, reasons and items.

closed_codes! {
    /// Where a case stands; the names are those of the rules page.
    pub enum DsaState("state of a DSA case") {
        /// Not started.
        NotStarted = "not_started",
        /// Applied.
        Applied = "applied",
        /// Evidence was requested.
        EvidenceRequested = "evidence_requested",
        /// Evidence was supplied.
        EvidenceSupplied = "evidence_supplied",
        /// Found eligible.
        Eligible = "eligible",
        /// Found ineligible; final.
        Ineligible = "ineligible",
        /// The needs assessment is booked.
        NeedsAssessmentBooked = "needs_assessment_booked",
        /// Assessed.
        Assessed = "assessed",
        /// The report was received.
        ReportReceived = "report_received",
        /// The award is approved.
        AwardApproved = "award_approved",
        /// Declined; final.
        Declined = "declined",
        /// Every item is arranged.
        SupportArranged = "support_arranged",
        /// Every item is in place.
        InPlace = "in_place",
        /// Circumstances changed.
        ChangeOfCircumstances = "change_of_circumstances",
        /// Reassessed.
        Reassessed = "reassessed",
        /// Ended; final.
        Ended = "ended",
    }
}

closed_codes! {
    /// Step of a case; the names are those of the rules page.
    pub enum DsaAction("step of a DSA case") {
        /// The student applies.
        Apply = "apply",
        /// Student finance asks for evidence.
        RequestEvidence = "request_evidence",
        /// The student supplies it.
        SupplyEvidence = "supply_evidence",
        /// Found eligible.
        DecideEligible = "decide_eligible",
        /// Found ineligible, for a coded reason.
        DecideIneligible = "decide_ineligible",
        /// A needs assessment is booked.
        BookAssessment = "book_assessment",
        /// It has taken place.
        CompleteAssessment = "complete_assessment",
        /// Its report has come.
        ReceiveReport = "receive_report",
        /// The award is approved.
        ApproveAward = "approve_award",
        /// The award is declined, for a coded reason.
        DeclineAward = "decline_award",
        /// The award stays as it was after a reassessment.
        KeepAward = "keep_award",
        /// An item, or all of them, is arranged.
        ArrangeSupport = "arrange_support",
        /// An item, or all of them, is in place.
        SupportInPlace = "support_in_place",
        /// The student's circumstances change.
        ChangeCircumstances = "change_circumstances",
        /// The change is assessed.
        Reassess = "reassess",
        /// The case ends, for a coded reason.
        End = "end",
    }
}

closed_codes! {
    /// Why a student is not eligible.
    pub enum DsaIneligible("reason for DSA ineligibility") {
        /// No evidence.
        NoEvidence = "NO_EVIDENCE",
        /// Not a disability.
        NotDisability = "NOT_DISABILITY",
        /// The course is not eligible.
        CourseNotEligible = "COURSE_NOT_ELIGIBLE",
        /// Residency.
        Residency = "RESIDENCY",
        /// Any other.
        Other = "OTHER",
    }
}

closed_codes! {
    /// Why no award is made.
    pub enum DsaDecline("reason for declining a DSA award") {
        /// Not recommended.
        NotRecommended = "NOT_RECOMMENDED",
        /// The student declined.
        StudentDeclined = "STUDENT_DECLINED",
    }
}

closed_codes! {
    /// Why a case ends.
    pub enum DsaEnd("reason for ending a DSA case") {
        /// The course ended.
        CourseEnded = "COURSE_ENDED",
        /// The student withdrew.
        StudentWithdrew = "STUDENT_WITHDREW",
        /// The student has died.
        Deceased = "DECEASED",
    }
}

closed_codes! {
    /// Item of an award, arranged and in place by itself.
    pub enum DsaItem("item of a DSA award") {
        /// Equipment.
        Equipment = "EQUIPMENT",
        /// Non-medical help.
        NonMedicalHelp = "NON_MEDICAL_HELP",
        /// Travel.
        Travel = "TRAVEL",
        /// Any other.
        Other = "OTHER",
    }
}

impl DsaState {
    /// Nothing follows; a new try is a new case linked to the old one.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Ineligible | Self::Declined | Self::Ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::assert_set;

    #[test]
    fn the_sets_are_those_of_the_pages() {
        assert_set::<DsaState>(
            "not_started, applied, evidence_requested, evidence_supplied, eligible, \
             ineligible, needs_assessment_booked, assessed, report_received, \
             award_approved, declined, support_arranged, in_place, \
             change_of_circumstances, reassessed, ended",
        );
        assert_set::<DsaAction>(
            "apply, request_evidence, supply_evidence, decide_eligible, decide_ineligible, \
             book_assessment, complete_assessment, receive_report, approve_award, \
             decline_award, keep_award, arrange_support, support_in_place, \
             change_circumstances, reassess, end",
        );
        assert_set::<DsaIneligible>(
            "NO_EVIDENCE, NOT_DISABILITY, COURSE_NOT_ELIGIBLE, RESIDENCY, OTHER",
        );
        assert_set::<DsaDecline>("NOT_RECOMMENDED, STUDENT_DECLINED");
        assert_set::<DsaEnd>("COURSE_ENDED, STUDENT_WITHDREW, DECEASED");
        assert_set::<DsaItem>("EQUIPMENT, NON_MEDICAL_HELP, TRAVEL, OTHER");
    }

    #[test]
    fn three_states_are_final() {
        assert_eq!(DsaState::ALL.iter().filter(|state| state.is_final()).count(), 3);
    }
}
