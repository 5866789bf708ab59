//! Placements in alternative provision: tier, destination, reasons for extending.

use super::kind::TransitionKind;
use crate::numbers::Urn;

closed_codes! {
    /// Tier of alternative provision.
    pub enum ApTier("tier of alternative provision") {
        /// Targeted support inside the mainstream school; the learner stays on its roll.
        Tier1 = "TIER1",
        /// Time-limited placement, then back to the same school.
        Tier2 = "TIER2",
        /// Transitional placement before a new school or a post-16 destination.
        Tier3 = "TIER3",
    }
}

closed_codes! {
    /// Where a placement is planned to lead.
    pub enum ApDestinationCode("destination after alternative provision") {
        /// The learner's own school, without having left it.
        OwnSchool = "OWN_SCHOOL",
        /// Back to the school that the learner left.
        ReturnSchool = "RETURN_SCHOOL",
        /// A new school.
        NewSchool = "NEW_SCHOOL",
        /// A post-16 destination.
        Post16 = "POST16",
    }
}

closed_codes! {
    /// Why a placement goes on beyond its planned end.
    pub enum PlacementExtension("reason for extending a placement") {
        /// The learner is not ready.
        NotReady = "NOT_READY",
        /// The next place is not available.
        PlaceNotAvailable = "PLACE_NOT_AVAILABLE",
        /// A review decided so.
        ReviewDecided = "REVIEW_DECIDED",
        /// The family asked.
        FamilyAsked = "FAMILY_ASKED",
        /// Any other.
        Other = "OTHER",
    }
}

/// Where a placement is planned to lead, with its particulars.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ApDestination {
    /// The learner's own school, without having left it.
    OwnSchool,
    /// Back to the school that the learner left.
    ReturnSchool(Urn),
    /// A new school.
    NewSchool(Urn),
    /// A post-16 destination, by the kind of transition that leads to it.
    Post16(TransitionKind),
}

impl ApDestination {
    /// The code, without its particulars.
    pub const fn code(&self) -> ApDestinationCode {
        match self {
            Self::OwnSchool => ApDestinationCode::OwnSchool,
            Self::ReturnSchool(_) => ApDestinationCode::ReturnSchool,
            Self::NewSchool(_) => ApDestinationCode::NewSchool,
            Self::Post16(_) => ApDestinationCode::Post16,
        }
    }

    /// Whether a tier may lead there: tier 1 never leaves its own school. The other tiers' usual
    /// destinations are not a reason to refuse.
    pub const fn fits(&self, tier: ApTier) -> bool {
        !matches!(tier, ApTier::Tier1) || matches!(self, Self::OwnSchool)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::assert_set;

    #[test]
    fn the_sets_are_those_of_the_pages() {
        assert_set::<ApTier>("TIER1, TIER2, TIER3");
        assert_set::<ApDestinationCode>("OWN_SCHOOL, RETURN_SCHOOL, NEW_SCHOOL, POST16");
        assert_set::<PlacementExtension>(
            "NOT_READY, PLACE_NOT_AVAILABLE, REVIEW_DECIDED, FAMILY_ASKED, OTHER",
        );
    }

    #[test]
    fn tier_one_leads_to_its_own_school_only() {
        let urn = Urn::parse("100000").expect("a valid URN");
        let back = ApDestination::ReturnSchool(urn.clone());
        let post16 = ApDestination::Post16(TransitionKind::SecondaryToPost16);
        assert!(ApDestination::OwnSchool.fits(ApTier::Tier1));
        assert!(!back.fits(ApTier::Tier1) && back.fits(ApTier::Tier2));
        assert!(!post16.fits(ApTier::Tier1) && post16.fits(ApTier::Tier3));
        assert_eq!(back.code(), ApDestinationCode::ReturnSchool);
        assert_eq!(ApDestination::NewSchool(urn).code(), ApDestinationCode::NewSchool);
    }
}
