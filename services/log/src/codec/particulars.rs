//! What each of the eleven kinds of transition carries beside the settings left and entered.

use onward_domain::codes::kind::TransitionKind;
use onward_domain::codes::placement::{ApDestination, ApDestinationCode};
use onward_domain::learner::Setting;
use onward_domain::numbers::Urn;
use onward_domain::transition::{
    AdultCare, AlternativeProvision, ApprenticeshipStart, ElectiveHomeEducation, Employment,
    HigherEducationEntry, InYearMove, LocalAuthorityMove, NotInEducation, PhaseTransfer,
    Post16Move,
};

use super::detail::Particulars;
use super::person::read_part;
use super::spelling::Spelled;
use super::value::{
    Read, code, day, id, narrow, narrow_optional, optional_code, optional_day, planned, read_code,
    read_day, read_optional_code, read_optional_day, read_optional_id, read_planned,
};
use super::{DecodeError, Wire, wire};

/// A setting that the kind always has.
fn known(setting: Option<Setting>) -> Read<Setting> {
    setting.ok_or(DecodeError::Malformed)
}

/// The two settings of a kind, by the names of its fields; `-` where it has none.
macro_rules! settings {
    ($left:tt $entered:tt) => {
        fn left(&self) -> Option<&Setting> {
            settings!(@one self $left)
        }

        fn entered(&self) -> Option<&Setting> {
            settings!(@one self $entered)
        }
    };
    (@one $kind:ident -) => { { let _ = $kind; None } };
    (@one $kind:ident (maybe $field:ident)) => { $kind.$field.as_ref() };
    (@one $kind:ident $field:ident) => { Some(&$kind.$field) };
}

impl Particulars for PhaseTransfer {
    type Message = wire::PhaseTransfer;

    settings!(from (maybe to));

    fn write(&self) -> Self::Message {
        let Self { from: _, to: _, nc_year, planned: date, basis } = self;
        wire::PhaseTransfer {
            nc_year: optional_code(*nc_year),
            planned: planned(*date),
            basis: basis.spell(),
        }
    }

    fn read(message: Self::Message, left: Option<Setting>, entered: Option<Setting>) -> Read<Self> {
        Ok(Self {
            from: known(left)?,
            to: entered,
            nc_year: read_optional_code(&message.nc_year)?,
            planned: read_planned(message.planned)?,
            basis: Spelled::unspell(&message.basis)?,
        })
    }
}

impl Particulars for Post16Move {
    type Message = wire::Post16Move;

    settings!(from (maybe to));

    fn write(&self) -> Self::Message {
        let Self { from: _, to: _, kind, programme, planned: date, offer } = self;
        wire::Post16Move {
            kind: kind.spell(),
            programme: programme.clone(),
            planned: planned(*date),
            offer: offer.spell(),
        }
    }

    fn read(message: Self::Message, left: Option<Setting>, entered: Option<Setting>) -> Read<Self> {
        Ok(Self {
            from: known(left)?,
            to: entered,
            kind: Spelled::unspell(&message.kind)?,
            programme: message.programme,
            planned: read_planned(message.planned)?,
            offer: Spelled::unspell(&message.offer)?,
        })
    }
}

impl Particulars for ApprenticeshipStart {
    type Message = wire::ApprenticeshipStart;

    settings!(from provider);

    fn write(&self) -> Self::Message {
        let Self { from: _, provider: _, employer_ref, standard_code, level, .. } = self;
        let Self { start, planned_end, learning_support_need, evidence, .. } = self;
        wire::ApprenticeshipStart {
            employer_ref: employer_ref.clone(),
            standard_code: standard_code.clone(),
            level: u32::from(*level),
            start: day(*start),
            planned_end: optional_day(*planned_end),
            learning_support_need: *learning_support_need,
            evidence: evidence.clone(),
        }
    }

    fn read(message: Self::Message, left: Option<Setting>, entered: Option<Setting>) -> Read<Self> {
        Ok(Self {
            from: known(left)?,
            provider: known(entered)?,
            employer_ref: message.employer_ref,
            standard_code: message.standard_code,
            level: narrow(message.level)?,
            start: read_day(message.start)?,
            planned_end: read_optional_day(message.planned_end)?,
            learning_support_need: message.learning_support_need,
            evidence: message.evidence,
        })
    }
}

impl Particulars for HigherEducationEntry {
    type Message = wire::HigherEducationEntry;

    settings!(from provider);

    fn write(&self) -> Self::Message {
        let Self { from: _, provider: _, course, start, academic_year, plan_end, dsa_case } = self;
        wire::HigherEducationEntry {
            course: course.clone(),
            start: day(*start),
            academic_year: academic_year.clone(),
            plan_end: optional_day(*plan_end),
            dsa_case_id: id(*dsa_case),
        }
    }

    fn read(message: Self::Message, left: Option<Setting>, entered: Option<Setting>) -> Read<Self> {
        Ok(Self {
            from: known(left)?,
            provider: known(entered)?,
            course: message.course,
            start: read_day(message.start)?,
            academic_year: message.academic_year,
            plan_end: read_optional_day(message.plan_end)?,
            dsa_case: read_optional_id(&message.dsa_case_id)?,
        })
    }
}

impl Particulars for AlternativeProvision {
    type Message = wire::AlternativeProvision;

    settings!(from to);

    fn write(&self) -> Self::Message {
        let Self { from: _, to: _, tier, start, planned_end, destination, review_dates } = self;
        wire::AlternativeProvision {
            tier: code(*tier),
            start: day(*start),
            planned_end: day(*planned_end),
            destination: Some(destination.write()),
            review_dates: review_dates.iter().copied().filter_map(day).collect(),
        }
    }

    fn read(message: Self::Message, left: Option<Setting>, entered: Option<Setting>) -> Read<Self> {
        let reviews = message.review_dates.into_iter().map(|date| read_day(Some(date)));
        Ok(Self {
            from: known(left)?,
            to: known(entered)?,
            tier: read_code(&message.tier)?,
            start: read_day(message.start)?,
            planned_end: read_day(message.planned_end)?,
            destination: read_part(message.destination)?,
            review_dates: reviews.collect::<Read<_>>()?,
        })
    }
}

impl Wire for ApDestination {
    type Message = wire::ApDestination;

    fn write(&self) -> Self::Message {
        let particular = match self {
            Self::OwnSchool => String::new(),
            Self::ReturnSchool(urn) | Self::NewSchool(urn) => urn.as_str().to_owned(),
            Self::Post16(kind) => code(*kind),
        };
        wire::ApDestination { kind: code(self.code()), particular }
    }

    fn read(message: Self::Message) -> Read<Self> {
        let urn = || Urn::parse(&message.particular).map_err(|_| DecodeError::Malformed);
        Ok(match read_code(&message.kind)? {
            ApDestinationCode::OwnSchool => Self::OwnSchool,
            ApDestinationCode::ReturnSchool => Self::ReturnSchool(urn()?),
            ApDestinationCode::NewSchool => Self::NewSchool(urn()?),
            ApDestinationCode::Post16 => {
                Self::Post16(read_code::<TransitionKind>(&message.particular)?)
            }
        })
    }
}

impl Particulars for LocalAuthorityMove {
    type Message = wire::LocalAuthorityMove;

    settings!(- (maybe to));

    fn write(&self) -> Self::Message {
        let Self { from_la, to_la, planned: date, to: _ } = self;
        wire::LocalAuthorityMove {
            from_la: from_la.clone(),
            to_la: to_la.clone(),
            planned: planned(*date),
        }
    }

    fn read(message: Self::Message, _: Option<Setting>, entered: Option<Setting>) -> Read<Self> {
        Ok(Self {
            from_la: message.from_la,
            to_la: message.to_la,
            planned: read_planned(message.planned)?,
            to: entered,
        })
    }
}

impl Particulars for InYearMove {
    type Message = wire::InYearMove;

    settings!(from (maybe to));

    fn write(&self) -> Self::Message {
        let Self { from: _, to: _, planned: date, nc_year } = self;
        wire::InYearMove { planned: planned(*date), nc_year: optional_code(*nc_year) }
    }

    fn read(message: Self::Message, left: Option<Setting>, entered: Option<Setting>) -> Read<Self> {
        Ok(Self {
            from: known(left)?,
            to: entered,
            planned: read_planned(message.planned)?,
            nc_year: read_optional_code(&message.nc_year)?,
        })
    }
}

impl Particulars for Employment {
    type Message = wire::Employment;

    settings!(from -);

    fn write(&self) -> Self::Message {
        let Self { from: _, employer_ref, planned: date, hours_per_week } = self;
        wire::Employment {
            employer_ref: employer_ref.clone(),
            planned: planned(*date),
            hours_per_week: hours_per_week.map(u32::from),
        }
    }

    fn read(message: Self::Message, left: Option<Setting>, _: Option<Setting>) -> Read<Self> {
        Ok(Self {
            from: known(left)?,
            employer_ref: message.employer_ref,
            planned: read_planned(message.planned)?,
            hours_per_week: narrow_optional(message.hours_per_week)?,
        })
    }
}

impl Particulars for AdultCare {
    type Message = wire::AdultCare;

    settings!(from -);

    fn write(&self) -> Self::Message {
        let Self { from: _, authority, planned: date } = self;
        wire::AdultCare { authority: authority.clone(), planned: planned(*date) }
    }

    fn read(message: Self::Message, left: Option<Setting>, _: Option<Setting>) -> Read<Self> {
        Ok(Self {
            from: known(left)?,
            authority: message.authority,
            planned: read_planned(message.planned)?,
        })
    }
}

impl Particulars for ElectiveHomeEducation {
    type Message = wire::ElectiveHomeEducation;

    settings!(from -);

    fn write(&self) -> Self::Message {
        let Self { from: _, planned: date } = self;
        wire::ElectiveHomeEducation { planned: planned(*date) }
    }

    fn read(message: Self::Message, left: Option<Setting>, _: Option<Setting>) -> Read<Self> {
        Ok(Self { from: known(left)?, planned: read_planned(message.planned)? })
    }
}

impl Particulars for NotInEducation {
    type Message = wire::NotInEducation;

    settings!(from -);

    fn write(&self) -> Self::Message {
        let Self { from: _, planned: date, activity_code } = self;
        wire::NotInEducation { planned: planned(*date), activity_code: activity_code.clone() }
    }

    fn read(message: Self::Message, left: Option<Setting>, _: Option<Setting>) -> Read<Self> {
        Ok(Self {
            from: known(left)?,
            planned: read_planned(message.planned)?,
            activity_code: message.activity_code,
        })
    }
}
