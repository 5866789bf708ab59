//! Settings: read from all their places, checked as a whole, then used. Flags override the
//! environment (`ONWARD__DATABASE__POSTGRES=…`), which overrides the file, which overrides defaults.

mod check;
#[cfg(test)]
mod fuzz;
mod print;

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use onward_log::KekSource;

use crate::cli::{ServeArgs, StoreArgs};
use crate::role::Role;

pub use print::printed;

/// The environment variable that may hold the key-encryption key.
const KEK: &str = "ONWARD_KEK";

/// Everything that can be set. Unknown keys are errors.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Shares of the work of this process.
    pub roles: Vec<Role>,
    /// Where the log is kept.
    pub database: DatabaseSettings,
    /// Where the learners' keys are kept.
    pub keys: KeySettings,
    /// Where the views are kept.
    pub views: ViewSettings,
    /// How the log proves what it was.
    pub proof: ProofSettings,
    /// The copy of the log.
    pub bus: BusSettings,
    /// The port.
    pub http: HttpSettings,
    /// Whose tokens are accepted.
    pub access: AccessSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            roles: Role::ALL.to_vec(),
            database: DatabaseSettings::default(),
            keys: KeySettings::default(),
            views: ViewSettings::default(),
            proof: ProofSettings::default(),
            bus: BusSettings::default(),
            http: HttpSettings::default(),
            access: AccessSettings::default(),
        }
    }
}

/// Where the log is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DatabaseSettings {
    /// Data folder. With PostgreSQL it still holds the learners' keys, unless they have a database.
    pub data: PathBuf,
    /// `postgres://…`; absent: SQLite in the data folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postgres: Option<String>,
    /// Most connections to PostgreSQL.
    pub max_connections: u32,
}

impl Default for DatabaseSettings {
    fn default() -> Self {
        Self { data: PathBuf::from("./onward-data"), postgres: None, max_connections: 16 }
    }
}

/// Where the learners' keys are kept: never with the log.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KeySettings {
    /// A PostgreSQL database of their own; absent: a file in the data folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postgres: Option<String>,
    /// A command that prints the key-encryption key, 64 hexadecimal digits: program and arguments. Empty: the
    /// environment variable `ONWARD_KEK` where it is set, else the file `kek` of the key folder.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// File of the list of erasures, outside every backup; absent: `erased` in the key folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erasures: Option<PathBuf>,
    /// Days after which every backup of the keys is gone, 35 at most.
    pub backup_days: u16,
}

impl Default for KeySettings {
    fn default() -> Self {
        Self { postgres: None, command: Vec::new(), erasures: None, backup_days: 35 }
    }
}

/// Where the views are kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ViewSettings {
    /// Another PostgreSQL server; absent: a schema beside the log, or a file of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postgres: Option<String>,
}

/// How the log proves what it was.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProofSettings {
    /// File of the key that signs checkpoints; absent: `keys/checkpoint.key` in the data folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
    /// Folder that checkpoints are written to; absent: `checkpoints` in the data folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoints: Option<PathBuf>,
    /// Seconds between two checkpoints, while something is written.
    pub every_seconds: u64,
}

impl Default for ProofSettings {
    fn default() -> Self {
        Self { key_file: None, checkpoints: None, every_seconds: 60 }
    }
}

/// The copy of the log.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BusSettings {
    /// `nats://…`; absent: no copy, the views follow the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nats: Option<String>,
    /// Copies of the stream in a cluster.
    pub replicas: usize,
    /// How long the relay's right to copy holds without being renewed, in seconds: after that another
    /// process takes over.
    pub lease_seconds: u64,
    /// Retired streams that are kept, the newest ones.
    pub retired_kept: usize,
    /// Pause between two rounds of the audit, in seconds.
    pub audit_seconds: u64,
    /// Events that the audit compares in a second at most.
    pub audit_rate: u64,
}

impl Default for BusSettings {
    fn default() -> Self {
        let usual = onward_bus::BusOptions::new("");
        Self {
            nats: None,
            replicas: usual.replicas,
            lease_seconds: usual.lease.as_secs(),
            retired_kept: usual.retired_kept,
            audit_seconds: usual.audit_every.as_secs(),
            audit_rate: usual.audit_rate,
        }
    }
}

/// The port.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HttpSettings {
    /// Address and port; port 0 picks one.
    pub listen: String,
    /// Certificate chain, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_certificate: Option<PathBuf>,
    /// Private key, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_key: Option<PathBuf>,
    /// A proxy in front of this listener ends TLS, so it may be plain beyond loopback.
    pub tls_ends_at_proxy: bool,
    /// Largest message taken, in bytes.
    pub largest_request: usize,
    /// Longest time that a unary call may take, in seconds.
    pub call_seconds: u64,
    /// Calls under way in the process; the next is sent away at once, with a time to come back.
    pub calls: usize,
    /// Calls and streams under way on one connection.
    pub calls_per_connection: usize,
}

impl Default for HttpSettings {
    fn default() -> Self {
        let limits = onward_api::Limits::default();
        Self {
            listen: "127.0.0.1:7700".to_owned(),
            tls_certificate: None,
            tls_key: None,
            tls_ends_at_proxy: false,
            largest_request: limits.largest_request,
            call_seconds: limits.call_time.as_secs(),
            calls: limits.calls,
            calls_per_connection: limits.calls_per_connection,
        }
    }
}

/// Whose tokens are accepted.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccessSettings {
    /// Accept tokens of the data folder's development key. Loopback only.
    pub development_key: bool,
    /// Identity providers.
    pub issuers: Vec<IssuerSettings>,
}

impl Default for AccessSettings {
    fn default() -> Self {
        Self { development_key: true, issuers: Vec::new() }
    }
}

/// An identity provider.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerSettings {
    /// `iss` of its tokens.
    pub name: String,
    /// File with its JSON Web Key Set (RS256 or EdDSA).
    pub jwks: PathBuf,
}

/// Settings that were read and found good.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The settings.
    pub settings: Settings,
    /// The address to listen on.
    pub listen: SocketAddr,
}

impl Settings {
    /// Reads the settings of a server from all their places.
    ///
    /// # Errors
    /// A file that cannot be read, an unknown key, a value of the wrong kind.
    pub fn of_server(args: &ServeArgs) -> anyhow::Result<Self> {
        let mut settings = Self::of_store(&args.store)?;
        if let Some(listen) = &args.listen {
            settings.http.listen.clone_from(listen);
        }
        if let Some(nats) = &args.nats {
            settings.bus.nats = Some(nats.clone());
        }
        if !args.role.is_empty() {
            settings.roles.clone_from(&args.role);
        }
        Ok(settings)
    }

    /// Reads the settings that say where data is kept.
    ///
    /// # Errors
    /// As [`Settings::of_server`].
    pub fn of_store(args: &StoreArgs) -> anyhow::Result<Self> {
        let mut builder = config::Config::builder();
        if let Some(file) = &args.config {
            let source = config::File::from(file.as_path()).format(config::FileFormat::Toml);
            builder = builder.add_source(source);
        }
        let environment = config::Environment::with_prefix("ONWARD")
            .prefix_separator("__")
            .separator("__")
            .try_parsing(true);
        let mut settings: Self = builder
            .add_source(environment)
            .build()
            .and_then(config::Config::try_deserialize)
            .map_err(|e| {
                anyhow::anyhow!("the configuration cannot be used: {}", print::fault(&e))
            })?;
        if let Some(data) = &args.data {
            settings.database.data.clone_from(data);
        }
        if let Some(postgres) = &args.postgres {
            settings.database.postgres = Some(postgres.clone());
        }
        Ok(settings)
    }

    /// Checks the settings of a server as a whole.
    ///
    /// # Errors
    /// The first thing that is wrong, in one sentence.
    pub fn checked(self) -> anyhow::Result<Checked> {
        check::server(self)
    }

    /// File of the development key.
    pub fn development_key_file(&self) -> PathBuf {
        self.keys_folder().join("development-token.pem")
    }

    /// Folder that checkpoints are written to.
    pub fn checkpoints_folder(&self) -> PathBuf {
        let beside = || self.database.data.join("checkpoints");
        self.proof.checkpoints.clone().unwrap_or_else(beside)
    }

    /// Where the key-encryption key comes from. What the environment holds is no setting: nothing prints it.
    pub fn kek(&self) -> KekSource {
        match std::env::var(KEK) {
            _ if !self.keys.command.is_empty() => KekSource::Command(self.keys.command.clone()),
            Ok(text) if !text.trim().is_empty() => KekSource::Text(text.into()),
            _ => KekSource::File,
        }
    }

    /// Folder of the key files.
    pub fn keys_folder(&self) -> PathBuf {
        self.database.data.join("keys")
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(text.as_bytes()).expect("written");
        file
    }

    fn read(text: &str) -> anyhow::Result<Settings> {
        let file = file(text);
        let store = StoreArgs { config: Some(file.path().to_owned()), ..StoreArgs::default() };
        Settings::of_store(&store)
    }

    #[test]
    fn what_is_printed_loads_again_and_means_the_same() {
        let printed = printed(&Settings::default()).expect("printable");
        let again = read(&printed).expect("loads");
        assert_eq!(super::printed(&again).expect("printable"), printed);
    }

    #[test]
    fn an_unknown_key_is_an_error_that_names_it() {
        let error = read("[http]\nlisten_on = \"127.0.0.1:1\"\n").expect_err("refused");
        assert!(error.to_string().contains("listen_on"), "{error}");
    }

    #[test]
    fn secrets_are_hidden_when_printed() {
        let settings = read("[database]\npostgres = \"postgres://onward:hunter2@db/onward\"\n")
            .expect("loads");
        let printed = printed(&settings).expect("printable");
        assert!(!printed.contains("hunter2") && printed.contains("db/onward"), "{printed}");
    }

    #[test]
    fn arguments_of_the_key_command_are_hidden_when_printed() {
        let settings =
            read("[keys]\ncommand = [\"/usr/bin/kms\", \"--pin=hunter2\"]\n").expect("loads");
        let printed = printed(&settings).expect("printable");
        assert!(!printed.contains("hunter2") && printed.contains("/usr/bin/kms"), "{printed}");
        assert!(!format!("{:?}", settings.kek()).contains("hunter2"));
    }

    #[test]
    fn backups_of_keys_are_kept_for_35_days_at_most() {
        for days in [0, 36] {
            let settings = read(&format!("[keys]\nbackup_days = {days}\n")).expect("loads");
            let refused = settings.checked().expect_err("refused").to_string();
            assert!(refused.contains("keys.backup_days"), "{refused}");
        }
    }

    #[test]
    fn a_plain_listener_beyond_loopback_needs_a_word() {
        let refused = read("[http]\nlisten = \"0.0.0.0:7700\"\n").expect("loads").checked();
        assert!(refused.expect_err("refused").to_string().contains("TLS"));
        let proxied = "[http]\nlisten = \"0.0.0.0:7700\"\ntls_ends_at_proxy = true\n\
                       [access]\ndevelopment_key = false\n";
        let proxied = read(proxied).expect("loads").checked();
        assert!(
            proxied.expect_err("nobody's tokens would be accepted").to_string().contains("issuer")
        );
    }
}
