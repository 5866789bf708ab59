//! Does the copy equal the log? Every message is read, and must follow by the log's chain of hashes from
//! the one before; the first from the log's own event below it, the last being the log's own too.

use std::time::Duration;

use async_nats::jetstream;
use onward_log::Position;

use crate::connect::Bus;
use crate::read_stream::{Ended, Proven};
use crate::stream::{self, StreamFault};
use crate::subject;

/// Longest wait for the next message: a server that says it has one and does not bring it has lost it.
const WAIT: Duration = Duration::from_secs(10);

/// A copy that was found whole and equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audited {
    /// The stream.
    pub stream: String,
    /// Its first position.
    pub first: Position,
    /// The last position that was compared.
    pub last: Position,
}

/// The copy does not equal the log, or could not be compared.
#[derive(Debug, thiserror::Error)]
pub enum AuditFault {
    /// From this position on.
    #[error("the copy differs from the log at position {position}: {what}")]
    Differs {
        /// The first position that is wrong.
        position: Position,
        /// In which way.
        what: String,
    },
    /// There is no stream that could be this log's copy.
    #[error("there is no copy to compare: {0}")]
    NoCopy(String),
    /// The server or the log did not answer to the end.
    #[error("the comparison did not come to its end: {0}")]
    Interrupted(String),
}

impl Bus {
    /// Compares the whole of the present incarnation, up to where it ends when this begins.
    ///
    /// # Errors
    /// The first position that is wrong, or why there was nothing to compare.
    pub async fn audit(&self) -> Result<Audited, AuditFault> {
        let context = jetstream::new(self.client.clone());
        let observed = stream::observe(&context, &self.log).await.map_err(no_copy)?;
        let present = observed.ok_or_else(|| AuditFault::NoCopy("it is spent".to_owned()))?;
        let stream = subject::stream_name(present.number);
        let first = stream::first(&context, &present).await.map_err(no_copy)?;
        let mut reached = Position::new(first.get() - 1);
        if reached < present.last {
            let mut proven =
                Proven::open(self, reached).await.map_err(|ended| fault(ended, first))?;
            while reached < present.last {
                let next = tokio::time::timeout(WAIT, proven.next()).await;
                let next = next.unwrap_or(Err(Ended::Hole(reached.next())));
                reached = next.map_err(|ended| fault(ended, reached.next()))?.position;
            }
        }
        Ok(Audited { stream, first, last: present.last })
    }
}

fn no_copy(fault: StreamFault) -> AuditFault {
    match fault {
        StreamFault::Server(_) | StreamFault::Log(_) => AuditFault::Interrupted(fault.to_string()),
        _ => AuditFault::NoCopy(fault.to_string()),
    }
}

fn fault(ended: Ended, position: Position) -> AuditFault {
    let what = ended.to_string();
    match ended {
        Ended::Hole(_) | Ended::Broken(_) | Ended::Foreign(..) => {
            AuditFault::Differs { position, what }
        }
        _ => AuditFault::Interrupted(what),
    }
}
