//! Who may do what: tokens become principals, and one function decides.
//!
//! | file | what it answers |
//! |---|---|
//! | `token.rs` | is this bearer token one of ours, and whose is it? |
//! | `development_key.rs` | the signing key of a data folder, for trying things out on loopback |
//! | `principal.rs` | the caller: identity, organisation, kind and roles of today |
//! | `decide.rs` | may this principal call this method at all? |
//!
//! Whether the principal may see one particular learner, handover or referral depends on the log's
//! keys and is asked where those are: by the guard of the doors, with [`decide::Relation`].

pub mod decide;
pub mod development_key;
pub mod principal;
pub mod token;

pub use decide::{Denied, Relation, Rule, decide};
pub use development_key::{DEVELOPMENT_ISSUER, DevelopmentKey, LONGEST_TTL};
pub use principal::Principal;
pub use token::{AUDIENCE, Identity, Issuer, TokenFault, Verifier};
