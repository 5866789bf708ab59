//! Who answers for what: the board and pathfinder of a referral, the kind of a phase transfer, the
//! referral clock.

pub mod authority;
pub mod icb;
pub mod owner;
pub mod pathfinder;
pub mod phase;
pub mod place;
pub mod rc1;

pub use authority::Authority;
pub use icb::Icb;
pub use owner::{Basis, NoOwner, Owner, owner};
pub use pathfinder::Pathfinder;
pub use phase::{PhaseMove, SettingPhase, SixthFormElsewhere, phase_transfer};
pub use rc1::{ClockStatus, ReferralClock, Waited};
