//! Records of learners.

use jiff::civil::Date;
use onward_contract::learner::v1 as wire;
use onward_contract::reason;
use onward_contract::receipt::v1::Warning;
use onward_domain::codes::need::NeedType;
use onward_domain::codes::provision::SenProvision;
use onward_domain::codes::setting::OrganisationKind;
use onward_domain::codes::year::NcYear;
use onward_domain::codes::{CodeSet, Open};
use onward_domain::decider::Refusal;
use onward_domain::ids::LearnerId;
use onward_domain::learner::{
    Enrolment, Identifier, LearnerNumberKind, LearnerState, LookedAfter, Person, RankedNeed,
    RecordSenProvision,
};
use onward_domain::numbers::{self, Flag, Kind};
use onward_domain::routing::Authority;

use super::code::wire_enums;
use super::{date, text};

wire_enums!(
    wire::IdentifierKind => "IDENTIFIER_KIND_",
    wire::IdentifierEndReason => "IDENTIFIER_END_REASON_",
    wire::EnrolmentKind => "ENROLMENT_KIND_",
);

/// What is shown in place of an address that nobody is shown.
pub const MASKED: &str = "***";

/// Kinds of number: as facts have them, as the contract has them, as they are checked.
const NUMBERS: [(LearnerNumberKind, wire::IdentifierKind, Kind); 5] = [
    (LearnerNumberKind::Upn, wire::IdentifierKind::Upn, Kind::Upn),
    (LearnerNumberKind::Uln, wire::IdentifierKind::Uln, Kind::Uln),
    (LearnerNumberKind::Nhs, wire::IdentifierKind::NhsNumber, Kind::Nhs),
    (LearnerNumberKind::Husid, wire::IdentifierKind::Husid, Kind::Husid),
    (LearnerNumberKind::Sid, wire::IdentifierKind::Sid, Kind::Sid),
];

/// The name of a kind of number in look-up keys.
pub fn kind_name(kind: LearnerNumberKind) -> &'static str {
    onward_log::look_up::keys::learner_kind(kind)
}

fn kind_number(kind: LearnerNumberKind) -> i32 {
    NUMBERS.iter().find(|(known, _, _)| *known == kind).map_or(0, |(_, wire, _)| *wire as i32)
}

/// The kind of number that a request names.
///
/// # Errors
/// Not one of the contract's; or an NHS number from an organisation outside health.
pub fn number_kind(
    field: &str,
    number: i32,
    caller: OrganisationKind,
) -> Result<LearnerNumberKind, Refusal> {
    let found = NUMBERS.iter().find(|(_, wire, _)| *wire as i32 == number);
    let (kind, _, _) =
        found.ok_or_else(|| Refusal::field(field, "must be one of the values of the contract"))?;
    if *kind == LearnerNumberKind::Nhs && !caller.is_health() {
        return Err(Refusal::Forbidden {
            reason: reason::KIND_NOT_ALLOWED,
            message: "NHS numbers are for organisations of the health service only".to_owned(),
        });
    }
    Ok(*kind)
}

/// A number, cleaned and checked.
///
/// # Errors
/// Not a number of its kind.
pub fn number(field: &str, kind: LearnerNumberKind, value: &str) -> Result<String, Refusal> {
    let check =
        NUMBERS.iter().find(|(known, _, _)| *known == kind).map_or(Kind::Upn, |known| known.2);
    let fault = |fault: numbers::Fault| Refusal::field(field, format!("is not a {check}: {fault}"));
    numbers::check(check, value).into_valid().map_err(fault)
}

/// An identifier that a request brings.
#[derive(Clone, PartialEq, Eq)]
pub struct Brought {
    /// Which register.
    pub kind: LearnerNumberKind,
    /// The cleaned number.
    pub value: String,
    /// An earlier number.
    pub former: bool,
    /// First day.
    pub from: Option<Date>,
}

/// The identifier of a request.
///
/// # Errors
/// A faulty field, by its path under `field`.
pub fn brought(
    field: &str,
    identifier: &wire::NewIdentifier,
    caller: OrganisationKind,
) -> Result<Brought, Refusal> {
    let kind = number_kind(&format!("{field}.kind"), identifier.kind, caller)?;
    Ok(Brought {
        kind,
        value: number(&format!("{field}.value"), kind, &identifier.value)?,
        former: identifier.former,
        from: date::optional(&format!("{field}.from"), identifier.from.as_ref())?,
    })
}

/// Who the learner is, and the organisation's own key.
///
/// # Errors
/// A faulty field.
pub fn person(
    details: &wire::LearnerDetails,
    looked_after: Option<&wire::LookedAfter>,
    sensitive: bool,
) -> Result<(Person, Option<String>), Refusal> {
    let birth = date::required("details.date_of_birth", details.date_of_birth.as_ref())?;
    let person = Person {
        surname: details.surname.trim().to_owned(),
        forename: details.forename.trim().to_owned(),
        known_as: text(&details.known_as),
        date_of_birth: birth,
        sex: sex(details.sex),
        postcode: text(&details.postcode),
        nc_year: year_said(&details.year_group),
        home_language: text(&details.home_language),
        looked_after: looked_after.map(in_care).transpose()?,
        sensitive,
    };
    Ok((person, text(&details.own_ref)))
}

/// The learner's year group as it was said; none for an empty text. What the list does not have is kept.
pub fn year_said(year: &str) -> Option<Open<NcYear>> {
    text(year).map(|year| NcYear::read_open(&year))
}

/// What should be looked at in a code that is held open.
pub fn of_open<C: CodeSet>(field: &str, code: Option<&Open<C>>) -> Option<Warning> {
    let unknown = code.is_some_and(|code| code.known().is_none());
    let message = "the list does not have this code; it is kept as it was said";
    unknown.then(|| warning(field, reason::UNKNOWN_CODE, message))
}

/// A curriculum year of a move, which rules go by; none for an empty text.
///
/// # Errors
/// Not a year.
pub fn year(field: &str, year: &str) -> Result<Option<NcYear>, Refusal> {
    let Some(year) = text(year) else { return Ok(None) };
    let fault = |_| Refusal::field(field, "is not a curriculum year");
    NcYear::parse(&year).map(Some).map_err(fault)
}

/// Whether the learner is looked after.
///
/// # Errors
/// An authority that is not known.
pub fn in_care(said: &wire::LookedAfter) -> Result<LookedAfter, Refusal> {
    let care_authority = la_code("looked_after.care_authority", &said.care_authority)?;
    Ok(LookedAfter { in_care: said.in_care, care_authority })
}

/// The code of an authority; none for an empty text.
///
/// # Errors
/// An authority that is not known.
pub fn la_code(field: &str, code: &str) -> Result<Option<String>, Refusal> {
    let Some(code) = text(code) else { return Ok(None) };
    match Authority::find(&code) {
        Some(_) => Ok(Some(code)),
        None => Err(Refusal::field(field, "is not the code of a local authority")),
    }
}

/// `F`, `M`, as transfer files have it.
pub fn sex(number: i32) -> Option<String> {
    let code = match wire::Sex::try_from(number).ok()? {
        wire::Sex::Unspecified => return None,
        wire::Sex::Female => "F",
        wire::Sex::Male => "M",
    };
    Some(code.to_owned())
}

fn sex_number(sex: Option<&str>) -> i32 {
    let sex = match sex {
        Some("F") => wire::Sex::Female,
        Some("M") => wire::Sex::Male,
        _ => wire::Sex::Unspecified,
    };
    sex as i32
}

/// Spells of provision, each once, and what should be looked at.
///
/// # Errors
/// A faulty field.
pub fn spells(
    field: &str,
    said: &[wire::SenProvision],
) -> Result<(Vec<RecordSenProvision>, Vec<Warning>), Refusal> {
    let mut spells: Vec<RecordSenProvision> = Vec::with_capacity(said.len());
    let mut warnings = Vec::new();
    for (index, spell) in said.iter().enumerate() {
        let at = |name: &str| format!("{field}[{index}].{name}");
        let provision = Open::<SenProvision>::read(&spell.provision_code);
        warnings.extend(of_open(&at("provision_code"), Some(&provision)));
        let start = date::required(&at("start"), spell.start.as_ref())?;
        let end = date::optional(&at("end"), spell.end.as_ref())?;
        // A file may say the same twice; one spell has one start and kind, and the later word counts.
        spells.retain(|known| (&known.provision, known.start) != (&provision, start));
        spells.push(RecordSenProvision { provision, start, end });
    }
    Ok((spells, warnings))
}

/// Ranked needs, and what should be looked at.
///
/// # Errors
/// A faulty field.
pub fn needs(
    field: &str,
    said: &[wire::Need],
    today: Date,
) -> Result<(Vec<RankedNeed>, Vec<Warning>), Refusal> {
    let (mut needs, mut warnings) = (Vec::with_capacity(said.len()), Vec::new());
    for (index, need) in said.iter().enumerate() {
        let at = |name: &str| format!("{field}[{index}].{name}");
        let rank = u8::try_from(need.rank)
            .map_err(|_| Refusal::field(at("rank"), "is not between 1 and 99"))?;
        let kind = NeedType::read(&need.code);
        if rank > 1 && kind.as_str() == "NSA" {
            return Err(Refusal::field(at("code"), "NSA can only be the primary need"));
        }
        warnings.extend(of_need(&at("code"), &kind, today));
        needs.push(RankedNeed {
            need: kind,
            rank,
            from: date::optional(&at("start"), need.start.as_ref())?,
            to: date::optional(&at("end"), need.end.as_ref())?,
        });
    }
    Ok((needs, warnings))
}

fn of_need(field: &str, need: &NeedType, today: Date) -> Option<Warning> {
    let (reason, message) = if need.row().is_none() {
        (
            reason::UNKNOWN_CODE,
            "the list of needs does not have this code; it is kept as it was said",
        )
    } else if !need.is_current(today) {
        (reason::ENDED_CODE, "this code of need is no longer in use; it is kept as it was said")
    } else {
        return None;
    };
    Some(warning(field, reason, message))
}

/// Something kept that a person should look at.
pub fn warning(field: &str, reason: &str, message: &str) -> Warning {
    Warning { field: field.to_owned(), reason: reason.to_owned(), message: message.to_owned() }
}

// === out

/// Just enough to recognise a learner; the own key only for its own organisation.
pub fn summary(id: LearnerId, state: &LearnerState, own: bool) -> wire::LearnerSummary {
    let details = state.details.as_ref().map(|details| &details.fact);
    let person = details.map(|details| &details.person);
    let current = |kind| {
        let held = state.current(kind);
        held.map(|held| held.added.fact.value.clone()).unwrap_or_default()
    };
    let own_ref = details.filter(|_| own).and_then(|details| details.own_ref.clone());
    wire::LearnerSummary {
        learner_id: id.to_string(),
        forename: person.map(|person| person.forename.clone()).unwrap_or_default(),
        surname: person.map(|person| person.surname.clone()).unwrap_or_default(),
        date_of_birth: person.map(|person| date::wire(person.date_of_birth)),
        year_group: person.map(year_text).unwrap_or_default(),
        upn: current(LearnerNumberKind::Upn),
        uln: current(LearnerNumberKind::Uln),
        own_ref: own_ref.unwrap_or_default(),
    }
}

/// A learner's curriculum year as the contract spells it; empty where it is not known.
pub fn year_text(person: &Person) -> String {
    person.nc_year.as_ref().map_or_else(String::new, |year| year.as_str().to_owned())
}

/// Who the learner is. The address of a sensitive record is masked.
pub fn details(person: &Person, own_ref: Option<&str>) -> wire::LearnerDetails {
    let postcode = match &person.postcode {
        Some(_) if person.sensitive => MASKED.to_owned(),
        postcode => postcode.clone().unwrap_or_default(),
    };
    wire::LearnerDetails {
        forename: person.forename.clone(),
        surname: person.surname.clone(),
        known_as: person.known_as.clone().unwrap_or_default(),
        date_of_birth: Some(date::wire(person.date_of_birth)),
        sex: sex_number(person.sex.as_deref()),
        postcode,
        year_group: year_text(person),
        own_ref: own_ref.unwrap_or_default().to_owned(),
        home_language: person.home_language.clone().unwrap_or_default(),
    }
}

/// An identifier; an NHS number is masked but for organisations of the health service.
pub fn identifier(held: &Identifier, caller: OrganisationKind) -> wire::Identifier {
    let fact = &held.added.fact;
    let masked = fact.kind == LearnerNumberKind::Nhs && !caller.is_health();
    let ended = held.ended.as_ref().map(|ended| ended.fact.reason);
    let upn = fact.kind == LearnerNumberKind::Upn;
    wire::Identifier {
        kind: kind_number(fact.kind),
        value: if masked { mask(&fact.value) } else { fact.value.clone() },
        former: held.stands() == onward_domain::learner::IdentifierState::Alias,
        temporary: upn && numbers::check(Kind::Upn, &fact.value).has(Flag::Temporary),
        from: fact.from.map(date::wire),
        end_reason: ended.map_or(0, super::code::number::<wire::IdentifierEndReason, _>),
    }
}

fn mask(number: &str) -> String {
    let hidden = number.chars().count().saturating_sub(4);
    number.chars().enumerate().map(|(at, c)| if at < hidden { '*' } else { c }).collect()
}

/// Provision over time, oldest first.
pub fn provisions(state: &LearnerState) -> Vec<wire::SenProvision> {
    let mut spells: Vec<_> = state.provision.iter().map(|spell| &spell.fact).collect();
    spells.sort_by(|one, other| (one.start, &one.provision).cmp(&(other.start, &other.provision)));
    let spells = spells.into_iter();
    spells
        .map(|spell| wire::SenProvision {
            provision_code: spell.provision.as_str().to_owned(),
            start: Some(date::wire(spell.start)),
            end: spell.end.map(date::wire),
        })
        .collect()
}

/// Needs by rank.
pub fn needs_shown(state: &LearnerState) -> Vec<wire::Need> {
    let needs = state.needs.iter().flat_map(|needs| &needs.fact.needs);
    needs
        .map(|need| wire::Need {
            rank: u32::from(need.rank),
            code: need.need.as_str().to_owned(),
            start: need.from.map(date::wire),
            end: need.to.map(date::wire),
        })
        .collect()
}

/// Whether the learner is looked after.
pub fn looked_after(said: &LookedAfter) -> wire::LookedAfter {
    let care_authority = said.care_authority.clone().unwrap_or_default();
    wire::LookedAfter { in_care: said.in_care, care_authority }
}

/// The last day of an enrolment: the day it ended, else the last day that was said.
pub fn last_day(held: &Enrolment) -> Option<Date> {
    held.ended.as_ref().map(|ended| ended.fact.on).or(held.recorded.fact.to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date as day;

    fn upn(value: &str) -> wire::NewIdentifier {
        let kind = wire::IdentifierKind::Upn as i32;
        wire::NewIdentifier { kind, value: value.to_owned(), former: false, from: None }
    }

    #[test]
    fn numbers_are_cleaned_and_wrong_ones_named_without_their_value() {
        let good = brought("identifiers[0]", &upn(" h801200001001 "), OrganisationKind::School);
        assert_eq!(good.map(|good| good.value).ok().as_deref(), Some("H801200001001"));
        let Err(Refusal::Invalid(faults)) =
            brought("identifiers[1]", &upn("A801200001001"), OrganisationKind::School)
        else {
            panic!("refused as invalid")
        };
        assert_eq!(faults[0].field, "identifiers[1].value");
        assert!(!faults[0].message.contains("A801200001001"));
    }

    #[test]
    fn nhs_numbers_are_for_health_only() {
        let nhs = wire::IdentifierKind::NhsNumber as i32;
        let school = number_kind("kind", nhs, OrganisationKind::School);
        assert!(matches!(school, Err(Refusal::Forbidden { .. })));
        let team = number_kind("kind", nhs, OrganisationKind::Pathfinder);
        assert_eq!(team, Ok(LearnerNumberKind::Nhs));
        assert_eq!(mask("9434765919"), "******5919");
    }

    #[test]
    fn every_kind_of_number_goes_both_ways() {
        for (kind, wire, _) in NUMBERS {
            assert_eq!(kind_number(kind), wire as i32);
            assert_eq!(number_kind("kind", wire as i32, OrganisationKind::Pathfinder), Ok(kind));
            assert!(!kind_name(kind).is_empty());
        }
        assert!(number_kind("kind", 0, OrganisationKind::Pathfinder).is_err());
    }

    #[test]
    fn unknown_needs_are_kept_and_reported() {
        let said =
            |rank, code: &str| wire::Need { rank, code: code.to_owned(), start: None, end: None };
        let today = day(2026, 9, 1);
        let all = needs("needs", &[said(1, "SLCN"), said(2, "XYZ")], today);
        let (needs_read, warnings) = all.unwrap_or_else(|_| panic!("kept"));
        assert_eq!(needs_read.len(), 2);
        assert_eq!(warnings.len(), 1);
        assert_eq!(warnings[0].field, "needs[1].code");
        assert_eq!(warnings[0].reason, reason::UNKNOWN_CODE);
        assert!(!warnings[0].message.contains("XYZ"));
        assert!(needs("needs", &[said(2, "NSA")], today).is_err());
    }

    #[test]
    fn one_spell_has_one_start_and_kind() {
        let spell = |code: &str, end| wire::SenProvision {
            provision_code: code.to_owned(),
            start: Some(date::wire(day(2023, 9, 4))),
            end,
        };
        let ended = Some(date::wire(day(2026, 7, 20)));
        let read = spells("sen", &[spell("K", None), spell("k", ended), spell("E", None)]);
        assert!(read.is_ok_and(|(read, warnings)| read.len() == 2 && warnings.is_empty()));
        let (read, warnings) = spells("sen", &[spell("q", None)]).unwrap_or_default();
        assert_eq!(read[0].provision.as_str(), "Q", "kept as it was said");
        assert_eq!(warnings[0].reason, reason::UNKNOWN_CODE);
        assert_eq!(warnings[0].field, "sen[0].provision_code");
    }

    #[test]
    fn a_sensitive_address_is_masked() {
        let said = wire::LearnerDetails {
            forename: "A".to_owned(),
            surname: "B".to_owned(),
            date_of_birth: Some(date::wire(day(2014, 9, 1))),
            postcode: "N1 1AA".to_owned(),
            sex: wire::Sex::Female as i32,
            year_group: "6".to_owned(),
            ..Default::default()
        };
        let (open, _) = person(&said, None, false).unwrap_or_else(|_| panic!("a person"));
        assert_eq!(details(&open, None).postcode, "N1 1AA");
        assert_eq!(details(&open, None).sex, wire::Sex::Female as i32);
        let (hidden, _) = person(&said, None, true).unwrap_or_else(|_| panic!("a person"));
        assert_eq!(details(&hidden, None).postcode, MASKED);
    }
}
