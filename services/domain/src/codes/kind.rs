//! Kinds of transition, and the six phase transfers of regulation 2(1).

closed_codes! {
    /// Kind of transition.
    pub enum TransitionKind("transition kind") {
        /// Relevant early years education to school.
        EyToSchool = "EY_TO_SCHOOL",
        /// Infant to junior school.
        InfantToJunior = "INFANT_TO_JUNIOR",
        /// Primary to middle school.
        PrimaryToMiddle = "PRIMARY_TO_MIDDLE",
        /// Primary to secondary school.
        PrimaryToSecondary = "PRIMARY_TO_SECONDARY",
        /// Middle to secondary school.
        MiddleToSecondary = "MIDDLE_TO_SECONDARY",
        /// Secondary school to a post-16 institution.
        SecondaryToPost16 = "SECONDARY_TO_POST16",
        /// Between post-16 institutions.
        Post16ToPost16 = "POST16_TO_POST16",
        /// Into an apprenticeship.
        ToApprenticeship = "TO_APPRENTICESHIP",
        /// Into a supported internship.
        ToSupportedInternship = "TO_SUPPORTED_INTERNSHIP",
        /// Into higher education.
        ToHe = "TO_HE",
        /// Into paid work.
        ToEmployment = "TO_EMPLOYMENT",
        /// Into adult care.
        ToAdultCare = "TO_ADULT_CARE",
        /// To education at home by choice.
        ToEhe = "TO_EHE",
        /// Out of education, employment and training.
        Neet = "NEET",
        /// Not known.
        Unknown = "UNKNOWN",
        /// Between settings within a phase.
        InYearMove = "IN_YEAR_MOVE",
        /// Into a placement of alternative provision.
        ApPlacement = "AP_PLACEMENT",
        /// Back from a placement of alternative provision.
        ApReturn = "AP_RETURN",
        /// To another local authority.
        LaMove = "LA_MOVE",
    }
}

closed_codes! {
    /// Phase transfer, by its letter in regulation 2(1) of the SEND Regulations 2014: exactly six.
    pub enum PhaseTransferKind("phase transfer of regulation 2(1)") {
        /// Relevant early years education to school.
        A = "a",
        /// Infant to junior school.
        B = "b",
        /// Primary to middle school.
        C = "c",
        /// Primary to secondary school.
        D = "d",
        /// Middle to secondary school.
        E = "e",
        /// Secondary school to a post-16 institution.
        F = "f",
    }
}

closed_codes! {
    /// Deadline that a kind of transition starts, by its id on the rules page.
    pub enum StatutoryRule("statutory rule") {
        /// Plan final before 31 March of the year of transfer.
        D1 = "D1",
        /// Plan final before 15 February of the year of transfer.
        D2 = "D2",
        /// Five months before a move between post-16 institutions.
        D3 = "D3",
        /// Transfer of the plan between authorities (LA1 to LA4).
        La = "LA",
    }
}

impl PhaseTransferKind {
    /// The kind of transition that carries this letter.
    pub const fn transition(self) -> TransitionKind {
        match self {
            Self::A => TransitionKind::EyToSchool,
            Self::B => TransitionKind::InfantToJunior,
            Self::C => TransitionKind::PrimaryToMiddle,
            Self::D => TransitionKind::PrimaryToSecondary,
            Self::E => TransitionKind::MiddleToSecondary,
            Self::F => TransitionKind::SecondaryToPost16,
        }
    }
}

impl TransitionKind {
    /// The letter in regulation 2(1), for the six phase transfers.
    pub fn regulation(self) -> Option<PhaseTransferKind> {
        PhaseTransferKind::ALL.iter().copied().find(|letter| letter.transition() == self)
    }

    /// The deadline that it starts for a learner with an EHC plan. An apprenticeship or a supported
    /// internship counts as (f) from school and under D3 from a post-16 institution.
    pub fn rule(self, from_post16: bool) -> Option<StatutoryRule> {
        match self {
            Self::SecondaryToPost16 => Some(StatutoryRule::D1),
            Self::ToApprenticeship | Self::ToSupportedInternship if from_post16 => {
                Some(StatutoryRule::D3)
            }
            Self::ToApprenticeship | Self::ToSupportedInternship => Some(StatutoryRule::D1),
            Self::Post16ToPost16 => Some(StatutoryRule::D3),
            Self::LaMove => Some(StatutoryRule::La),
            _ => self.regulation().map(|_| StatutoryRule::D2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::assert_set;
    use rstest::rstest;

    #[test]
    fn the_sets_are_those_of_the_pages() {
        assert_set::<TransitionKind>(
            "EY_TO_SCHOOL, INFANT_TO_JUNIOR, PRIMARY_TO_MIDDLE, PRIMARY_TO_SECONDARY, \
             MIDDLE_TO_SECONDARY, SECONDARY_TO_POST16, POST16_TO_POST16, TO_APPRENTICESHIP, \
             TO_SUPPORTED_INTERNSHIP, TO_HE, TO_EMPLOYMENT, TO_ADULT_CARE, TO_EHE, NEET, UNKNOWN, \
             IN_YEAR_MOVE, AP_PLACEMENT, AP_RETURN, LA_MOVE",
        );
        assert_set::<PhaseTransferKind>("a, b, c, d, e, f");
        assert_set::<StatutoryRule>("D1, D2, D3, LA");
    }

    #[test]
    fn six_kinds_have_a_letter_and_it_leads_back() {
        let lettered = TransitionKind::ALL.iter().filter_map(|kind| kind.regulation());
        assert_eq!(lettered.collect::<Vec<_>>(), PhaseTransferKind::ALL);
    }

    #[rstest]
    #[case(TransitionKind::PrimaryToSecondary, false, Some(StatutoryRule::D2))]
    #[case(TransitionKind::EyToSchool, false, Some(StatutoryRule::D2))]
    #[case(TransitionKind::SecondaryToPost16, false, Some(StatutoryRule::D1))]
    #[case(TransitionKind::Post16ToPost16, true, Some(StatutoryRule::D3))]
    #[case(TransitionKind::ToApprenticeship, false, Some(StatutoryRule::D1))]
    #[case(TransitionKind::ToApprenticeship, true, Some(StatutoryRule::D3))]
    #[case(TransitionKind::LaMove, false, Some(StatutoryRule::La))]
    #[case(TransitionKind::ToHe, true, None)]
    #[case(TransitionKind::ApPlacement, false, None)]
    fn deadlines_of_the_page(
        #[case] kind: TransitionKind,
        #[case] from_post16: bool,
        #[case] rule: Option<StatutoryRule>,
    ) {
        assert_eq!(kind.rule(from_post16), rule);
    }
}
