//! Answers and reasons of a handover, and the grounds on which a pack is shared.

closed_codes! {
    /// Ground on which one section is shared with one recipient.
    pub enum Ground("ground of a release") {
        /// Public task, the family having been told.
        PublicTask = "PUBLIC_TASK",
        /// The setting is named in section I of the plan.
        NamedInSectionI = "NAMED_IN_SECTION_I",
        /// Dated request of the young person that names recipient and sections.
        RequestOfYp = "REQUEST_OF_YP",
        /// Legitimate interests, for an independent or private setting.
        LegitimateInterests = "LEGITIMATE_INTERESTS",
        /// Consent.
        Consent = "CONSENT",
    }
}

closed_codes! {
    /// Why a receiver will not act on a pack.
    pub enum HandoverDecline("reason for declining a handover") {
        /// Wrong learner.
        WrongLearner = "WRONG_LEARNER",
        /// The learner is not expected.
        NotExpected = "NOT_EXPECTED",
        /// The pack is incomplete.
        Incomplete = "INCOMPLETE",
        /// No place was offered.
        NoPlaceOffered = "NO_PLACE_OFFERED",
        /// The learner went elsewhere.
        LearnerWentElsewhere = "LEARNER_WENT_ELSEWHERE",
        /// Any other.
        Other = "OTHER",
    }
}

closed_codes! {
    /// Why a sender takes a pack back.
    pub enum HandoverWithdraw("reason for withdrawing a handover") {
        /// Sent in error.
        SentInError = "SENT_IN_ERROR",
        /// The destination changed.
        DestinationChanged = "DESTINATION_CHANGED",
        /// Consent was withdrawn.
        ConsentWithdrawn = "CONSENT_WITHDRAWN",
        /// Any other.
        Other = "OTHER",
    }
}

closed_codes! {
    /// Why an earlier version becomes unreadable at once.
    pub enum HandoverRecall("reason for recalling a handover") {
        /// Sent in error.
        SentInError = "SENT_IN_ERROR",
        /// Consent was withdrawn.
        ConsentWithdrawn = "CONSENT_WITHDRAWN",
    }
}

closed_codes! {
    /// Why reading of an accepted pack closes.
    pub enum HandoverEnd("reason for ending a handover") {
        /// The learner went elsewhere.
        WentElsewhere = "WENT_ELSEWHERE",
        /// The learner did not enrol.
        DidNotEnrol = "DID_NOT_ENROL",
        /// The learner left.
        Left = "LEFT",
    }
}

closed_codes! {
    /// Sender's answer to a request for a pack.
    pub enum RequestAnswer("answer to a request for a handover") {
        /// Sent.
        Sent = "SENT",
        /// No record.
        NoRecord = "NO_RECORD",
        /// Not ours.
        NotOurs = "NOT_OURS",
    }
}

closed_codes! {
    /// Receiver's answer about a line of support.
    pub enum SupportAnswerCode("answer about a line of support") {
        /// In place since a day.
        InPlace = "IN_PLACE",
        /// Partly in place; the line stays open.
        Partly = "PARTLY",
        /// Not yet, but by a day; the line stays open.
        NotYet = "NOT_YET",
        /// Not needed, for a coded reason.
        NotNeeded = "NOT_NEEDED",
    }
}

closed_codes! {
    /// Why a line of support is not needed.
    pub enum NotNeededReason("reason why support is not needed") {
        /// The need changed.
        NeedChanged = "NEED_CHANGED",
        /// Met in another way.
        MetAnotherWay = "MET_ANOTHER_WAY",
        /// Declined by the learner.
        DeclinedByLearner = "DECLINED_BY_LEARNER",
        /// Any other.
        Other = "OTHER",
    }
}

impl SupportAnswerCode {
    /// Whether the line of support stays open after this answer.
    pub const fn leaves_open(self) -> bool {
        matches!(self, Self::Partly | Self::NotYet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::assert_set;

    #[test]
    fn the_sets_are_those_of_the_pages() {
        assert_set::<Ground>(
            "PUBLIC_TASK, NAMED_IN_SECTION_I, REQUEST_OF_YP, LEGITIMATE_INTERESTS, CONSENT",
        );
        assert_set::<HandoverDecline>(
            "WRONG_LEARNER, NOT_EXPECTED, INCOMPLETE, NO_PLACE_OFFERED, \
             LEARNER_WENT_ELSEWHERE, OTHER",
        );
        assert_set::<HandoverWithdraw>(
            "SENT_IN_ERROR, DESTINATION_CHANGED, CONSENT_WITHDRAWN, OTHER",
        );
        assert_set::<HandoverRecall>("SENT_IN_ERROR, CONSENT_WITHDRAWN");
        assert_set::<HandoverEnd>("WENT_ELSEWHERE, DID_NOT_ENROL, LEFT");
        assert_set::<RequestAnswer>("SENT, NO_RECORD, NOT_OURS");
        assert_set::<SupportAnswerCode>("IN_PLACE, PARTLY, NOT_YET, NOT_NEEDED");
        assert_set::<NotNeededReason>("NEED_CHANGED, MET_ANOTHER_WAY, DECLINED_BY_LEARNER, OTHER");
    }

    #[test]
    fn two_answers_leave_a_line_open() {
        let open: Vec<_> =
            SupportAnswerCode::ALL.iter().filter(|code| code.leaves_open()).collect();
        assert_eq!(open, [&SupportAnswerCode::Partly, &SupportAnswerCode::NotYet]);
    }
}
