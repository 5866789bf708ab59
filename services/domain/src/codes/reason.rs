//! Coded reasons: why a transition, an identifier or a plan changed, and why lateness is excused.

closed_codes! {
    /// Why a transition will not happen.
    pub enum TransitionCancel("reason for cancelling a transition") {
        /// The place was refused.
        PlaceRefused = "PLACE_REFUSED",
        /// The family declined.
        DeclinedByFamily = "DECLINED_BY_FAMILY",
        /// The learner went elsewhere.
        WentElsewhere = "WENT_ELSEWHERE",
        /// Put off to a later year.
        Deferred = "DEFERRED",
        /// Moved abroad.
        MovedAbroad = "MOVED_ABROAD",
        /// Recorded in error.
        RecordedInError = "RECORDED_IN_ERROR",
        /// The learner has died.
        Deceased = "DECEASED",
    }
}

closed_codes! {
    /// Why a planned date changed.
    pub enum TransitionReschedule("reason for rescheduling a transition") {
        /// The setting changed the date.
        SettingChangedDate = "SETTING_CHANGED_DATE",
        /// The family asked.
        FamilyAsked = "FAMILY_ASKED",
        /// The authority decided.
        AuthorityDecision = "AUTHORITY_DECISION",
        /// Only the month was known before.
        DayNowKnown = "DAY_NOW_KNOWN",
        /// Any other.
        Other = "OTHER",
    }
}

closed_codes! {
    /// Why a transition that had taken place is over.
    pub enum TransitionEnd("reason for the end of a transition") {
        /// Completed.
        Completed = "COMPLETED",
        /// Moved on.
        MovedOn = "MOVED_ON",
        /// Left early.
        LeftEarly = "LEFT_EARLY",
        /// The learner has died.
        Deceased = "DECEASED",
        /// Any other.
        Other = "OTHER",
    }
}

closed_codes! {
    /// Why an identifier is no longer the current one; it is never deleted.
    pub enum IdentifierEnd("reason for ending an identifier") {
        /// Never this learner's: no alias.
        Wrong = "WRONG",
        /// Replaced: stays an alias.
        Superseded = "SUPERSEDED",
    }
}

closed_codes! {
    /// Why an EHC plan ceased.
    pub enum PlanCeased("reason for ceasing a plan") {
        /// The age limit was reached.
        AgeLimit = "AGE_LIMIT",
        /// No longer necessary.
        NotNecessary = "NOT_NECESSARY",
        /// Moved to another authority.
        MovedLa = "MOVED_LA",
        /// Moved out of England.
        MovedNation = "MOVED_NATION",
        /// Took up a place in higher education.
        He = "HE",
        /// Took up paid work.
        Employment = "EMPLOYMENT",
        /// The young person has died.
        Deceased = "DECEASED",
        /// Any other.
        Other = "OTHER",
    }
}

closed_codes! {
    /// Exception that excuses lateness in an assessment; it does not move the date.
    pub enum Excused("exception to a deadline") {
        /// Advice was asked of a school about to close for at least four weeks.
        SchoolClosed4Weeks = "SCHOOL_CLOSED_4_WEEKS",
        /// Exceptional circumstances.
        ExceptionalCircumstances = "EXCEPTIONAL_CIRCUMSTANCES",
        /// The child or family was away for at least four weeks.
        Absent4Weeks = "ABSENT_4_WEEKS",
        /// The child missed an appointment; for advice only.
        MissedAppointment = "MISSED_APPOINTMENT",
    }
}

closed_codes! {
    /// The lawful ground of an erasure (UK GDPR, Article 17(1)).
    pub enum ErasureGround("ground of an erasure") {
        /// (a): no longer needed for what it was collected for; a retention period has ended.
        NoLongerNeeded = "NO_LONGER_NEEDED",
        /// (b): consent was withdrawn, and there is no other ground to keep it.
        ConsentWithdrawn = "CONSENT_WITHDRAWN",
        /// (c): an objection was upheld.
        ObjectionUpheld = "OBJECTION_UPHELD",
        /// (d): it was kept or obtained unlawfully.
        UnlawfulProcessing = "UNLAWFUL_PROCESSING",
        /// (e): a legal obligation, or a court's order.
        LegalObligation = "LEGAL_OBLIGATION",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::assert_set;

    #[test]
    fn the_sets_are_those_of_the_pages() {
        assert_set::<TransitionCancel>(
            "PLACE_REFUSED, DECLINED_BY_FAMILY, WENT_ELSEWHERE, DEFERRED, MOVED_ABROAD, \
             RECORDED_IN_ERROR, DECEASED",
        );
        assert_set::<TransitionReschedule>(
            "SETTING_CHANGED_DATE, FAMILY_ASKED, AUTHORITY_DECISION, DAY_NOW_KNOWN, OTHER",
        );
        assert_set::<TransitionEnd>("COMPLETED, MOVED_ON, LEFT_EARLY, DECEASED, OTHER");
        assert_set::<IdentifierEnd>("WRONG, SUPERSEDED");
        assert_set::<PlanCeased>(
            "AGE_LIMIT, NOT_NECESSARY, MOVED_LA, MOVED_NATION, HE, EMPLOYMENT, DECEASED, \
             OTHER",
        );
        assert_set::<Excused>(
            "SCHOOL_CLOSED_4_WEEKS, EXCEPTIONAL_CIRCUMSTANCES, ABSENT_4_WEEKS, \
             MISSED_APPOINTMENT",
        );
    }
}
