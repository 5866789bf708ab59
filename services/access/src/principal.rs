//! The caller of one method: who, for which organisation, with which roles today.

use onward_domain::codes::role::MemberRole;
use onward_domain::codes::setting::OrganisationKind;
use onward_domain::ids::{MemberId, OrganisationId};

use crate::token::Identity;

/// A verified identity and what the directory's keys say about it at this moment.
#[derive(Debug, Clone)]
pub struct Principal {
    /// Whose token it is.
    pub identity: Identity,
    /// Kind of the organisation; absent when no such organisation is registered.
    pub kind: Option<OrganisationKind>,
    /// The membership; absent when the identity is no member of the organisation today.
    pub member: Option<MemberId>,
    /// Roles of today, without repeats.
    pub roles: Vec<MemberRole>,
}

impl Principal {
    /// The organisation that the caller acts for.
    pub fn organisation(&self) -> OrganisationId {
        self.identity.organisation
    }

    /// Holds the role today.
    pub fn has(&self, role: MemberRole) -> bool {
        self.roles.contains(&role)
    }

    /// Runs the house itself.
    pub fn is_operator(&self) -> bool {
        self.kind == Some(OrganisationKind::Operator) && self.has(MemberRole::Operator)
    }
}
