//! UmaDB: an event store of one binary, asked through gRPC as Onward is. The bench starts its server as it
//! comes: with its own settings it syncs twice a commit (data, then header: `Mvcc::commit` of umadb-core
//! 0.7.8), and many appends share a commit. It is asked the least that it can be: one event with one tag,
//! and no condition.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde_json::{Map, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use tonic_prost::ProstCodec;
use uuid::Uuid;

use super::{EVENT, left_out, until};
use crate::cli::BenchArgs;
use crate::commands::bench::end_to_end::CONNECTIONS;
use crate::commands::bench::figures::{self, Cell, Figures, most_memory};
use crate::commands::bench::ground;
use crate::commands::bench::load::Load;

/// Longest wait for its first answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// Pause between two questions whether it is there.
const ASK: Duration = Duration::from_millis(20);

/// A request, as far as it is used here. The numbers of these fields are those of `umadb.v1` in
/// `proto/v1/umadb.proto` of the crate umadb-proto 0.7.8 (MIT or Apache-2.0).
#[derive(Clone, PartialEq, prost::Message)]
struct AppendRequest {
    #[prost(message, repeated, tag = "1")]
    events: Vec<Event>,
}

/// An event.
#[derive(Clone, PartialEq, prost::Message)]
struct Event {
    #[prost(string, tag = "1")]
    event_type: String,
    #[prost(string, repeated, tag = "2")]
    tags: Vec<String>,
    #[prost(bytes = "vec", tag = "3")]
    data: Vec<u8>,
    #[prost(string, tag = "4")]
    uuid: String,
}

/// The answer.
#[derive(Clone, PartialEq, prost::Message)]
struct AppendResponse {
    /// Where the store ends then; its first event is at 1.
    #[prost(uint64, tag = "1")]
    position: u64,
}

/// Runs it, where it is installed.
pub(super) async fn run(args: &BenchArgs, named: Option<&Path>) -> anyhow::Result<()> {
    let Some(program) = named.map(Path::to_owned).or_else(on_the_path) else {
        return left_out("umadb", "not on the PATH: cargo install umadb, or give --umadb its file");
    };
    let server = Server::start(args, &program).await?;
    let measured = measure(args, &server, version(&program).await).await;
    server.end().await?;
    measured
}

fn on_the_path() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join("umadb")).find(|file| file.is_file())
}

/// What it calls itself, with its version.
async fn version(program: &Path) -> String {
    let said = Command::new(program).arg("--version").output().await;
    let said = said.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    said.unwrap_or_default()
}

/// Its server, on a port and in a folder of its own.
struct Server {
    child: Child,
    endpoint: Endpoint,
    folder: TempDir,
}

impl Server {
    async fn start(args: &BenchArgs, program: &Path) -> anyhow::Result<Self> {
        let folder = ground::folder(args)?;
        let port = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port();
        let said = std::fs::File::create(folder.path().join("umadb.log"))?;
        let mut command = Command::new(program);
        command.arg("--listen").arg(format!("127.0.0.1:{port}"));
        command.arg("--db-path").arg(folder.path().join("uma.db"));
        for setting in settings_of_the_environment() {
            command.env_remove(setting);
        }
        command.stdin(Stdio::null()).stdout(said.try_clone()?).stderr(said).kill_on_drop(true);
        let child = command.spawn().with_context(|| format!("starting {}", program.display()))?;
        let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{port}"))?;
        let endpoint = endpoint.connect_timeout(Duration::from_secs(5)).tcp_nodelay(true);
        let mut server = Self { child, endpoint, folder };
        let answers = tokio::time::timeout(PATIENCE, server.answers()).await;
        answers.context("umadb does not answer")??;
        Ok(server)
    }

    /// Waits until an event is stored: whether it is there, and speaks what we speak.
    async fn answers(&mut self) -> anyhow::Result<()> {
        loop {
            if let Some(status) = self.child.try_wait()? {
                let said = std::fs::read_to_string(self.folder.path().join("umadb.log"))?;
                bail!("umadb ended with {status}: {}", said.lines().last().unwrap_or_default());
            }
            if let Ok(channel) = self.endpoint.connect().await {
                let position = append(&mut Grpc::new(channel)).await?;
                ensure!(position > 0, "umadb answers something else than a position");
                return Ok(());
            }
            tokio::time::sleep(ASK).await;
        }
    }

    async fn end(mut self) -> anyhow::Result<()> {
        self.child.kill().await?;
        Ok(self.folder.close()?)
    }
}

/// Another server's settings are not this one's.
fn settings_of_the_environment() -> Vec<OsString> {
    let names = std::env::vars_os().map(|(name, _)| name);
    names.filter(|name| name.to_string_lossy().starts_with("UMADB_")).collect()
}

async fn measure(args: &BenchArgs, server: &Server, version: String) -> anyhow::Result<()> {
    let mut connections = Vec::new();
    for _ in 0..args.clients.min(CONNECTIONS) {
        connections.push(server.endpoint.connect().await?);
    }
    let pid = server.child.id().context("umadb has ended")?.to_string();
    let (begun, load) = (Instant::now(), Load::begin_with(&pid));
    let until = until(args.seconds);
    let channels = connections.iter().cycle().take(args.clients as usize).cloned();
    let callers: Vec<_> = channels.map(|one| tokio::spawn(caller(one, until))).collect();
    let mut figures = Figures::default();
    for caller in callers {
        figures.add(caller.await?);
    }
    let took = begun.elapsed();
    let mut more = Map::new();
    load.tell(&mut more);
    more.insert("server".into(), json!(version));
    more.insert("server_max_rss_mib".into(), json!(most_memory(&pid)));
    more.insert("event_bytes".into(), json!(EVENT));
    more.insert("synced".into(), json!("twice a commit, which many appends share"));
    more.insert("condition".into(), json!("none"));
    let (backend, clients) = ("umadb", args.clients);
    let cell = Cell { workload: "umadb append", backend, clients, batch: 1, took, more };
    figures::print(cell, figures)
}

async fn caller(channel: Channel, until: Instant) -> Figures {
    let (mut server, mut figures) = (Grpc::new(channel), Figures::default());
    while Instant::now() < until {
        let begun = Instant::now();
        match append(&mut server).await {
            Ok(_) => figures.call(begun.elapsed()),
            Err(_) => figures.errors += 1,
        }
    }
    figures
}

/// Appends one event; answers its position.
async fn append(server: &mut Grpc<Channel>) -> Result<u64, Status> {
    let event = Event {
        event_type: "transition.phase_transfer_recorded".to_owned(),
        tags: vec![format!("transition:{}", Uuid::now_v7())],
        data: vec![7; EVENT],
        uuid: Uuid::now_v7().to_string(),
    };
    let request = Request::new(AppendRequest { events: vec![event] });
    server.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let codec = ProstCodec::<AppendRequest, AppendResponse>::default();
    let method = PathAndQuery::from_static("/umadb.v1.DCB/Append");
    Ok(server.unary(request, method, codec).await?.into_inner().position)
}
