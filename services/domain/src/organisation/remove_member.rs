//! End a membership. Its roles stop at once.

use super::{MemberRemoved, MemberState, MembershipStep, OrganisationFact};
use crate::decider::{At, Outcome, Refusal, Steps};

/// Ends a membership.
#[derive(Debug, Clone, Copy)]
pub struct RemoveMember;

impl RemoveMember {
    pub(super) fn decide(self, state: &MemberState) -> Result<Outcome<OrganisationFact>, Refusal> {
        let (Some(added), Some(stands)) = (&state.added, state.stands()) else {
            return Err(Refusal::NotFound);
        };
        let fact =
            MemberRemoved { member: added.fact.member, organisation: added.fact.organisation };
        let last: Option<&At<MemberRemoved>> = state.removed.as_ref();
        let outcome = MembershipStep::Remove.take(stands, last, fact)?;
        Ok(outcome.map(OrganisationFact::MemberRemoved))
    }
}

#[cfg(test)]
mod tests {
    use super::super::add_member::tests::senco;
    use super::super::{AddMember, Member};
    use super::*;
    use crate::codes::setting::OrganisationKind;
    use crate::scenario::{given, id};

    #[test]
    fn a_member_is_removed_once() {
        given::<Member>(vec![]).when(RemoveMember).refusal();
        let add = AddMember { member: senco(), organisation_kind: OrganisationKind::School };
        let member = given::<Member>(vec![]).and(add);
        let removed = MemberRemoved { member: id(10), organisation: id(1) };
        member.when(RemoveMember).then(vec![OrganisationFact::MemberRemoved(removed)]);
        member.and(RemoveMember).when(RemoveMember).then_already(2);
    }
}
