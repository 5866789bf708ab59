//! The JetStream copy of the log: a copy that can be checked, never part of the promise to a caller.
//!
//! | file | what it holds |
//! |---|---|
//! | `subject.rs` | the few fixed subjects, and the names of streams |
//! | `envelope.rs` | a stored event as a message (CloudEvents, binary mode) and back |
//! | `settings.rs` | the stream's settings, and which of them a copy depends on |
//! | `incarnation.rs` | the streams that there are: making the next, retiring and removing old ones |
//! | `stream.rs` | is the stream the log's copy? good, spent, or ahead of the log |
//! | `batch.rs` | one atomic batch, refused unless the stream is where the relay thinks it is |
//! | `pipeline.rs` | batches on their way |
//! | `relay.rs` | log → stream, with stream sequence = log position |
//! | `renew.rs` | what a relay looks at a few times in each lease |
//! | `read_stream.rs` | one consumer of the stream: in order, without a hole, proven by the chain |
//! | `follow.rs` | stream → followers; what the stream does not bring is read from the log |
//! | `audit.rs` | does the copy equal the log? range by range |
//! | `auditor.rs` | the audit, round after round |
//! | `status.rs` | how far the copy is, for `GetStatus`; what befell it, said and remembered |

mod audit;
mod auditor;
mod batch;
mod connect;
mod envelope;
mod follow;
mod incarnation;
mod pipeline;
mod read_stream;
mod relay;
mod renew;
mod settings;
mod status;
mod stream;
mod subject;

pub use audit::{AuditFault, Audited};
pub use auditor::Auditor;
pub use connect::{Bus, BusError, BusOptions};
pub use envelope::{Envelope, EnvelopeFault};
pub use follow::{Sources, StreamFeed};
pub use relay::Relay;
pub use status::BusStatus;
