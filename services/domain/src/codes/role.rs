//! Roles of the members of an organisation; one person may hold several.

closed_codes! {
    /// What a member does.
    pub enum MemberRole("member role") {
        /// Special educational needs co-ordinator.
        Senco = "SENCO",
        /// Learning-support lead of a college, provider or university.
        SupportLead = "SUPPORT_LEAD",
        /// Leadership.
        Leadership = "LEADERSHIP",
        /// Designated safeguarding lead.
        Dsl = "DSL",
        /// Office.
        Admin = "ADMIN",
        /// Case officer of an authority.
        Caseworker = "CASEWORKER",
        /// Links and unlinks records for an authority.
        Matching = "MATCHING",
        /// Reads submitted referrals.
        Triage = "TRIAGE",
        /// Works a queue.
        Clinician = "CLINICIAN",
        /// Answers for a queue.
        Supervisor = "SUPERVISOR",
        /// Of an integrated care board; totals only.
        Commissioner = "COMMISSIONER",
        /// Runs the installation.
        Operator = "OPERATOR",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::assert_set;

    #[test]
    fn the_set_is_that_of_the_page() {
        assert_set::<MemberRole>(
            "SENCO, SUPPORT_LEAD, LEADERSHIP, DSL, ADMIN, CASEWORKER, MATCHING, TRIAGE, CLINICIAN, \
             SUPERVISOR, COMMISSIONER, OPERATOR",
        );
    }
}
