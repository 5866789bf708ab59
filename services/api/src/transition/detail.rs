//! What a move carries: from the request to the facts' types, with its settings looked up.

use onward_contract::directory::v1::SettingRef;
use onward_contract::reason;
use onward_contract::receipt::v1::Warning;
use onward_contract::transition::v1 as wire;
use onward_contract::transition::v1::alternative_provision_destination::Destination as Leads;
use onward_contract::transition::v1::transition_detail::Detail as Carried;
use onward_domain::codes::placement::{ApDestination, ApTier};
use onward_domain::codes::setting::OrganisationKind;
use onward_domain::decider::Refusal;
use onward_domain::ids::DsaCaseId;
use onward_domain::learner::Setting;
use onward_domain::numbers::Urn;
use onward_domain::organisation::OrganisationNumberKind;
use onward_domain::routing::SettingPhase;
use onward_domain::transition::{
    AdultCare, AlternativeProvision, ApprenticeshipStart, Detail, ElectiveHomeEducation,
    Employment, HigherEducationEntry, InYearMove, LocalAuthorityMove, NotInEducation,
    PhaseTransfer, Post16Move, SettingsKnown,
};

use crate::Doors;
use crate::settings::Resolved;
use crate::status::Failure;
use crate::wire::learner::{la_code, warning, year};
use crate::wire::transition::{basis, offer, planned, post16, post16_leads_to};
use crate::wire::{code, date, text};

/// What a move carries, and the settings in it.
pub(super) struct Read {
    pub(super) detail: Detail,
    pub(super) from: Option<Resolved>,
    pub(super) to: Option<Resolved>,
    /// The field of the setting left, and of the setting entered.
    fields: (String, String),
}

impl Read {
    /// What the directory knows of the two settings.
    pub(super) fn known(&self) -> SettingsKnown {
        let of = |resolved: &Option<Resolved>| {
            resolved.as_ref().and_then(|resolved| resolved.registered.clone())
        };
        let (from, to) = (of(&self.from), of(&self.to));
        let phase = |registered: &onward_domain::organisation::OrganisationRegistered| {
            let (low, high) = (registered.low_age, registered.high_age);
            SettingPhase::of_organisation(registered.kind, registered.phase, low, high)
        };
        let same = self.from.as_ref().zip(self.to.as_ref());
        SettingsKnown {
            from: from.as_deref().and_then(phase),
            to: to.as_deref().and_then(phase),
            from_alternative_provider: from
                .is_some_and(|from| from.kind == OrganisationKind::AlternativeProvider),
            same_urn: same.is_some_and(|(from, to)| from.setting.is_same_as(&to.setting)),
            ..SettingsKnown::default()
        }
    }

    /// Settings that the directory does not know.
    pub(super) fn warnings(&self) -> Vec<Warning> {
        let message = "the directory does not know this setting; it is kept as it was said";
        let both = [(&self.from, &self.fields.0), (&self.to, &self.fields.1)];
        both.into_iter()
            .filter(|(resolved, _)| resolved.as_ref().is_some_and(|r| r.organisation().is_none()))
            .map(|(_, field)| warning(field, reason::UNKNOWN_SETTING, message))
            .collect()
    }
}

/// Looks a setting up, and keeps under which field it was said.
struct Places<'a> {
    doors: &'a Doors,
    member: &'static str,
    read: (Option<Resolved>, Option<Resolved>),
    fields: (String, String),
}

impl<'a> Places<'a> {
    fn of(doors: &'a Doors, member: &'static str) -> Self {
        Self { doors, member, read: (None, None), fields: Default::default() }
    }

    async fn from(&mut self, said: Option<&SettingRef>, needed: bool) -> Result<Setting, Failure> {
        let field = format!("{}.from", self.member);
        let found = self.doors.setting(&field, said).await?;
        if needed && found.is_none() {
            return Err(Refusal::field(field, "must be given").into());
        }
        self.fields.0 = field;
        let setting = found.as_ref().map(|found| found.setting.clone()).unwrap_or_default();
        self.read.0 = found;
        Ok(setting)
    }

    async fn to(
        &mut self,
        name: &str,
        said: Option<&SettingRef>,
    ) -> Result<Option<Setting>, Failure> {
        let field = format!("{}.{name}", self.member);
        let found = self.doors.setting(&field, said).await?;
        self.fields.1 = field;
        let setting = found.as_ref().map(|found| found.setting.clone());
        self.read.1 = found;
        Ok(setting)
    }

    async fn needed(&mut self, name: &str, said: Option<&SettingRef>) -> Result<Setting, Failure> {
        let found = self.to(name, said).await?;
        let field = format!("{}.{name}", self.member);
        found.ok_or_else(|| Refusal::field(field, "must be given").into())
    }

    fn at(&self, name: &str) -> String {
        format!("{}.{name}", self.member)
    }

    fn done(self, detail: Detail) -> Read {
        let (from, to) = self.read;
        Read { detail, from, to, fields: self.fields }
    }
}

/// Reads what a move carries. `dsa_case` is the case that an entry to higher education opens, or has.
pub(super) async fn read(
    doors: &Doors,
    carried: &Carried,
    dsa_case: Option<DsaCaseId>,
) -> Result<Read, Failure> {
    match carried {
        Carried::PhaseTransfer(of) => phase_transfer(doors, of).await,
        Carried::Post16Move(of) => post16_move(doors, of).await,
        Carried::ApprenticeshipStart(of) => apprenticeship(doors, of).await,
        Carried::HigherEducationEntry(of) => higher_education(doors, of, dsa_case).await,
        Carried::AlternativeProvision(of) => alternative_provision(doors, of).await,
        Carried::LocalAuthorityMove(of) => local_authority_move(doors, of).await,
        Carried::InYearMove(of) => in_year_move(doors, of).await,
        Carried::Employment(of) => employment(doors, of).await,
        Carried::AdultCare(of) => adult_care(doors, of).await,
        Carried::ElectiveHomeEducation(of) => home_education(doors, of).await,
        Carried::NotInEducation(of) => not_in_education(doors, of).await,
    }
}

async fn phase_transfer(doors: &Doors, of: &wire::PhaseTransfer) -> Result<Read, Failure> {
    let mut places = Places::of(doors, "phase_transfer");
    let detail = PhaseTransfer {
        from: places.from(of.from.as_ref(), true).await?,
        to: places.to("to", of.to.as_ref()).await?,
        nc_year: year(&places.at("year_group"), &of.year_group)?,
        planned: planned(&places.at("planned"), of.planned.as_ref())?,
        basis: basis(&places.at("basis"), of.basis)?,
    };
    Ok(places.done(Detail::PhaseTransfer(detail)))
}

async fn post16_move(doors: &Doors, of: &wire::Post16Move) -> Result<Read, Failure> {
    let mut places = Places::of(doors, "post16_move");
    let detail = Post16Move {
        from: places.from(of.from.as_ref(), true).await?,
        to: places.to("to", of.to.as_ref()).await?,
        kind: post16(&places.at("destination"), of.destination)?,
        programme: text(&of.programme),
        planned: planned(&places.at("planned"), of.planned.as_ref())?,
        offer: offer(&places.at("offer_status"), of.offer_status)?,
    };
    Ok(places.done(Detail::Post16Move(detail)))
}

async fn apprenticeship(doors: &Doors, of: &wire::ApprenticeshipStart) -> Result<Read, Failure> {
    let mut places = Places::of(doors, "apprenticeship_start");
    let level = u8::try_from(of.level);
    let level = level.map_err(|_| Refusal::field(places.at("level"), "is not between 2 and 7"))?;
    let detail = ApprenticeshipStart {
        from: places.from(of.from.as_ref(), false).await?,
        provider: places.needed("provider", of.provider.as_ref()).await?,
        employer_ref: text(&of.employer_reference),
        standard_code: of.standard_code.trim().to_owned(),
        level,
        start: date::required(&places.at("start"), of.start.as_ref())?,
        planned_end: date::optional(&places.at("planned_end"), of.planned_end.as_ref())?,
        learning_support_need: of.learning_support_need,
        evidence: text(&of.evidence),
    };
    Ok(places.done(Detail::ApprenticeshipStart(detail)))
}

async fn higher_education(
    doors: &Doors,
    of: &wire::HigherEducationEntry,
    dsa_case: Option<DsaCaseId>,
) -> Result<Read, Failure> {
    let mut places = Places::of(doors, "higher_education_entry");
    let detail = HigherEducationEntry {
        from: places.from(of.from.as_ref(), false).await?,
        provider: places.needed("provider", of.provider.as_ref()).await?,
        course: of.course.trim().to_owned(),
        start: date::required(&places.at("start"), of.start.as_ref())?,
        academic_year: of.academic_year.clone(),
        plan_end: date::optional(&places.at("plan_end"), of.plan_end.as_ref())?,
        dsa_case,
    };
    Ok(places.done(Detail::HigherEducationEntry(detail)))
}

async fn alternative_provision(
    doors: &Doors,
    of: &wire::AlternativeProvision,
) -> Result<Read, Failure> {
    let mut places = Places::of(doors, "alternative_provision");
    let from = places.from(of.from.as_ref(), true).await?;
    let to = places.needed("setting", of.setting.as_ref()).await?;
    let tier = places.at("tier");
    let tier = code::parse::<wire::AlternativeProvisionTier, ApTier>(&tier, of.tier)?;
    let leads = places.at("destination");
    let destination = of.destination.as_ref().and_then(|said| said.destination.as_ref());
    let destination = destination.ok_or_else(|| Refusal::field(&leads, "must be given"))?;
    let destination = leads_to(doors, &leads, destination).await?;
    if !destination.fits(tier) {
        return Err(Refusal::field(leads, "of tier 1 is the learner's own school").into());
    }
    let mut review_dates = Vec::with_capacity(of.review_dates.len());
    for (index, day) in of.review_dates.iter().enumerate() {
        let field = places.at(&format!("review_dates[{index}]"));
        review_dates.push(date::required(&field, Some(day))?);
    }
    let detail = AlternativeProvision {
        from,
        to,
        tier,
        start: date::required(&places.at("start"), of.start.as_ref())?,
        planned_end: date::required(&places.at("planned_end"), of.planned_end.as_ref())?,
        destination,
        review_dates,
    };
    Ok(places.done(Detail::AlternativeProvision(detail)))
}

async fn leads_to(doors: &Doors, field: &str, said: &Leads) -> Result<ApDestination, Failure> {
    Ok(match said {
        Leads::OwnSchool(_) => ApDestination::OwnSchool,
        Leads::ReturnSchool(school) => {
            let field = format!("{field}.return_school");
            ApDestination::ReturnSchool(urn(doors, &field, school).await?)
        }
        Leads::NewSchool(school) => {
            let field = format!("{field}.new_school");
            ApDestination::NewSchool(urn(doors, &field, school).await?)
        }
        Leads::Post16(kind) => {
            let kind = post16(&format!("{field}.post16"), *kind)?;
            ApDestination::Post16(post16_leads_to(kind))
        }
    })
}

/// A school that a placement leads to is kept by its URN.
async fn urn(doors: &Doors, field: &str, said: &SettingRef) -> Result<Urn, Failure> {
    let resolved = doors.required_setting(field, Some(said)).await?;
    let registered = resolved.registered.as_ref().and_then(|registered| {
        let numbers = registered.numbers.iter();
        let urn = |kind| kind == OrganisationNumberKind::Urn;
        numbers.filter(|number| urn(number.kind)).map(|number| number.value.clone()).next()
    });
    let value = registered.or(resolved.setting.number).unwrap_or_default();
    let fault = |_| Refusal::field(field, "must be a school with a URN");
    Ok(Urn::parse(&value).map_err(fault)?)
}

async fn local_authority_move(
    doors: &Doors,
    of: &wire::LocalAuthorityMove,
) -> Result<Read, Failure> {
    let mut places = Places::of(doors, "local_authority_move");
    let detail = LocalAuthorityMove {
        from_la: authority(&places.at("from_la_code"), &of.from_la_code)?,
        to_la: authority(&places.at("to_la_code"), &of.to_la_code)?,
        planned: planned(&places.at("planned"), of.planned.as_ref())?,
        to: places.to("to", of.to.as_ref()).await?,
    };
    Ok(places.done(Detail::LocalAuthorityMove(detail)))
}

fn authority(field: &str, code: &str) -> Result<String, Refusal> {
    la_code(field, code)?.ok_or_else(|| Refusal::field(field, "must be given"))
}

async fn in_year_move(doors: &Doors, of: &wire::InYearMove) -> Result<Read, Failure> {
    let mut places = Places::of(doors, "in_year_move");
    let detail = InYearMove {
        from: places.from(of.from.as_ref(), true).await?,
        to: places.to("to", of.to.as_ref()).await?,
        planned: planned(&places.at("planned"), of.planned.as_ref())?,
        nc_year: year(&places.at("year_group"), &of.year_group)?,
    };
    Ok(places.done(Detail::InYearMove(detail)))
}

async fn employment(doors: &Doors, of: &wire::Employment) -> Result<Read, Failure> {
    let mut places = Places::of(doors, "employment");
    let detail = Employment {
        from: places.from(of.from.as_ref(), false).await?,
        employer_ref: text(&of.employer_reference),
        planned: planned(&places.at("planned"), of.planned.as_ref())?,
        // 0 = not known.
        hours_per_week: u8::try_from(of.hours_per_week).ok().filter(|hours| *hours > 0),
    };
    Ok(places.done(Detail::Employment(detail)))
}

async fn adult_care(doors: &Doors, of: &wire::AdultCare) -> Result<Read, Failure> {
    let mut places = Places::of(doors, "adult_care");
    let detail = AdultCare {
        from: places.from(of.from.as_ref(), false).await?,
        authority: la_code(&places.at("la_code"), &of.la_code)?,
        planned: planned(&places.at("planned"), of.planned.as_ref())?,
    };
    Ok(places.done(Detail::AdultCare(detail)))
}

async fn home_education(doors: &Doors, of: &wire::ElectiveHomeEducation) -> Result<Read, Failure> {
    let mut places = Places::of(doors, "elective_home_education");
    let detail = ElectiveHomeEducation {
        from: places.from(of.from.as_ref(), true).await?,
        planned: planned(&places.at("planned"), of.planned.as_ref())?,
    };
    Ok(places.done(Detail::ElectiveHomeEducation(detail)))
}

async fn not_in_education(doors: &Doors, of: &wire::NotInEducation) -> Result<Read, Failure> {
    let mut places = Places::of(doors, "not_in_education");
    let detail = NotInEducation {
        from: places.from(of.from.as_ref(), false).await?,
        planned: planned(&places.at("planned"), of.planned.as_ref())?,
        activity_code: text(&of.activity_code),
    };
    Ok(places.done(Detail::NotInEducation(detail)))
}
