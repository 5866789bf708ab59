//! Record special educational provision and the ranked needs.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{LearnerFact, LearnerState, NeedsRecorded, RankedNeed, SenProvisionRecorded};
use crate::codes::Open;
use crate::codes::provision::SenProvision;
use crate::decider::{Faults, Outcome, Refusal};

/// Records a spell of provision. One spell has one start and kind: the same again says how it goes on.
/// A spell may lie ahead, as files of the summer say what begins in September.
#[derive(Clone)]
pub struct RecordSenProvision {
    /// Kind of provision; the codes before 2014 for history. What the list does not have is kept (the
    /// door warns).
    pub provision: Open<SenProvision>,
    /// First day.
    pub start: Date,
    /// Last day, where it has ended.
    pub end: Option<Date>,
}

impl RecordSenProvision {
    pub(super) fn decide(self, state: &LearnerState) -> Result<Outcome<LearnerFact>, Refusal> {
        let learner = state.learner()?;
        let RecordSenProvision { provision, start, end } = self;
        let mut faults = Faults::default();
        faults.unless(end.is_none_or(|end| start <= end), "end", "is before the start");
        faults.finish()?;
        let fact = SenProvisionRecorded { learner, provision, start, end };
        match state.provision.iter().find(|held| held.fact == fact) {
            Some(held) => Ok(Outcome::AlreadyDone(held.version)),
            None => Ok(Outcome::one(LearnerFact::SenProvisionRecorded(fact))),
        }
    }
}

/// Says what the needs are now: the whole set, in any order. An empty set says that there are none.
///
/// Codes that the table of needs does not have, or has no more, are kept (the door warns).
#[derive(Clone)]
pub struct RecordNeeds {
    /// The needs; rank 1 is the primary one.
    pub needs: Vec<RankedNeed>,
}

impl RecordNeeds {
    pub(super) fn decide(mut self, state: &LearnerState) -> Result<Outcome<LearnerFact>, Refusal> {
        let learner = state.learner()?;
        self.needs.sort_by_key(|need| need.rank);
        check(&self.needs)?;
        no_assessment_only_with_support(&self.needs, state)?;
        let fact = NeedsRecorded { learner, needs: self.needs };
        match &state.needs {
            Some(held) if held.fact == fact => Ok(Outcome::AlreadyDone(held.version)),
            None if fact.needs.is_empty() => {
                Err(Refusal::field("needs", "is empty, and the record has no needs"))
            }
            _ => Ok(Outcome::one(LearnerFact::NeedsRecorded(fact))),
        }
    }
}

fn check(needs: &[RankedNeed]) -> Result<(), Refusal> {
    let mut faults = Faults::default();
    let ranks: BTreeSet<_> = needs.iter().map(|need| need.rank).collect();
    faults.unless(ranks.len() == needs.len(), "needs.rank", "is given to two needs");
    let within = ranks.iter().all(|rank| (1..=99).contains(rank));
    faults.unless(within, "needs.rank", "is not between 1 and 99");
    let kinds: BTreeSet<_> = needs.iter().map(|need| &need.need).collect();
    faults.unless(kinds.len() == needs.len(), "needs.need", "is named twice");
    let named = needs.iter().all(|need| !need.need.as_str().is_empty());
    faults.unless(named, "needs.need", "is empty");
    let ordered =
        needs.iter().all(|need| need.from.zip(need.to).is_none_or(|(from, to)| from <= to));
    faults.unless(ordered, "needs.to", "is before the first day");
    faults.finish()
}

/// `NSA` (SEN support but no specialist assessment of the type of need) goes with SEN support only.
/// Where the record does not know the provision, nothing contradicts it.
fn no_assessment_only_with_support(
    needs: &[RankedNeed],
    state: &LearnerState,
) -> Result<(), Refusal> {
    let claimed = needs.iter().any(|need| need.need.as_str() == "NSA" && need.to.is_none());
    match state.open_provision() {
        Some(spell) if claimed && !spell.provision.is(SenProvision::K) => Err(Refusal::Rule {
            reason: "NSA_NEEDS_SEN_SUPPORT",
            message: "NSA is used with SEN support (K) only, and the record has another provision"
                .to_owned(),
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::registered;
    use super::*;
    use crate::codes::need::NeedType;
    use crate::scenario::id;
    use jiff::civil::date;

    fn spell(provision: SenProvision, end: Option<Date>) -> RecordSenProvision {
        RecordSenProvision { provision: provision.into(), start: date(2023, 9, 4), end }
    }

    fn need(code: &str, rank: u8) -> RankedNeed {
        RankedNeed { need: NeedType::read(code), rank, from: None, to: None }
    }

    fn needs(needs: &[(&str, u8)]) -> RecordNeeds {
        RecordNeeds { needs: needs.iter().map(|(code, rank)| need(code, *rank)).collect() }
    }

    #[test]
    fn a_spell_is_one_start_and_one_kind() {
        let support = registered().and(spell(SenProvision::K, None));
        support.when(spell(SenProvision::K, None)).then_already(2);
        let ended = support.and(spell(SenProvision::K, Some(date(2026, 7, 20))));
        assert_eq!(ended.state.provision.len(), 1, "the same spell, now with its end");
        assert!(ended.state.open_provision().is_none());
        ended.when(spell(SenProvision::K, Some(date(2026, 7, 20)))).then_already(3);
        assert_eq!(ended.and(spell(SenProvision::E, None)).state.provision.len(), 2);
    }

    #[test]
    fn a_spell_ends_after_it_starts() {
        let backwards = spell(SenProvision::K, Some(date(2023, 9, 3)));
        registered().when(backwards).then_invalid(&["end"]);
    }

    #[test]
    fn needs_are_a_set_whatever_their_order() {
        let fact = NeedsRecorded { learner: id(2), needs: vec![need("SLCN", 1), need("ASD", 2)] };
        let set = needs(&[("ASD", 2), ("SLCN", 1)]);
        registered().when(set.clone()).then(vec![LearnerFact::NeedsRecorded(fact)]);
        let held = registered().and(set);
        held.when(needs(&[("SLCN", 1), ("ASD", 2)])).then_already(2);
        assert!(held.when(needs(&[("SLCN", 1)])).0.is_ok());
        assert!(held.when(needs(&[])).0.is_ok(), "the need has gone");
        registered().when(needs(&[])).then_invalid(&["needs"]);
    }

    #[test]
    fn ranks_and_needs_are_each_given_once() {
        registered().when(needs(&[("SLCN", 0), ("ASD", 100)])).then_invalid(&["needs.rank"]);
        registered().when(needs(&[("SLCN", 1), ("ASD", 1)])).then_invalid(&["needs.rank"]);
        registered().when(needs(&[("SLCN", 1), ("SLCN", 2)])).then_invalid(&["needs.need"]);
        assert!(registered().when(needs(&[("SLCN", 99), ("NOT A CODE", 3)])).0.is_ok());
    }

    #[test]
    fn nsa_goes_with_sen_support_only() {
        let nsa = needs(&[("NSA*", 1)]);
        assert!(registered().when(nsa.clone()).0.is_ok(), "no provision is known");
        let support = registered().and(spell(SenProvision::K, None));
        assert!(support.when(nsa.clone()).0.is_ok());
        let plan = registered().and(spell(SenProvision::E, None));
        plan.when(nsa).then_rule("NSA_NEEDS_SEN_SUPPORT");
    }
}
