//! Every opaque id of the house, each a type of its own, so that one can never stand in for another.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// The text was not a hyphenated UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a UUID of the form xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")]
pub struct NotAnId;

fn parse(text: &str) -> Result<Uuid, NotAnId> {
    // Only the hyphenated form: one id has one spelling, so equal ids are equal text everywhere.
    if text.len() != 36 {
        return Err(NotAnId);
    }
    Uuid::try_parse(text).map_err(|_| NotAnId)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID that was minted at the edge or read back from the log.
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID inside.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                parse(text).map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Uuid {
                id.0
            }
        }
    )*};
}

ids! {
    /// One organisation's own record of a learner.
    LearnerId;
    /// A school, college, provider, university, authority, ICB, pathfinder, operator…
    OrganisationId;
    /// One person's membership of one organisation.
    MemberId;
    /// One planned or past move of a learner.
    TransitionId;
    /// One pack on its way from one organisation to another.
    HandoverId;
    /// One line of support in a pack.
    SupportItemId;
    /// One referral to a pathfinder.
    ReferralId;
    /// A pathfinder's queue. A pathfinder's first queue carries the UUID of the pathfinder itself.
    QueueId;
    /// One Disabled Students' Allowance case.
    DsaCaseId;
    /// One enrolment of a learner at a setting.
    EnrolmentId;
    /// One stored fact.
    EventId;
    /// The caller's name for one write, the same at every retry.
    RequestId;
}

impl QueueId {
    /// The first queue of a pathfinder.
    pub const fn of_pathfinder(pathfinder: OrganisationId) -> Self {
        Self(pathfinder.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_only() {
        let text = "0192f0c1-0000-7000-8000-000000000001";
        assert_eq!(LearnerId::from_str(text).map(|id| id.to_string()), Ok(text.to_owned()));
        for other in
            ["", "0192f0c1000070008000000000000001", "{0192f0c1-0000-7000-8000-000000000001}"]
        {
            assert_eq!(LearnerId::from_str(other), Err(NotAnId));
        }
    }
}
