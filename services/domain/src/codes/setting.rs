//! Organisations and settings: their kinds, phases, and how a learner is enrolled at one.

closed_codes! {
    /// Kind of organisation.
    pub enum OrganisationKind("organisation kind") {
        /// School.
        School = "SCHOOL",
        /// Nursery, pre-school, childminder.
        EarlyYears = "EARLY_YEARS",
        /// Further education, sixth-form or specialist college.
        College = "COLLEGE",
        /// Training provider, apprenticeships included.
        TrainingProvider = "TRAINING_PROVIDER",
        /// Alternative provider.
        AlternativeProvider = "ALTERNATIVE_PROVIDER",
        /// Secure setting.
        SecureSetting = "SECURE_SETTING",
        /// University.
        University = "UNIVERSITY",
        /// Assessor for Disabled Students' Allowance.
        DsaAssessor = "DSA_ASSESSOR",
        /// Local authority.
        LocalAuthority = "LOCAL_AUTHORITY",
        /// Trust of several schools.
        Trust = "TRUST",
        /// Integrated care board.
        Icb = "ICB",
        /// ELSEC pathfinder team.
        Pathfinder = "PATHFINDER",
        /// NHS provider.
        NhsProvider = "NHS_PROVIDER",
        /// Who runs the installation.
        Operator = "OPERATOR",
        /// Any other.
        Other = "OTHER",
    }
}

closed_codes! {
    /// Phase of education by its name: the numbers differ between services, so the name is stored.
    pub enum Phase("phase of education") {
        /// Not applicable.
        NotApplicable = "Not applicable",
        /// Nursery.
        Nursery = "Nursery",
        /// Primary.
        Primary = "Primary",
        /// Middle deemed primary.
        MiddleDeemedPrimary = "Middle deemed primary",
        /// Secondary.
        Secondary = "Secondary",
        /// Middle deemed secondary.
        MiddleDeemedSecondary = "Middle deemed secondary",
        /// 16 plus.
        SixteenPlus = "16 plus",
        /// All-through.
        AllThrough = "All-through",
    }
}

closed_codes! {
    /// How a learner is on a setting's roll.
    pub enum EnrolmentKind("enrolment kind") {
        /// Main registration.
        Main = "MAIN",
        /// Second registration.
        Subsidiary = "SUBSIDIARY",
        /// Guest.
        Guest = "GUEST",
        /// Part time.
        PartTime = "PART_TIME",
        /// Educated at home.
        HomeEducated = "HOME_EDUCATED",
        /// Away (travelling, hospital, custody), with an expected return.
        Away = "AWAY",
    }
}

impl Phase {
    /// Place in one public extract that numbers the phases 0 to 7.
    pub fn number(self) -> u8 {
        let place = Self::ALL.iter().position(|phase| *phase == self).unwrap_or_default();
        u8::try_from(place).unwrap_or_default()
    }

    /// Reads a name without regard to case, or the number of that extract.
    ///
    /// # Errors
    /// [`UnknownCode`](crate::codes::UnknownCode) for any other text.
    pub fn read(raw: &str) -> Result<Self, super::UnknownCode> {
        let cleaned = raw.trim();
        let found = Self::ALL.iter().copied().find(|phase| {
            phase.as_str().eq_ignore_ascii_case(cleaned) || phase.number().to_string() == cleaned
        });
        found.ok_or(super::UnknownCode { set: "phase of education" })
    }
}

impl OrganisationKind {
    /// Whether learners are enrolled there.
    pub const fn is_setting(self) -> bool {
        matches!(
            self,
            Self::School
                | Self::EarlyYears
                | Self::College
                | Self::TrainingProvider
                | Self::AlternativeProvider
                | Self::SecureSetting
                | Self::University
        )
    }

    /// Whether it is a body of the health service, which may hold NHS numbers.
    pub const fn is_health(self) -> bool {
        matches!(self, Self::Icb | Self::Pathfinder | Self::NhsProvider)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::assert_set;

    #[test]
    fn the_sets_are_those_of_the_pages() {
        assert_set::<OrganisationKind>(
            "SCHOOL, EARLY_YEARS, COLLEGE, TRAINING_PROVIDER, ALTERNATIVE_PROVIDER, SECURE_SETTING, \
             UNIVERSITY, DSA_ASSESSOR, LOCAL_AUTHORITY, TRUST, ICB, PATHFINDER, NHS_PROVIDER, \
             OPERATOR, OTHER",
        );
        assert_set::<Phase>(
            "Not applicable, Nursery, Primary, Middle deemed primary, Secondary, \
             Middle deemed secondary, 16 plus, All-through",
        );
        assert_set::<EnrolmentKind>("MAIN, SUBSIDIARY, GUEST, PART_TIME, HOME_EDUCATED, AWAY");
    }

    #[test]
    fn a_phase_is_read_by_name_or_number() {
        assert_eq!(Phase::read("16 PLUS "), Ok(Phase::SixteenPlus));
        assert_eq!(Phase::read("7"), Ok(Phase::AllThrough));
        assert_eq!(Phase::NotApplicable.number(), 0);
        assert!(Phase::read("8").is_err() && Phase::read("").is_err());
    }

    #[test]
    fn seven_kinds_enrol_learners_and_three_are_health() {
        assert_eq!(OrganisationKind::ALL.iter().filter(|kind| kind.is_setting()).count(), 7);
        assert_eq!(OrganisationKind::ALL.iter().filter(|kind| kind.is_health()).count(), 3);
    }
}
