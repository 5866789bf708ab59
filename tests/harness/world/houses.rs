//! The organisations that every world has: two of some kinds, one of each other, and strangers.

use onward_contract::access::v1::OrganisationKind as Kind;
use onward_contract::directory::v1 as wire;
use onward_contract::directory::v1::Phase;

use crate::builders::{date, request_id};

/// An organisation of the stories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum House {
    /// A primary school in Barnet.
    Primary,
    /// A secondary school in Barnet.
    Secondary,
    /// A secondary school in Barnet that has nothing to do with anything.
    Stranger,
    /// A nursery in Bradford.
    Nursery,
    /// A nursery in Westminster, which no pathfinder holds.
    NurseryOutside,
    /// A college.
    College,
    /// A provider of apprenticeships.
    Training,
    /// A university.
    University,
    /// Alternative provision.
    AlternativeProvision,
    /// A secure setting.
    Secure,
    /// An assessor of needs for Disabled Students' Allowance.
    Assessor,
    /// The authority of most learners.
    Barnet,
    /// Another authority.
    Bradford,
    /// An academy trust.
    Trust,
    /// The board of Barnet.
    Board,
    /// The team of `elsec-london`.
    London,
    /// The team of `elsec-yorkshire-humber`.
    Yorkshire,
    /// A provider of therapy.
    Therapy,
    /// An employer.
    Employer,
}

impl House {
    /// Every one.
    pub const ALL: [Self; 19] = [
        Self::Primary,
        Self::Secondary,
        Self::Stranger,
        Self::Nursery,
        Self::NurseryOutside,
        Self::College,
        Self::Training,
        Self::University,
        Self::AlternativeProvision,
        Self::Secure,
        Self::Assessor,
        Self::Barnet,
        Self::Bradford,
        Self::Trust,
        Self::Board,
        Self::London,
        Self::Yorkshire,
        Self::Therapy,
        Self::Employer,
    ];

    /// What it is.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Primary | Self::Secondary | Self::Stranger => Kind::School,
            Self::Nursery | Self::NurseryOutside => Kind::EarlyYears,
            Self::College => Kind::College,
            Self::Training => Kind::TrainingProvider,
            Self::University => Kind::University,
            Self::AlternativeProvision => Kind::AlternativeProvider,
            Self::Secure => Kind::SecureSetting,
            Self::Assessor => Kind::DsaAssessor,
            Self::Barnet | Self::Bradford => Kind::LocalAuthority,
            Self::Trust => Kind::Trust,
            Self::Board => Kind::Icb,
            Self::London | Self::Yorkshire => Kind::Pathfinder,
            Self::Therapy => Kind::NhsProvider,
            Self::Employer => Kind::Other,
        }
    }

    /// Its URN, early-years URN or UKPRN, by which files and moves name it.
    pub const fn number(self) -> &'static str {
        match self {
            Self::Primary => "199901",
            Self::Secondary => "199902",
            Self::Stranger => "199909",
            Self::Nursery => "EY999902",
            Self::NurseryOutside => "EY999903",
            Self::College => "199903",
            Self::Training => "19999004",
            Self::University => "19999005",
            Self::AlternativeProvision => "199906",
            Self::Secure => "199907",
            Self::Assessor => "19999006",
            Self::Trust => "19999007",
            _ => "",
        }
    }

    /// The key of a pathfinder's queue.
    pub const fn queue(self) -> &'static str {
        match self {
            Self::London => "elsec-london",
            Self::Yorkshire => "elsec-yorkshire-humber",
            _ => "",
        }
    }

    /// Its name.
    pub fn name(self) -> String {
        format!("{self:?} (test)")
    }

    const fn phase(self) -> Phase {
        match self {
            Self::Primary => Phase::Primary,
            Self::Secondary | Self::Stranger => Phase::Secondary,
            Self::Nursery | Self::NurseryOutside => Phase::Nursery,
            Self::College => Phase::SixteenPlus,
            Self::AlternativeProvision | Self::Secure => Phase::NotApplicable,
            _ => Phase::Unspecified,
        }
    }

    fn identifiers(self) -> wire::OrganisationIdentifiers {
        let number = self.number().to_owned();
        let mut identifiers = wire::OrganisationIdentifiers {
            pathfinder_key: self.queue().to_owned(),
            ..Default::default()
        };
        match number.len() {
            6 => identifiers.urn = number,
            8 if number.starts_with("EY") => identifiers.ey_urn = number,
            _ => identifiers.ukprn = number,
        }
        match self {
            Self::Nursery | Self::Bradford | Self::Yorkshire => "380",
            Self::NurseryOutside => "213",
            Self::Board | Self::Employer => "",
            _ => "302",
        }
        .clone_into(&mut identifiers.la_code);
        match self {
            Self::Board => "Z9B2Z",
            Self::Therapy => "X99Z1",
            _ => "",
        }
        .clone_into(&mut identifiers.ods_code);
        identifiers
    }

    /// Asks to register it.
    pub fn register(self) -> wire::RegisterOrganisationRequest {
        let ages = match self {
            Self::Primary => Some((4, 11)),
            Self::Secondary | Self::Stranger => Some((11, 18)),
            Self::Nursery | Self::NurseryOutside => Some((2, 5)),
            _ => None,
        };
        wire::RegisterOrganisationRequest {
            request_id: request_id(),
            kind: self.kind().into(),
            name: self.name(),
            identifiers: Some(self.identifiers()),
            phase: self.phase().into(),
            low_age: ages.map(|(low, _)| low),
            high_age: ages.map(|(_, high)| high),
            open_from: Some(date(2012, 9, 1)),
            holiday_contact: "Office 020 7946 0012".to_owned(),
            ..Default::default()
        }
    }
}
