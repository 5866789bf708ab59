//! Look-ups by key: many callers, one statement.
//!
//! As with appends, whatever waits when a reader is free is asked together, with no timer. A statement
//! begins after everything in it was handed in, so that each caller sees what was committed before it
//! asked: a membership that was removed is gone for the next call. Equal keys are asked once.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::{Mutex, mpsc, oneshot};

use crate::claim_key::Holder;
use crate::error::{Cause, LogError};
use crate::sql::{Store, log_fault};

/// Look-ups that wait; more wait for room.
const WAITING: usize = 1_024;
/// Keys in one statement above which no further look-up joins.
const TOGETHER: usize = 512;
/// Statements under way at once.
const AT_ONCE: usize = 2;

/// A key as stored: scope and keyed hash.
pub(crate) type Hashed = (i16, [u8; 32]);

/// (Index of the key asked for, holder).
type Holders = Vec<(usize, Holder)>;

/// The way to the look-ups.
pub(crate) struct Finder(mpsc::Sender<Ask>);

struct Ask {
    keys: Vec<Hashed>,
    reply: oneshot::Sender<Result<Holders, LogError>>,
}

impl Finder {
    /// Starts the tasks that ask; they end with the last handle of the log.
    pub(crate) fn start(store: &Arc<Store>) -> Self {
        let (asks, waiting) = mpsc::channel(WAITING);
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..AT_ONCE {
            tokio::spawn(serve(Arc::clone(store), Arc::clone(&waiting)));
        }
        Self(asks)
    }

    /// Holders of keys. The statement begins after this was called.
    pub(crate) async fn find(&self, keys: Vec<Hashed>) -> Result<Holders, LogError> {
        let gone = LogError::Unavailable(Cause::Stopping);
        let (reply, answer) = oneshot::channel();
        self.0.send(Ask { keys, reply }).await.map_err(|_| gone)?;
        answer.await.map_err(|_| gone)?
    }
}

async fn serve(store: Arc<Store>, waiting: Arc<Mutex<mpsc::Receiver<Ask>>>) {
    loop {
        let asks = take(&mut *waiting.lock().await).await;
        if asks.is_empty() {
            return;
        }
        answer(&store, asks).await;
    }
}

/// What waits now, at least one; nothing when nobody can ask any more.
async fn take(waiting: &mut mpsc::Receiver<Ask>) -> Vec<Ask> {
    let Some(first) = waiting.recv().await else { return Vec::new() };
    let mut keys = first.keys.len();
    let mut asks = vec![first];
    while keys < TOGETHER
        && let Ok(ask) = waiting.try_recv()
    {
        keys += ask.keys.len();
        asks.push(ask);
    }
    asks
}

async fn answer(store: &Store, asks: Vec<Ask>) {
    let mut distinct: Vec<Hashed> = Vec::new();
    // Of each distinct key: which look-ups want it, and as their how-manieth.
    let mut places: HashMap<Hashed, usize> = HashMap::new();
    let mut wanted: Vec<Vec<(usize, usize)>> = Vec::new();
    for (number, ask) in asks.iter().enumerate() {
        for (index, key) in ask.keys.iter().enumerate() {
            let place = *places.entry(*key).or_insert_with(|| {
                distinct.push(*key);
                wanted.push(Vec::new());
                distinct.len() - 1
            });
            wanted[place].push((number, index));
        }
    }
    let found = store.find(&distinct).await.map_err(|error| log_fault(&error));
    let mut answers: Vec<Holders> = asks.iter().map(|_| Vec::new()).collect();
    for (place, holder) in found.as_ref().map_or(&[][..], Vec::as_slice) {
        for (number, index) in wanted.get(*place).into_iter().flatten() {
            answers[*number].push((*index, *holder));
        }
    }
    for (ask, holders) in asks.into_iter().zip(answers) {
        let answer = match &found {
            Ok(_) => Ok(holders),
            Err(fault) => Err(*fault),
        };
        // Whoever went away needs no answer.
        let _ = ask.reply.send(answer);
    }
}
