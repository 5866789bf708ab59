//! What a site is made of.

use crate::world::Backend;

/// What a site is made of.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Which database.
    pub backend: Backend,
    /// A cluster of the site's own, which may crash.
    pub own_cluster: bool,
    /// A bus that the views follow.
    pub nats: bool,
    /// Proxies before the database and the bus.
    pub proxied: bool,
    /// How many processes share the database.
    pub processes: usize,
    /// Further settings of its own cluster.
    pub settings: &'static [&'static str],
    /// The cluster's tables lie on a disk of so many MiB.
    pub postgres_disk: Option<u32>,
    /// The cluster's write-ahead log lies on a disk of so many MiB.
    pub wal_disk: Option<u32>,
    /// The bus lies on a disk of so many MiB.
    pub nats_disk: Option<u32>,
}

impl Shape {
    /// One process on SQLite, no bus.
    pub const SQLITE: Self = Self {
        backend: Backend::Sqlite,
        own_cluster: false,
        nats: false,
        proxied: false,
        processes: 1,
        settings: &[],
        postgres_disk: None,
        wal_disk: None,
        nats_disk: None,
    };
    /// One process on a database of the run's cluster, no bus.
    pub const POSTGRES: Self = Self { backend: Backend::Postgres, ..Self::SQLITE };

    /// The same with a bus.
    pub const fn with_nats(self) -> Self {
        Self { nats: true, ..self }
    }

    /// The same with so many processes.
    pub const fn with_processes(self, processes: usize) -> Self {
        Self { processes, ..self }
    }

    /// The same on a cluster of its own.
    pub const fn own_cluster(self) -> Self {
        Self { own_cluster: true, ..self }
    }

    /// The same on a cluster of its own with these settings.
    pub const fn set(self, settings: &'static [&'static str]) -> Self {
        Self { settings, own_cluster: true, ..self }
    }

    /// The same behind proxies.
    pub const fn proxied(self) -> Self {
        Self { proxied: true, ..self }
    }
}
