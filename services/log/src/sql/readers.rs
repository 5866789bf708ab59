//! A few connections for reads, each used for one statement at a time.
//!
//! A connection comes back only when its statement has ended well: a caller that goes away in the middle
//! (tonic drops a handler's future with its client) can hand nobody a connection in an unknown state.
//! A pool that cannot tell asks the server before and after every statement; this one need not.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sqlx::{ConnectOptions, Connection, Error};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::fault::is_lost;

/// How long a read waits for a free connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// Connections for reads.
pub(crate) struct Readers<C: Connection> {
    idle: Mutex<Vec<C>>,
    permits: Semaphore,
    settings: C::Options,
}

/// A connection that was taken.
pub(crate) struct Taken<'r, C: Connection> {
    readers: &'r Readers<C>,
    connection: C,
    _permit: SemaphorePermit<'r>,
}

impl<C> Readers<C>
where
    C: Connection,
    C::Options: ConnectOptions<Connection = C>,
{
    pub(crate) fn new(settings: C::Options, most: u32) -> Self {
        let permits = Semaphore::new(usize::try_from(most.max(1)).unwrap_or(1));
        Self { idle: Mutex::new(Vec::new()), permits, settings }
    }

    /// Waits in turn for a connection. `fresh`: a new one, since an old one may have been left over from
    /// before the server went away.
    pub(crate) async fn take(&self, fresh: bool) -> Result<Taken<'_, C>, Error> {
        let permit = tokio::time::timeout(PATIENCE, self.permits.acquire()).await;
        let permit = permit.map_err(|_| Error::PoolTimedOut)?.map_err(|_| Error::PoolClosed)?;
        let idle = if fresh { self.clear() } else { self.idle().pop() };
        let connection = match idle {
            Some(connection) => connection,
            None => self.settings.connect().await?,
        };
        Ok(Taken { readers: self, connection, _permit: permit })
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<C>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn clear(&self) -> Option<C> {
        self.idle().clear();
        None
    }

    /// Closes what is idle, and lets nobody in any more.
    pub(crate) async fn close(&self) {
        self.permits.close();
        let idle = std::mem::take(&mut *self.idle());
        for connection in idle {
            // It only read: nothing is lost with it.
            let _ = connection.close().await;
        }
    }
}

impl<C: Connection> Taken<'_, C> {
    pub(crate) fn connection(&mut self) -> &mut C {
        &mut self.connection
    }

    /// Gives the connection back, where the statement has ended well or was refused by the server.
    pub(crate) fn give_back<T>(self, done: &Result<T, Error>) {
        let whole = match done {
            Ok(_) => true,
            Err(error) => !is_lost(error),
        };
        if whole && !self.connection.is_in_transaction() && !self.readers.permits.is_closed() {
            let mut idle = self.readers.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.push(self.connection);
        }
    }
}

/// Runs one statement on a reader's connection of either database; once more on a new connection where
/// the old one turns out to be broken.
macro_rules! on_readers {
    ($store:expr, $connection:ident => $body:expr) => {
        match $store {
            $crate::sql::Store::Postgres(database) => {
                $crate::sql::readers::on!(database.readers, $connection => $body)
            }
            $crate::sql::Store::Sqlite(database) => {
                $crate::sql::readers::on!(database.readers, $connection => $body)
            }
        }
    };
}
pub(crate) use on_readers;

/// The same, for the readers of one database.
macro_rules! on {
    ($readers:expr, $connection:ident => $body:expr) => {{
        let mut again = false;
        loop {
            let mut taken = $readers.take(again).await?;
            let $connection = taken.connection();
            let done = $body;
            taken.give_back(&done);
            match done {
                Err(error) if !again && $crate::sql::fault::is_lost(&error) => again = true,
                done => break done,
            }
        }
    }};
}
pub(crate) use on;
