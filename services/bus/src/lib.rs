//! The JetStream copy of the log: a copy that can be checked, never part of the promise to a caller.
//!
//! | file | what it holds |
//! |---|---|
//! | `subject.rs` | the few fixed subjects, and the names of streams |
//! | `envelope.rs` | a stored event as a message (CloudEvents, binary mode) and back |
//! | `stream.rs` | the stream's settings, checked at start; incarnations |
//! | `batch.rs` | one atomic batch, refused unless the stream is where the relay thinks it is |
//! | `relay.rs` | log → stream, with stream sequence = log position |
//! | `read_stream.rs` | one consumer of the stream: in order, without a hole, proven by the chain |
//! | `follow.rs` | stream → followers; what the stream does not bring is read from the log |
//! | `audit.rs` | does the copy equal the log? |
//! | `status.rs` | how far the copy is, for `GetStatus` |

mod audit;
mod batch;
mod connect;
mod envelope;
mod follow;
mod read_stream;
mod relay;
mod status;
mod stream;
mod subject;

pub use audit::{AuditFault, Audited};
pub use connect::{Bus, BusError, BusOptions};
pub use envelope::{Envelope, EnvelopeFault};
pub use follow::{Sources, StreamFeed};
pub use relay::Relay;
pub use status::BusStatus;
