//! How far the copy is, as `GetStatus` tells it; and how what befalls the copy is said and remembered.

use onward_log::{AuditReached, CopyNote, CopyState, Position, Said};

use crate::connect::Bus;
use crate::stream::StreamFault;

/// State of the bus as this process sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BusStatus {
    /// The server answers.
    pub connected: bool,
    /// This process is the relay's owner.
    pub relaying: bool,
    /// Name of the stream of the present incarnation.
    pub stream: Option<String>,
    /// Last sequence of that stream, which is the last position that was copied.
    pub copied: Position,
    /// The copy knows what the log does not, so copying was stopped on purpose.
    pub halted: bool,
    /// Version of the server, while it answers.
    pub server_version: Option<String>,
    /// One line about what is wrong, if something is. Never anything about a learner.
    pub fault: Option<String>,
    /// What befell the copy last, mended or not; the same line went to the program log.
    pub incident: Option<Said>,
    /// How far the audit has come.
    pub audit: AuditReached,
}

impl Bus {
    /// Tells what is remembered of the copy, by whichever process.
    pub(crate) fn tell_state(&self, state: &CopyState) {
        self.report(|status| {
            status.incident.clone_from(&state.incident);
            status.audit = state.audit;
        });
    }

    /// Says and remembers what befell the copy, and that it is being mended.
    pub(crate) async fn incident(&self, what: String) {
        tracing::warn!("the copy on the bus: {what}");
        self.remember(CopyNote::Incident(what)).await;
    }

    /// Says and remembers that copying stops on purpose.
    pub(crate) async fn halt(&self, fault: &StreamFault) {
        let what = fault.to_string();
        tracing::error!("the copy on the bus is halted: {what}");
        self.remember(CopyNote::Halted(what)).await;
    }

    /// Says and remembers that an incarnation does not equal the log; a relay in this process looks at once,
    /// others when they next renew their right.
    pub(crate) async fn condemn(&self, incarnation: u32, why: String) {
        tracing::warn!("the copy on the bus, ONWARD_{incarnation}, does not equal the log: {why}");
        self.remember(CopyNote::Condemned(incarnation, why)).await;
        self.doubted.notify_one();
    }

    async fn remember(&self, note: CopyNote) {
        let noted = self.log.note_copy(note).await;
        match self.log.copy_state().await {
            Ok(state) if noted.is_ok() => self.tell_state(&state),
            // It was said, and is found again where it still is so.
            _ => tracing::debug!("what befell the copy was not remembered"),
        }
    }
}
