//! The one decision that comes before any look-up: kind of organisation and role against the rule
//! that the contract puts on the method. Nothing is allowed unless a rule allows it.

use onward_domain::codes::role::MemberRole;
use onward_domain::codes::setting::OrganisationKind;

use crate::principal::Principal;

/// How a caller can be connected to what a method is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Relation {
    /// The caller's own record, handover, referral or transition.
    OwnRecord,
    /// The setting that a released handover or a transition names.
    NamedDestination,
    /// The pathfinder whose queue holds it.
    NamedQueue,
    /// The authority that it names.
    OwnAuthority,
    /// The caller's own organisation.
    OwnOrganisation,
    /// The operator of the house.
    Operator,
    /// None is needed.
    NoneNeeded,
}

/// What the contract says about one method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Kinds of organisation that may call; empty: any kind.
    pub kinds: Vec<OrganisationKind>,
    /// Roles of which the caller needs one; empty: any member.
    pub roles: Vec<MemberRole>,
    /// Relations of which one must hold.
    pub relations: Vec<Relation>,
    /// The answer names learners, so it is written down before it is given.
    pub names_learners: bool,
}

/// Why a method is closed to a caller. Says nothing about any learner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The identity is not a member of the organisation in its token, or not any more.
    #[error("the token's identity is not a member of the organisation it names")]
    NotAMember,
    /// Organisations of this kind do not do this.
    #[error("this kind of organisation may not call this method")]
    WrongKind,
    /// The member's roles do not allow it.
    #[error("none of the caller's roles may call this method")]
    WrongRole,
}

/// Decides whether the principal may call the method, before anything is looked up.
///
/// # Errors
/// The first of membership, kind and role that fails.
pub fn decide(rule: &Rule, principal: &Principal) -> Result<(), Denied> {
    let (Some(kind), Some(_)) = (principal.kind, principal.member) else {
        return Err(Denied::NotAMember);
    };
    if !rule.kinds.is_empty() && !rule.kinds.contains(&kind) {
        return Err(Denied::WrongKind);
    }
    if !rule.roles.is_empty() && !rule.roles.iter().any(|role| principal.has(*role)) {
        return Err(Denied::WrongRole);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use onward_domain::ids::{MemberId, OrganisationId};
    use uuid::Uuid;

    use super::*;
    use crate::token::Identity;

    fn principal(kind: Option<OrganisationKind>, roles: &[MemberRole]) -> Principal {
        Principal {
            identity: Identity {
                issuer: "issuer".into(),
                subject: "subject".into(),
                organisation: OrganisationId::new(Uuid::from_u128(1)),
                expires_at: Timestamp::UNIX_EPOCH,
            },
            kind,
            member: kind.map(|_| MemberId::new(Uuid::from_u128(2))),
            roles: roles.to_vec(),
        }
    }

    fn rule(kinds: &[OrganisationKind], roles: &[MemberRole]) -> Rule {
        Rule {
            kinds: kinds.to_vec(),
            roles: roles.to_vec(),
            relations: vec![Relation::OwnRecord],
            names_learners: true,
        }
    }

    #[test]
    fn membership_comes_first_then_kind_then_role() {
        let senco_of_a_school = rule(&[OrganisationKind::School], &[MemberRole::Senco]);
        let cases = [
            (principal(None, &[]), Err(Denied::NotAMember)),
            (
                principal(Some(OrganisationKind::College), &[MemberRole::Senco]),
                Err(Denied::WrongKind),
            ),
            (
                principal(Some(OrganisationKind::School), &[MemberRole::Admin]),
                Err(Denied::WrongRole),
            ),
            (principal(Some(OrganisationKind::School), &[MemberRole::Senco]), Ok(())),
        ];
        for (caller, expected) in cases {
            assert_eq!(decide(&senco_of_a_school, &caller), expected);
        }
    }

    #[test]
    fn an_empty_list_means_any_member_but_never_a_stranger() {
        let open = rule(&[], &[]);
        assert_eq!(decide(&open, &principal(Some(OrganisationKind::Trust), &[])), Ok(()));
        assert_eq!(decide(&open, &principal(None, &[])), Err(Denied::NotAMember));
    }
}
