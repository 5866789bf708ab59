//! SEN provision, and the three axes that are kept apart from it: plan, layer of support,
//! programme.

closed_codes! {
    /// SEN provision as census and transfer files code it.
    pub enum SenProvision("SEN provision") {
        /// No special educational needs.
        N = "N",
        /// SEN support.
        K = "K",
        /// Education, health and care plan.
        E = "E",
        /// School action: history only.
        A = "A",
        /// School action plus: history only.
        P = "P",
        /// Statement: history only.
        S = "S",
    }
}

closed_codes! {
    /// Document that a learner's support rests on. An ISP and an EHC plan may exist side by side.
    pub enum PlanType("plan type") {
        /// The setting's record of SEN support.
        SenSupportRecord = "SEN_SUPPORT_RECORD",
        /// Individual support plan.
        Isp = "ISP",
        /// Education, health and care plan.
        EhcPlan = "EHC_PLAN",
        /// Education, health and care plan with a specialist provision package.
        EhcPlanWithSpp = "EHC_PLAN_WITH_SPP",
    }
}

closed_codes! {
    /// Layer of support.
    pub enum SupportLayer("support layer") {
        /// For everyone.
        Universal = "UNIVERSAL",
        /// For some, within the setting.
        Targeted = "TARGETED",
        /// For some, with outside specialists.
        TargetedPlus = "TARGETED_PLUS",
        /// Specialist provision.
        Specialist = "SPECIALIST",
    }
}

closed_codes! {
    /// Programme that a referral belongs to; kept apart from the queue that works it.
    pub enum Programme("programme") {
        /// Early Language Support for Every Child.
        Elsec = "ELSEC",
        /// Experts at Hand.
        ExpertsAtHand = "EXPERTS_AT_HAND",
        /// The core speech and language therapy service.
        CoreSlt = "CORE_SLT",
        /// Any other.
        Other = "OTHER",
    }
}

impl SenProvision {
    /// Code of the lists before 2014: read from history, never written for today.
    pub const fn is_legacy(self) -> bool {
        matches!(self, Self::A | Self::P | Self::S)
    }

    /// Whether a type of need goes with it.
    pub const fn has_needs(self) -> bool {
        !matches!(self, Self::N)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::assert_set;

    #[test]
    fn the_sets_are_those_of_the_pages() {
        assert_set::<SenProvision>("N, K, E, A, P, S");
        assert_set::<PlanType>("SEN_SUPPORT_RECORD, ISP, EHC_PLAN, EHC_PLAN_WITH_SPP");
        assert_set::<SupportLayer>("UNIVERSAL, TARGETED, TARGETED_PLUS, SPECIALIST");
        assert_set::<Programme>("ELSEC, EXPERTS_AT_HAND, CORE_SLT, OTHER");
    }

    #[test]
    fn three_codes_are_history_and_one_has_no_needs() {
        let legacy: Vec<_> = SenProvision::ALL.iter().filter(|code| code.is_legacy()).collect();
        assert_eq!(legacy, [&SenProvision::A, &SenProvision::P, &SenProvision::S]);
        assert!(!SenProvision::N.has_needs() && SenProvision::K.has_needs());
    }
}
