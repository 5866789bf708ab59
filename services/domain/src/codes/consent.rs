//! Consent, capacity and the adults around a learner.

closed_codes! {
    /// What a consent covers.
    pub enum ConsentScope("consent scope") {
        /// Sharing with the next setting.
        ShareWithNextSetting = "share_with_next_setting",
        /// Sharing with a higher education institution.
        ShareWithHei = "share_with_HEI",
        /// Sharing with the assessor for Disabled Students' Allowance.
        ShareWithDsaAssessor = "share_with_DSA_assessor",
        /// Sharing with an employer.
        ShareWithEmployer = "share_with_employer",
        /// Sharing with the board's pathfinder team.
        ShareWithIcbPathfinder = "share_with_ICB_pathfinder",
        /// Sharing the health record.
        ShareHealthRecord = "share_health_record",
    }
}

closed_codes! {
    /// Capacity of a young person for one decision.
    pub enum Capacity("capacity") {
        /// Assumed.
        Assumed = "ASSUMED",
        /// Doubted.
        Doubted = "DOUBTED",
        /// Found to be lacking, by a named assessor.
        Lacks = "LACKS",
    }
}

closed_codes! {
    /// What a court order keeps from an adult.
    pub enum AdultRestriction("restriction on an adult") {
        /// No contact.
        NoContact = "NO_CONTACT",
        /// No access to records.
        NoRecords = "NO_RECORDS",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::assert_set;

    #[test]
    fn the_sets_are_those_of_the_pages() {
        assert_set::<ConsentScope>(
            "share_with_next_setting, share_with_HEI, share_with_DSA_assessor, \
             share_with_employer, share_with_ICB_pathfinder, share_health_record",
        );
        assert_set::<Capacity>("ASSUMED, DOUBTED, LACKS");
        assert_set::<AdultRestriction>("NO_CONTACT, NO_RECORDS");
    }
}
