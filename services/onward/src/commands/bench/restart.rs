//! `kill -9` of a server on a long log: how soon another one answers.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use jiff::Timestamp;
use onward_access::{DEVELOPMENT_ISSUER, DevelopmentKey};
use onward_contract::access::v1::OrganisationKind;
use onward_contract::directory::v1 as directory;
use onward_contract::operations::v1::GetStatusRequest;
use onward_domain::ids::{LearnerId, OrganisationId};
use onward_log::{ExecuteError, Log};
use serde_json::{Map, json};
use uuid::Uuid;

use super::append;
use super::figures::{self, Cell, Figures};
use super::ground::{self, Made};
use crate::app::log_options;
use crate::cli::RestartArgs;
use crate::commands::bootstrap::first_operator;
use crate::commands::client::{Server, told};
use crate::config::Settings;

/// Learners among whom the events are spread.
const LEARNERS: usize = 20_000;
/// Events of one append.
const AT_ONCE: usize = 100;
/// Appends that fill the log side by side.
const FILLING: usize = 32;
/// How long the views may take to catch up before the server is killed.
const CATCHING_UP: Duration = Duration::from_secs(30 * 60);

/// Runs the bench.
pub async fn run(args: RestartArgs) -> anyhow::Result<()> {
    let folder = ground::folder(&args.bench)?;
    let database = Made::on(args.bench.postgres.as_deref()).await?;
    let data = folder.path().join("data");
    let mut settings = Settings::default();
    settings.database.data.clone_from(&data);
    settings.database.postgres = database.as_ref().map(Made::url);
    let house = House {
        key: settings.development_key_file(),
        operator: prepare(settings, args.events).await?,
        data: data.to_string_lossy().into_owned(),
        postgres: database.as_ref().map(Made::url),
    };
    let measured = measure(&args, &house).await;
    Made::remove(database).await?;
    folder.close()?;
    measured
}

struct House {
    key: std::path::PathBuf,
    operator: OrganisationId,
    data: String,
    postgres: Option<String>,
}

/// Fills the log, and leaves an operator and the keys behind.
async fn prepare(settings: Settings, events: u64) -> anyhow::Result<OrganisationId> {
    let log = Log::open(log_options(&settings, true)).await?;
    ground::empty(&log).await?;
    let first = first_operator(&log, "Bench", DEVELOPMENT_ISSUER, "operator").await?;
    fill(&log, events).await?;
    log.close().await;
    Ok(first.organisation)
}

async fn fill(log: &Log, events: u64) -> anyhow::Result<()> {
    let learners: Arc<Vec<LearnerId>> =
        Arc::new((0..LEARNERS).map(|_| LearnerId::new(Uuid::now_v7())).collect());
    let appends = usize::try_from(events)?.div_ceil(AT_ONCE);
    let filling: Vec<_> = (0..FILLING)
        .map(|first| {
            let (log, learners) = (log.clone(), Arc::clone(&learners));
            tokio::spawn(async move {
                for append in (first..appends).step_by(FILLING) {
                    let learner = learners[append % learners.len()];
                    append::record(&log, learner, AT_ONCE).await?;
                }
                Ok::<_, ExecuteError>(())
            })
        })
        .collect();
    for one in filling {
        one.await??;
    }
    Ok(())
}

async fn measure(args: &RestartArgs, house: &House) -> anyhow::Result<()> {
    let (mut first, url) = start(house)?;
    let server = operator(house, &url).await?;
    let begun = Instant::now();
    let positions = caught_up(&server).await;
    let views = begun.elapsed();
    // Not `terminate`: this is the fault.
    first.kill()?;
    first.wait()?;
    let head = positions?;
    let begun = Instant::now();
    let (mut second, url) = start(house)?;
    let serving = begun.elapsed();
    let answered = answers(house, &url, begun).await;
    second.kill()?;
    second.wait()?;
    let (read, written) = answered?;
    let mut more = Map::new();
    more.insert("events".into(), json!(head));
    more.insert("views_caught_up_s".into(), json!(figures::rounded(views.as_secs_f64())));
    more.insert("serving_ms".into(), json!(serving.as_millis()));
    more.insert("first_read_ms".into(), json!(read.as_millis()));
    more.insert("first_write_ms".into(), json!(written.as_millis()));
    let mut figures = Figures::default();
    figures.call(written);
    let backend = super::backend(&args.bench);
    let cell = Cell { workload: "restart", backend, clients: 1, batch: 1, took: written, more };
    figures::print(cell, figures)
}

/// Starts a server and waits until it says where it serves.
fn start(house: &House) -> anyhow::Result<(Child, String)> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(Path::new(&house.data));
    if let Some(url) = &house.postgres {
        command.args(["--postgres", url]);
    }
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let stdout = child.stdout.take().context("its standard output is piped")?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line)?;
    let url = line.trim().rsplit(' ').next().unwrap_or_default().to_owned();
    ensure!(url.starts_with("http://"), "the server did not start: {}", line.trim());
    Ok((child, url))
}

async fn operator(house: &House, url: &str) -> anyhow::Result<Server> {
    let key = DevelopmentKey::load(&house.key)?;
    let hour = Duration::from_secs(3600);
    let token = key.sign("operator", house.operator, Timestamp::now(), hour)?;
    Server::dial(url, &token).await
}

/// Waits until every view shows the whole log; answers where it ends.
async fn caught_up(server: &Server) -> anyhow::Result<u64> {
    let deadline = Instant::now() + CATCHING_UP;
    loop {
        let status = server.operations().get_status(GetStatusRequest::default()).await;
        let status = status.map_err(|s| told(&s))?.into_inner();
        if status.views.iter().all(|view| view.lag_events == 0) {
            let head = status.log.unwrap_or_default().head_position;
            return Ok(head.parse()?);
        }
        ensure!(Instant::now() < deadline, "the views did not catch up");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// When the first read and the first write were answered.
async fn answers(house: &House, url: &str, begun: Instant) -> anyhow::Result<(Duration, Duration)> {
    let server = operator(house, url).await?;
    let status = server.operations().get_status(GetStatusRequest::default()).await;
    status.map_err(|s| told(&s))?;
    let read = begun.elapsed();
    let request = directory::RegisterOrganisationRequest {
        request_id: Uuid::now_v7().to_string(),
        kind: OrganisationKind::School.into(),
        name: "Bench School".to_owned(),
        phase: directory::Phase::Primary.into(),
        identifiers: Some(directory::OrganisationIdentifiers {
            urn: "199901".to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    };
    server.directory().register_organisation(request).await.map_err(|s| told(&s))?;
    Ok((read, begun.elapsed()))
}
