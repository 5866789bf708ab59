//! Link this record to another organisation's record of the same person. Never a merge.

use super::{LearnerFact, LearnerState, RecordLinked};
use crate::decider::{Outcome, Refusal};
use crate::ids::{HandoverId, LearnerId, OrganisationId};

/// Links another record. Taken on both records' streams.
#[derive(Debug, Clone, Copy)]
pub struct LinkRecord {
    /// The other record.
    pub other: LearnerId,
    /// The organisation that keeps it.
    pub other_organisation: OrganisationId,
    /// The accepted handover that links them, if one did.
    pub handover: Option<HandoverId>,
}

impl LinkRecord {
    pub(super) fn decide(self, state: &LearnerState) -> Result<Outcome<LearnerFact>, Refusal> {
        let learner = state.learner()?;
        if self.other == learner {
            return Err(Refusal::field("other", "is this record itself"));
        }
        // A second accepted handover between two linked records adds nothing to the link.
        if let Some(linked) = state.links.iter().find(|linked| linked.fact.other == self.other) {
            return Ok(Outcome::AlreadyDone(linked.version));
        }
        let LinkRecord { other, other_organisation, handover } = self;
        Ok(Outcome::one(LearnerFact::RecordLinked(RecordLinked {
            learner,
            other,
            other_organisation,
            handover,
        })))
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::registered;
    use super::*;
    use crate::scenario::id;

    #[test]
    fn two_records_are_linked_once() {
        let link = LinkRecord { other: id(3), other_organisation: id(4), handover: Some(id(7)) };
        let linked = registered().and(link);
        linked.when(link).then_already(2);
        linked.when(LinkRecord { handover: Some(id(8)), ..link }).then_already(2);
        linked.when(LinkRecord { other: id(2), ..link }).then_invalid(&["other"]);
        assert_eq!(linked.and(LinkRecord { other: id(5), ..link }).state.links.len(), 2);
    }
}
