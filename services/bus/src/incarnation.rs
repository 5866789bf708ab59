//! Incarnations: which there are, making the next, moving a spent one aside, removing old ones.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use async_nats::jetstream;
use async_nats::jetstream::context::CreateStreamErrorKind;
use async_nats::jetstream::stream::Info;
use futures::TryStreamExt;
use onward_log::{Log, Position};

use crate::connect::BusOptions;
use crate::settings::{self, Made};
use crate::stream::{Present, StreamFault};
use crate::subject;

/// Incarnations that may be spent within a minute before the relay waits.
const MOST_A_MINUTE: usize = 5;

/// An incarnation on the server.
pub(crate) struct Incarnation {
    pub(crate) number: u32,
    pub(crate) info: Info,
}

impl Incarnation {
    /// It was moved aside.
    pub(crate) fn is_retired(&self) -> bool {
        self.info.config.metadata.contains_key(settings::RETIRED)
            || self.info.config.subjects == [subject::retired(self.number)]
    }

    /// Nothing speaks against removing it: it is this log's, and the log has all that it holds.
    fn may_go(&self, log: &Log) -> bool {
        let metadata = &self.info.config.metadata;
        self.is_retired()
            && metadata.get(settings::COPY_OF).is_some_and(|id| *id == log.id().to_string())
            && metadata.get(settings::RETIRED).is_some_and(|why| why == settings::SPENT)
    }
}

/// How often one was begun of late, which number is in hand, and how far the present one has come.
#[derive(Default)]
pub(crate) struct Incarnations {
    /// A number that the log gave to this relay, and the server has refused to make: it is free still.
    unmade: Option<u32>,
    /// What the server has acknowledged to this relay: incarnation and position.
    pub(crate) reached: (u32, Position),
    begun: VecDeque<Instant>,
}

impl Incarnations {
    /// Notes that one begins, unless too many have.
    pub(crate) fn begin(&mut self) -> Result<(), StreamFault> {
        self.begun.retain(|at| at.elapsed() < Duration::from_secs(60));
        if self.begun.len() >= MOST_A_MINUTE {
            return Err(StreamFault::Spoilt(self.begun.len()));
        }
        self.begun.push_back(Instant::now());
        Ok(())
    }

    /// This number was given to this relay, which has not come to use it.
    pub(crate) fn is_unmade(&self, number: u32) -> bool {
        self.unmade == Some(number)
    }
}

/// Every stream that bears the name of an incarnation, in order.
pub(crate) async fn all(context: &jetstream::Context) -> Result<Vec<Incarnation>, StreamFault> {
    let found: Vec<Info> =
        context.streams().try_collect().await.map_err(|error| StreamFault::server(&error))?;
    let named = |info: Info| {
        Some(Incarnation { number: subject::incarnation_of(&info.config.name)?, info })
    };
    let mut all: Vec<Incarnation> = found.into_iter().filter_map(named).collect();
    all.sort_by_key(|incarnation| incarnation.number);
    Ok(all)
}

/// Makes the next incarnation, whose number is above `newest`. The log gives the number out before anything is
/// made under it: a relay that was paused in between, or a request that comes late, cannot bring a number
/// back that another relay's incarnation has had.
pub(crate) async fn create(
    context: &jetstream::Context,
    log: &Log,
    options: &BusOptions,
    incarnations: &mut Incarnations,
    newest: u32,
) -> Result<Present, StreamFault> {
    let number = match incarnations.unmade.take() {
        Some(unmade) if unmade > newest => unmade,
        _ => log.begin_incarnation(newest.saturating_add(1)).await?,
    };
    let (head, epoch) = (log.head().await?, log.epoch().await?);
    let first = head.get().saturating_sub(options.kept) + 1;
    let name = subject::stream_name(number);
    let made = Made { log: log.id(), epoch, options, first };
    if let Err(error) = context.create_stream(made.settings(&name)).await {
        // Without the server's word it may have been made, or be made yet: then the number is spent.
        let refused = matches!(error.kind(), CreateStreamErrorKind::JetStream(_));
        incarnations.unmade = refused.then_some(number);
        return Err(StreamFault::server(&error));
    }
    tracing::info!(stream = name, first, "a new incarnation of the copy");
    Ok(Present { number, last: Position::new(first - 1), epoch })
}

/// Moves the subjects of a spent incarnation aside, so that the next one can have them.
pub(crate) async fn retire(
    context: &jetstream::Context,
    spent: &Incarnation,
    why: &'static str,
) -> Result<(), StreamFault> {
    let mut config = spent.info.config.clone();
    config.subjects = vec![subject::retired(spent.number)];
    config.metadata.insert(settings::RETIRED.to_owned(), why.to_owned());
    context.update_stream(config).await.map_err(|error| StreamFault::server(&error))?;
    Ok(())
}

/// Removes retired incarnations but the newest so many. Those that may hold what the log lost are not
/// counted and not removed.
pub(crate) async fn prune(
    context: &jetstream::Context,
    log: &Log,
    kept: usize,
) -> Result<(), StreamFault> {
    let all = all(context).await?;
    let retired = all.iter().rev().filter(|incarnation| incarnation.may_go(log));
    for old in retired.skip(kept) {
        let name = subject::stream_name(old.number);
        context.delete_stream(&name).await.map_err(|error| StreamFault::server(&error))?;
        tracing::info!(stream = name, "an old incarnation of the copy was removed");
    }
    Ok(())
}
