//! Provision and needs of a pupil in a transfer file.

use jiff::civil::Date;
use onward_domain::codes::need::NeedType;
use onward_domain::codes::provision::SenProvision;
use onward_domain::learner::RankedNeed;

use super::tree::Node;
use crate::Note;
use crate::values;

/// A spell of provision. The same (learner, start, provision) is the same spell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SenSpell {
    /// Kind of provision; `A`, `P` and `S` are history from before 2014.
    pub provision: SenProvision,
    /// First day.
    pub start: Date,
    /// Last day; absent while it goes on.
    pub end: Option<Date>,
}

/// Spells in the order of their first days, each (start, provision) once.
pub(super) fn history(node: &Node, warnings: &mut Vec<Note>) -> Vec<SenSpell> {
    let mut elements = Vec::new();
    node.anywhere("SEN", &mut elements);
    let mut spells: Vec<SenSpell> = Vec::new();
    for spell in elements.iter().filter_map(|element| spell(element, warnings)) {
        let same = |other: &&mut SenSpell| {
            (other.start, other.provision) == (spell.start, spell.provision)
        };
        match spells.iter_mut().find(same) {
            Some(known) => known.end = known.end.or(spell.end),
            None => spells.push(spell),
        }
    }
    spells.sort_by_key(|spell| spell.start);
    spells
}

fn spell(element: &Node, warnings: &mut Vec<Note>) -> Option<SenSpell> {
    let raw = element.text_of("SENprovision");
    let provision = raw.and_then(|code| SenProvision::parse(&code.to_ascii_uppercase()).ok());
    let start = day(element, "StartDate", "sen_start_invalid", warnings);
    let (field, code, message) = match (raw, provision, start) {
        (None, _, None) => return None,
        (None, ..) => ("SENprovision", "provision_missing", "this spell has no code of provision"),
        (_, None, _) => ("SENprovision", "provision_unknown", "the code of provision is not known"),
        (_, _, None) => ("StartDate", "sen_start_missing", "this spell has no first day"),
        (_, Some(provision), Some(start)) => {
            let end = end(element, "EndDate", Some(start), warnings);
            return Some(SenSpell { provision, start, end });
        }
    };
    warnings.push(Note::new(element.line, field, code, format!("{message}; it is left out")));
    None
}

/// Needs by rank. A need without a rank takes the next one after the highest.
pub(super) fn needs(node: &Node, warnings: &mut Vec<Note>) -> Vec<RankedNeed> {
    let mut elements = Vec::new();
    node.anywhere("SENneed", &mut elements);
    let mut needs: Vec<RankedNeed> = Vec::new();
    for element in elements {
        let Some(code) = element.text_of("SENtype") else { continue };
        let from = day(element, "NeedStartDate", "need_start_invalid", warnings);
        let need = RankedNeed {
            need: NeedType::read(code),
            rank: rank(element, &needs, warnings),
            from,
            to: end(element, "NeedEndDate", from, warnings),
        };
        if !needs.iter().any(|known| known.need == need.need && known.from == need.from) {
            needs.push(need);
        }
    }
    needs.sort_by_key(|need| need.rank);
    needs
}

/// Ranks run from 1 to 99.
fn rank(element: &Node, before: &[RankedNeed], warnings: &mut Vec<Note>) -> u8 {
    let given = element.text_of("SENtypeRank");
    let rank = given.and_then(|raw| raw.parse().ok()).filter(|rank| (1..=99).contains(rank));
    let next = before.iter().map(|need| need.rank).max().unwrap_or(0).saturating_add(1).min(99);
    if rank.is_none() {
        let message = "the need has no rank from 1 to 99; it follows those before it";
        warnings.push(Note::new(element.line, "SENtypeRank", "rank_missing", message));
    }
    rank.unwrap_or(next)
}

fn day(
    element: &Node,
    field: &'static str,
    code: &'static str,
    warnings: &mut Vec<Note>,
) -> Option<Date> {
    let raw = element.text_of(field)?;
    let day = values::date(raw).map(|read| read.date);
    if day.is_none() {
        warnings.push(Note::new(element.line, field, code, "this is not a date of the calendar"));
    }
    day
}

/// A last day; one before the first day is left out.
fn end(
    element: &Node,
    field: &'static str,
    start: Option<Date>,
    warnings: &mut Vec<Note>,
) -> Option<Date> {
    let end = day(element, field, "end_invalid", warnings)?;
    if start.is_some_and(|start| end < start) {
        let message = "the last day lies before the first; it is left out";
        warnings.push(Note::new(element.line, field, "end_before_start", message));
        return None;
    }
    Some(end)
}
