//! The doors: gRPC and gRPC-Web on one port.
//!
//! A method is read from top to bottom: enter (token, membership, rule, fields), parse to domain
//! types, relate (is it the caller's to see?), execute or query, write down what is shown, reply.
//!
//! | file | what it holds |
//! |---|---|
//! | `guard.rs` | the one way in: token → principal → rule → relation; the record of reads |
//! | `tokens.rs` | tokens that were verified before |
//! | `call.rs` | what every method repeats: entering, executing, receipts, waiting for a position |
//! | `lookups.rs` | what one call looks up, asked in one statement |
//! | `fold.rs` | streams as the doors read them: folded, with what was said beside the facts |
//! | `echo.rs`, `explain.rs` | layers: the caller's request id back; a reason for what the transport refuses |
//! | `admit.rs` | layer: how many calls at once, and for how long |
//! | `bulk.rs` | streams both ways: many requests, a result for each, in order |
//! | `watch.rs` | what server streams share: checks, marks, signs of life, how they end |
//! | `settings.rs` | settings as callers name them → organisations of the house |
//! | `names.rs` | names of organisations and members, joined when an answer is made |
//! | `status.rs` | the only table from failure to gRPC code, reason and sentence |
//! | `validate/` | `buf.validate` rules of the contract, compiled once |
//! | `services.rs` | the list of services, their size limits and their health |
//! | `page.rs` | page sizes and tokens |
//! | `server.rs` | limits, layers in reading order, health, reflection |
//! | `wire/` | messages ⇄ domain types; nothing panics |
//! | `directory.rs` … `operations.rs` | one file a service (a folder where it is long) |

mod admit;
mod bulk;
pub mod call;
mod directory;
mod dsa;
mod echo;
mod explain;
mod fold;
pub mod guard;
mod handover;
mod learner;
mod lookups;
mod names;
mod operations;
pub mod page;
mod queue;
mod referral;
pub mod server;
mod services;
mod settings;
pub mod status;
mod timeline;
mod tokens;
mod transition;
pub mod validate;
mod watch;
mod weigh;
pub mod wire;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use onward_access::{Rule, Verifier};
use onward_log::{Log, Position};
use onward_views::Views;
use tokio::sync::watch::Receiver;
use tokio_util::sync::CancellationToken;

use settings::Registrations;
use tokens::Verified;

pub use onward_log::look_up::keys;
pub use server::{Limits, ServeError, Tls, serve};

/// What the doors tell about the bus; the binary keeps it true.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BusTold {
    /// A bus was asked for at start.
    pub configured: bool,
    /// The server answers.
    pub connected: bool,
    /// Name of the stream of the present incarnation.
    pub stream: Option<String>,
    /// Last position that was copied.
    pub copied: Position,
    /// Copying was stopped on purpose; `fault` says why.
    pub halted: bool,
    /// Version of the server, while it answers.
    pub server_version: Option<String>,
    /// One line about what is wrong, if something is.
    pub fault: Option<String>,
    /// What befell the copy last, mended or not, and when.
    pub incident: Option<(String, Timestamp)>,
    /// Last position that the audit of the copy has compared in its present or last round.
    pub audited: Position,
    /// When the last whole round of the audit ended.
    pub audit_ended_at: Option<Timestamp>,
}

/// What the doors tell about their own process.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProcessTold {
    /// The log is kept in PostgreSQL, else in SQLite.
    pub postgres: bool,
    /// Shares of the work that this process does.
    pub roles: Vec<String>,
    /// Days after which every backup of the learners' keys is gone.
    pub backup_days: u16,
}

/// Everything that a method needs. Cheap to clone.
#[derive(Clone)]
pub struct Doors {
    parts: Arc<Parts>,
    /// Look-ups that one call made on the way in.
    known: Option<Arc<lookups::Known>>,
}

struct Parts {
    log: Log,
    views: Views,
    verifier: Verifier,
    rules: HashMap<&'static str, Rule>,
    inputs: HashMap<&'static str, &'static str>,
    bus: Receiver<BusTold>,
    process: ProcessTold,
    started: Timestamp,
    stop: CancellationToken,
    registrations: Registrations,
    verified: Verified,
}

impl Doors {
    /// The doors of one process. `stop` ends streams when the process drains.
    pub fn new(
        log: Log,
        views: Views,
        verifier: Verifier,
        bus: Receiver<BusTold>,
        process: ProcessTold,
        stop: CancellationToken,
    ) -> Self {
        let rules = guard::rules_of_contract();
        let inputs = guard::inputs_of_contract();
        let started = Timestamp::now();
        let registrations = Registrations::default();
        let parts = Arc::new(Parts {
            log,
            views,
            verifier,
            rules,
            inputs,
            bus,
            process,
            started,
            stop,
            registrations,
            verified: Verified::default(),
        });
        Self { parts, known: None }
    }

    /// The log.
    pub fn log(&self) -> &Log {
        &self.parts.log
    }

    /// The views.
    pub fn views(&self) -> &Views {
        &self.parts.views
    }

    /// Accepts tokens.
    pub fn verifier(&self) -> &Verifier {
        &self.parts.verifier
    }

    /// What the contract says of each method.
    pub fn rules(&self) -> &HashMap<&'static str, Rule> {
        &self.parts.rules
    }

    /// Full name of a method's request message.
    pub(crate) fn inputs(&self) -> &HashMap<&'static str, &'static str> {
        &self.parts.inputs
    }

    /// Registrations of organisations that were read before.
    pub(crate) fn registrations(&self) -> &Registrations {
        &self.parts.registrations
    }

    /// Tokens that were verified before.
    pub(crate) fn verified(&self) -> &Verified {
        &self.parts.verified
    }

    /// What is known about the bus.
    pub fn bus(&self) -> BusTold {
        self.parts.bus.borrow().clone()
    }

    /// What is known about the process itself.
    pub fn process(&self) -> &ProcessTold {
        &self.parts.process
    }

    /// When the process began to serve.
    pub fn started(&self) -> Timestamp {
        self.parts.started
    }

    /// Cancelled when the process drains.
    pub fn stop(&self) -> &CancellationToken {
        &self.parts.stop
    }
}
