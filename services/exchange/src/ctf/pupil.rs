//! One pupil of a transfer file as values.

use jiff::civil::Date;
use onward_domain::codes::Open;
use onward_domain::codes::need;
use onward_domain::codes::provision::SenProvision;
use onward_domain::learner::{Person, RankedNeed};
use onward_domain::numbers::{Uln, Upn};

use super::identity;
use super::sen::{self, SenSpell};
use super::tree::{LONGEST_TEXT, Node};
use crate::Note;

/// A pupil, or why there is none.
pub enum PupilOutcome {
    /// The pupil can be recorded.
    Read(Box<PupilRead>),
    /// The pupil cannot.
    Fault(PupilFault),
}

/// A pupil that can be recorded.
pub struct PupilRead {
    /// Line on which the pupil begins.
    pub line: u64,
    /// The pupil.
    pub pupil: CtfPupil,
    /// What was doubtful.
    pub warnings: Vec<Note>,
}

/// A pupil that cannot be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PupilFault {
    /// Line on which the pupil begins.
    pub line: u64,
    /// Every reason found; at least one.
    pub reasons: Vec<Note>,
}

/// What a transfer file says of a pupil. No `Debug`: it must never reach a log line.
#[derive(Clone, PartialEq)]
pub struct CtfPupil {
    /// The number in use, permanent or temporary ([`Upn::is_temporary`]); absent where there is none
    /// or where the file's was no UPN.
    pub upn: Option<Upn>,
    /// What stood in the place of the UPN, where it was no UPN: for the sender's list of numbers to mend.
    pub upn_to_fix: Option<String>,
    /// Numbers the pupil had before: aliases, never sent as the current one.
    pub former_upns: Vec<Upn>,
    /// Unique learner number; a placeholder is read as unknown.
    pub uln: Option<Uln>,
    /// Who the pupil is.
    pub person: Person,
    /// Spells of provision in the order of their first days.
    pub sen_history: Vec<SenSpell>,
    /// Needs by rank.
    pub needs: Vec<RankedNeed>,
}

impl CtfPupil {
    /// Provision in force on a day: the latest spell that covers it.
    pub fn provision_on(&self, day: Date) -> Option<&Open<SenProvision>> {
        let covers =
            |spell: &&SenSpell| spell.start <= day && spell.end.is_none_or(|end| day <= end);
        self.sen_history.iter().rev().find(covers).map(|spell| &spell.provision)
    }

    /// The same for the same pupil, within a file and from one sending to the next: the UPN, or name
    /// and date of birth. Personal: for comparing and deriving ids, never for showing.
    pub fn row_key(&self) -> String {
        crate::csv::learner_key(self.upn.as_ref(), None, &self.person)
    }
}

/// Reads a pupil. `file_date`: no date of birth may lie after it.
pub(super) fn read(node: &Node, overfull: bool, file_date: Option<Date>) -> PupilOutcome {
    let (mut reasons, mut warnings) = (Vec::new(), Vec::new());
    too_much(node, overfull, &mut reasons);
    let person = identity::person(node, file_date, &mut reasons, &mut warnings);
    let Some(person) = person.filter(|_| reasons.is_empty()) else {
        return PupilOutcome::Fault(PupilFault { line: node.line, reasons });
    };
    let (upn, upn_to_fix) = identity::upn(node, &mut warnings);
    let sen_history = sen::history(node, &mut warnings);
    let open = sen_history.iter().rev().find(|spell| spell.end.is_none());
    let needs = sen::needs(node, open.map(|spell| &spell.provision), &mut warnings);
    let pupil = CtfPupil {
        former_upns: identity::former_upns(node, upn.as_ref(), &mut warnings),
        upn,
        upn_to_fix,
        uln: identity::uln(node, &mut warnings),
        sen_history,
        needs,
        person,
    };
    if let Some(day) = file_date {
        judge_needs(&pupil, node.line, day, &mut warnings);
        judge_spells(&pupil, node.line, day, &mut warnings);
    }
    PupilOutcome::Read(Box::new(PupilRead { line: node.line, pupil, warnings }))
}

/// A spell may lie ahead, as summer files say what begins in September; not years ahead.
fn judge_spells(pupil: &CtfPupil, line: u64, day: Date, warnings: &mut Vec<Note>) {
    let year = day.checked_add(jiff::Span::new().years(1)).unwrap_or(day);
    if pupil.sen_history.iter().any(|spell| spell.start > year) {
        let message = "a provision begins more than a year after the file was made: a typing slip?";
        warnings.push(Note::new(line, "StartDate", "sen_start_far_ahead", message));
    }
}

/// Needs beside the provision of the day of the file.
fn judge_needs(pupil: &CtfPupil, line: u64, day: Date, warnings: &mut Vec<Note>) {
    // A provision that the list does not have says nothing about the needs beside it.
    let provision = match pupil.provision_on(day) {
        Some(Open::Unknown(_)) => SenProvision::E,
        Some(Open::Known(provision)) => *provision,
        None => SenProvision::N,
    };
    let current = pupil.needs.iter().filter(|need| need.to.is_none_or(|to| day <= to));
    let ranked: Vec<_> = current.map(|need| (need.rank, need.need.clone())).collect();
    for warning in need::check(provision, &ranked, day) {
        let code = match warning {
            need::NeedWarning::NeedsProvision => "need_without_provision",
            need::NeedWarning::NsaWithoutSenSupport => "nsa_without_sen_support",
            need::NeedWarning::NsaNotPrimary => "nsa_not_primary",
            need::NeedWarning::UnknownCode => "need_unknown",
            need::NeedWarning::EndedCode => "need_ended",
        };
        warnings.push(Note::new(line, "SENtype", code, warning.to_string()));
    }
}

fn too_much(node: &Node, overfull: bool, reasons: &mut Vec<Note>) {
    if overfull {
        let message = "the pupil has more elements than one pupil can have";
        reasons.push(Note::new(node.line, "", "too_many_elements", message));
    }
    if has_long(node) {
        let message = format!("an element holds more than {LONGEST_TEXT} bytes of text");
        reasons.push(Note::new(node.line, "", "too_long", message));
    }
}

fn has_long(node: &Node) -> bool {
    node.long || node.children.iter().any(has_long)
}
