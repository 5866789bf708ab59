//! Provision and needs of a pupil in a transfer file.

use jiff::civil::Date;
use onward_domain::codes::need::NeedType;
use onward_domain::codes::provision::SenProvision;
use onward_domain::codes::{CodeSet, LONGEST_CODE, Open};
use onward_domain::learner::RankedNeed;

use super::tree::Node;
use crate::Note;
use crate::values;

/// A spell of provision. The same (learner, start, provision) is the same spell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SenSpell {
    /// Kind of provision; `A`, `P` and `S` are history from before 2014. What the list does not have is kept.
    pub provision: Open<SenProvision>,
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
            (other.start, &other.provision) == (spell.start, &spell.provision)
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
    let provision = raw.map(Open::<SenProvision>::read).filter(short);
    let start = day(element, "StartDate", "sen_start_invalid", warnings);
    let (field, code, message) = match (raw, provision, start) {
        (None, _, None) => return None,
        (None, ..) => ("SENprovision", "provision_missing", "this spell has no code of provision"),
        (_, None, _) => ("SENprovision", "provision_too_long", "this is longer than any code"),
        (_, _, None) => ("StartDate", "sen_start_missing", "this spell has no first day"),
        (_, Some(provision), Some(start)) => {
            let end = end(element, "EndDate", Some(start), warnings);
            if provision.known().is_none() {
                let message =
                    "the list does not have this code of provision; it is kept as it came";
                let remark = Note::new(element.line, "SENprovision", "provision_unknown", message);
                warnings.push(remark);
            }
            return Some(SenSpell { provision, start, end });
        }
    };
    warnings.push(Note::new(element.line, field, code, format!("{message}; it is left out")));
    None
}

/// What is longer is no code.
pub(super) fn short<C: CodeSet>(code: &Open<C>) -> bool {
    code.as_str().chars().count() <= LONGEST_CODE
}

/// Needs by rank, each need and each rank once. A need without a rank follows those before it; of two
/// with one rank the second moves down. What the house cannot hold is left out and pointed out: the
/// pupil goes on.
pub(super) fn needs(
    node: &Node,
    provision: Option<&Open<SenProvision>>,
    warnings: &mut Vec<Note>,
) -> Vec<RankedNeed> {
    let mut elements = Vec::new();
    node.anywhere("SENneed", &mut elements);
    let mut needs: Vec<(u64, RankedNeed)> = Vec::new();
    for element in elements {
        let Some(code) = element.text_of("SENtype") else { continue };
        let from = day(element, "NeedStartDate", "need_start_invalid", warnings);
        let need = RankedNeed {
            need: NeedType::read(code),
            rank: rank(element, &needs, warnings),
            from,
            to: end(element, "NeedEndDate", from, warnings),
        };
        once(&mut needs, element.line, need, warnings);
    }
    needs.retain(|(line, need)| holds(*line, need, provision, warnings));
    ranked(needs, warnings)
}

/// Of one need that is there twice, the one that goes on, else the later one.
fn once(needs: &mut Vec<(u64, RankedNeed)>, line: u64, need: RankedNeed, warnings: &mut Vec<Note>) {
    let Some((_, known)) = needs.iter_mut().find(|(_, known)| known.need == need.need) else {
        needs.push((line, need));
        return;
    };
    if known.from != need.from || known.to != need.to {
        let message = "this need is there twice; the period that goes on, else the later, is kept";
        warnings.push(Note::new(line, "SENtype", "need_twice", message));
    }
    let later = |need: &RankedNeed| (need.to.is_none(), need.to, need.from);
    if later(&need) > later(known) {
        (known.from, known.to) = (need.from, need.to);
    }
}

/// Whether the house can hold the need beside the provision that goes on.
fn holds(
    line: u64,
    need: &RankedNeed,
    provision: Option<&Open<SenProvision>>,
    warnings: &mut Vec<Note>,
) -> bool {
    let nsa = need.need.as_str() == "NSA";
    let other = provision.is_some_and(|provision| !provision.is(SenProvision::K));
    let (code, message) = if need.need.as_str().chars().count() > LONGEST_CODE {
        ("need_too_long", "this is longer than any code of a need; it is left out")
    } else if nsa && need.rank > 1 {
        ("nsa_not_primary", "NSA can only be the primary need; it is left out")
    } else if nsa && other && need.to.is_none() {
        ("nsa_without_sen_support", "NSA goes with SEN support (K) only; it is left out")
    } else {
        return true;
    };
    warnings.push(Note::new(line, "SENtype", code, message));
    false
}

fn ranked(mut needs: Vec<(u64, RankedNeed)>, warnings: &mut Vec<Note>) -> Vec<RankedNeed> {
    needs.sort_by_key(|(_, need)| need.rank);
    let mut ranked: Vec<RankedNeed> = Vec::with_capacity(needs.len());
    for (line, mut need) in needs {
        let next = ranked.last().map_or(1, |before| before.rank.saturating_add(1));
        if need.rank < next {
            let message = "the rank is taken by another need; this one follows it";
            warnings.push(Note::new(line, "SENtypeRank", "rank_twice", message));
            need.rank = next;
        }
        if need.rank > 99 {
            let message = "there are more needs than ranks; this one is left out";
            warnings.push(Note::new(line, "SENtypeRank", "too_many_needs", message));
            continue;
        }
        ranked.push(need);
    }
    ranked
}

/// Ranks run from 1 to 99.
fn rank(element: &Node, before: &[(u64, RankedNeed)], warnings: &mut Vec<Note>) -> u8 {
    let given = element.text_of("SENtypeRank");
    let rank = given.and_then(|raw| raw.parse().ok()).filter(|rank| (1..=99).contains(rank));
    let next =
        before.iter().map(|(_, need)| need.rank).max().unwrap_or(0).saturating_add(1).min(99);
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
