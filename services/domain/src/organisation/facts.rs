//! What can be true of an organisation and its members.

use jiff::civil::Date;

use crate::codes::closed_codes;
use crate::codes::role::MemberRole;
use crate::codes::setting::{OrganisationKind, Phase};
use crate::ids::{MemberId, OrganisationId};

/// A fact about an organisation or one of its members.
#[derive(Clone, PartialEq)]
pub enum OrganisationFact {
    /// The organisation is known to the house.
    Registered(OrganisationRegistered),
    /// A person is a member, with roles. Stream: the member's own.
    MemberAdded(MemberAdded),
    /// A membership ended. Stream: the member's own.
    MemberRemoved(MemberRemoved),
}

/// An organisation was registered. Stream: the organisation's own. Nothing in it is personal but the
/// holiday contact, which is sealed.
#[derive(Clone, PartialEq)]
pub struct OrganisationRegistered {
    /// Its id.
    pub organisation: OrganisationId,
    /// What kind of organisation it is.
    pub kind: OrganisationKind,
    /// Its public name.
    pub name: String,
    /// Its official numbers.
    pub numbers: Vec<OrganisationNumber>,
    /// Phase of education, for settings.
    pub phase: Option<Phase>,
    /// Youngest age taught, whole years.
    pub low_age: Option<u8>,
    /// Oldest age taught, whole years.
    pub high_age: Option<u8>,
    /// First day it is open.
    pub open_from: Option<Date>,
    /// Last day it is open.
    pub open_to: Option<Date>,
    /// What is due before this day is history: shown, never raised.
    pub go_live: Option<Date>,
    /// Who can be reached in the holidays. Sealed.
    pub holiday_contact: Option<String>,
    /// The organisation that this one succeeds.
    pub successor_of: Option<OrganisationId>,
}

/// An official number of an organisation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OrganisationNumber {
    /// Which register the number comes from.
    pub kind: OrganisationNumberKind,
    /// The cleaned number.
    pub value: String,
}

closed_codes! {
    /// The registers that number organisations, spelled as the contract spells its fields. Look-up keys, rows
    /// of the views and refusals carry this spelling.
    pub enum OrganisationNumberKind("register of organisations") {
        /// Unique reference number of an establishment.
        Urn = "urn",
        /// Number of an early-years setting.
        EyUrn = "ey_urn",
        /// Local authority and establishment number.
        Laestab = "laestab",
        /// UK provider reference number.
        Ukprn = "ukprn",
        /// NHS organisation code.
        OdsCode = "ods_code",
        /// Code of the local authority: its own for an authority, its home authority for a setting.
        LaCode = "la_code",
        /// Key of an ELSEC pathfinder partnership, `elsec-london` for example.
        PathfinderKey = "pathfinder_key",
    }
}

/// A person became a member. Name, issuer and subject are sealed under the member's key.
#[derive(Clone, PartialEq)]
pub struct MemberAdded {
    /// The membership.
    pub member: MemberId,
    /// The organisation.
    pub organisation: OrganisationId,
    /// Who vouches for the identity (`iss` of the token).
    pub issuer: String,
    /// The identity (`sub` of the token).
    pub subject: String,
    /// The person's name.
    pub name: String,
    /// What the member may do.
    pub roles: Vec<MemberRole>,
    /// First day.
    pub from: Option<Date>,
    /// Last day.
    pub until: Option<Date>,
    /// Who stands in.
    pub deputy: Option<MemberId>,
}

/// A membership ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRemoved {
    /// The membership.
    pub member: MemberId,
    /// The organisation.
    pub organisation: OrganisationId,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::assert_set;

    #[test]
    fn registers_are_spelled_as_the_contract_spells_its_fields() {
        assert_set::<OrganisationNumberKind>(
            "urn, ey_urn, laestab, ukprn, ods_code, la_code, pathfinder_key",
        );
    }
}
