//! Opening a log: look at everything first, bring the tables up to date, then start the tasks.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::access::{self, AccessRecord};
use crate::append::{Batcher, Service, raise};
use crate::claim_key::LookupKey;
use crate::codec::Known;
use crate::erase::{self, ErasureList};
use crate::error::OpenError;
use crate::feed::POLL;
use crate::find::Finder;
use crate::folder::FolderLock;
use crate::keys::{Keys, lookup_key};
use crate::log::{Inner, Log};
use crate::options::{Database, Options};
use crate::position::Position;
use crate::proof::Proof;
use crate::recent::Recent;
use crate::sql::{Store, open_fault, postgres, sqlite};

/// How often PostgreSQL's ranges of positions are made ahead.
const AHEAD: Duration = Duration::from_secs(60);

/// Batches on their way to PostgreSQL: one that commits, and one that waits for the log's lock.
const IN_FLIGHT: usize = 2;

impl Log {
    /// Opens the log: checks the database's settings, brings its tables up to date (safe to do twice, and
    /// from two processes at once), and starts the batcher.
    ///
    /// # Errors
    /// One clear reason; nothing is left running.
    pub async fn open(options: Options) -> Result<Self, OpenError> {
        Self::open_as(options, Known::default()).await
    }

    /// Opens the log as a binary that knows only these types: what it does with the events of a newer one
    /// can be seen so.
    ///
    /// # Errors
    /// As [`Log::open`].
    pub async fn open_as(options: Options, known: Known) -> Result<Self, OpenError> {
        let folder = match &options.database {
            Database::Sqlite { folder } => {
                Some((folder.join("log.db"), FolderLock::take(folder, options.create)?))
            }
            Database::Postgres { .. } => None,
        };
        let keys = Keys::open(&options.keys, options.create).await?;
        let lookup = lookup_key(&options.keys.folder)?;
        let store = match folder {
            Some((path, lock)) => Store::Sqlite(sqlite::Database::open(&path, lock).await?),
            None => Store::Postgres(postgres(&options.database).await?),
        };
        let id = identify(&store, &keys, &lookup, &options).await?;
        store.make_ahead().await;
        let head = store.head().await.map_err(open_fault)?;
        let proof = Proof::open(&options, id)?;
        let log = start(store, keys, lookup, proof, options, (id, known), true);
        raise(&log.0.head, Position::new(head.position));
        match log.replay_erasures().await {
            Ok(()) => Ok(log),
            Err(error) => {
                log.close().await;
                Err(error)
            }
        }
    }
}

impl Log {
    /// Opens the log to look at it, beside whoever serves it: nothing is made, locked or brought up to date,
    /// and whatever would write is refused. The keys must be there.
    ///
    /// # Errors
    /// One clear reason.
    pub async fn look(options: Options) -> Result<Self, OpenError> {
        if !options.keys.folder.join("lookup.key").is_file() {
            return Err(OpenError::NoFolder(options.keys.folder));
        }
        let keys = Keys::open(&options.keys, false).await?;
        let lookup = lookup_key(&options.keys.folder)?;
        let store = match &options.database {
            Database::Sqlite { folder } => {
                Store::Sqlite(sqlite::Database::look(&folder.join("log.db")))
            }
            Database::Postgres { url, schema, max_connections } => {
                Store::Postgres(postgres::Database::look(url, schema.as_deref(), *max_connections)?)
            }
        };
        let identity = store.identity().await.map_err(open_fault)?;
        let (id, ..) = identity.ok_or_else(|| OpenError::NoFolder(options.keys.folder.clone()))?;
        let proof = Proof::looking(id);
        Ok(start(store, keys, lookup, proof, options, (id, Known::default()), false))
    }
}

async fn postgres(database: &Database) -> Result<postgres::Database, OpenError> {
    match database {
        Database::Postgres { url, schema, max_connections } => {
            postgres::Database::open(url, schema.as_deref(), *max_connections).await
        }
        Database::Sqlite { folder } => Err(OpenError::NoFolder(folder.clone())),
    }
}

/// Whose log this is. The first to open it decides; with other keys it does not open. A new log beside keys
/// that are in use means that the log was lost: it is not begun anew without a word.
async fn identify(
    store: &Store,
    keys: &Keys,
    lookup: &LookupKey,
    options: &Options,
) -> Result<Uuid, OpenError> {
    let check = lookup.check();
    // In this order: keys are made only once the log says whose it is.
    let sealed = keys.hold_any().await?;
    if sealed && store.identity().await.map_err(open_fault)?.is_none() {
        return Err(OpenError::KeysWithoutLog(options.keys.folder.clone()));
    }
    store.identify(Uuid::now_v7(), keys.id(), &check).await?;
    let identity = store.identity().await.map_err(open_fault)?;
    match identity {
        Some((id, keys_id, kept)) if keys_id == keys.id() && kept == check => Ok(id),
        _ => Err(OpenError::ForeignKeys(options.keys.folder.clone())),
    }
}

fn start(
    store: Store,
    keys: Keys,
    lookup: LookupKey,
    proof: Proof,
    options: Options,
    (id, known): (Uuid, Known),
    serving: bool,
) -> Log {
    let store = Arc::new(store);
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    let (head, _) = watch::channel(Position::START);
    let (batcher, jobs) = Batcher::channel(&options.batcher);
    let (access, reads) = AccessRecord::channel();
    let batching = options.batcher;
    let recent = Arc::new(Recent::default());
    match store.as_ref() {
        // Without its other end, work that is handed in is refused at once.
        _ if !serving => {}
        Store::Postgres(database) => {
            for _ in 0..IN_FLIGHT {
                let backend = postgres::Appender::new(database);
                let (head, recent, stop) = (head.clone(), Arc::clone(&recent), stop.clone());
                let service = Service { backend, options: batching, head, recent, stop };
                tasks.spawn(service.run(Arc::clone(&jobs)));
            }
            tasks.spawn(access::serve(postgres::Reads::new(database), reads, stop.clone()));
            // Other processes append too.
            tasks.spawn(poll(Arc::clone(&store), head.clone(), stop.clone()));
            tasks.spawn(make_ahead(Arc::clone(&store), stop.clone()));
        }
        Store::Sqlite(database) => {
            let backend = sqlite::Appender::new(database, Arc::clone(&options.clock));
            let service = {
                let (head, recent, stop) = (head.clone(), Arc::clone(&recent), stop.clone());
                Service { backend, options: batching, head, recent, stop }
            };
            tasks.spawn(service.run(jobs));
            tasks.spawn(access::serve(sqlite::Reads::new(database), reads, stop.clone()));
            tasks.spawn(database.checkpoints(head.subscribe(), stop.clone()));
        }
    }
    if serving {
        let (keys, head) = (keys.clone(), head.subscribe());
        tasks.spawn(erase::follow(Arc::clone(&store), keys, head, stop.clone()));
    }
    let finder = Finder::start(&store);
    let erasures = ErasureList::new(options.keys.erasure_list());
    Log(Arc::new(Inner {
        store,
        batcher,
        keys,
        lookup,
        finder,
        erasures,
        access,
        proof,
        head,
        recent,
        clock: options.clock,
        known,
        id,
        tasks,
        _guard: stop.clone().drop_guard(),
        stop,
    }))
}

/// Hears of other processes' appends.
async fn poll(store: Arc<Store>, head: watch::Sender<Position>, stop: CancellationToken) {
    let mut own = head.subscribe();
    loop {
        own.borrow_and_update();
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(POLL) => {}
            // Woken by an append of our own: nobody needs to ask.
            changed = own.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
        }
        if let Ok(found) = store.head().await {
            raise(&head, Position::new(found.position));
        }
    }
}

async fn make_ahead(store: Arc<Store>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(AHEAD) => store.make_ahead().await,
        }
    }
}
