//! `onward demo`: the main job on the sample files, from a school's files to a college's inbox, a
//! learner's timeline and a pathfinder's queue, through the same doors as everybody else.

mod cast;
mod journey;
mod pathfinder;
mod show;

use std::process::ExitCode;

use anyhow::Context;
use onward_api::guard;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::cli::{CsvKind, DemoArgs, Output};
use crate::commands::import;
use crate::config::Settings;
use crate::lifecycle;

use cast::Cast;
use show::Stage;

const ORGANISATIONS: &[u8] = include_bytes!("../../../../../tests/fixtures/csv/organisations.csv");
const YEAR_6: &[u8] = include_bytes!("../../../../../tests/fixtures/ctf/year6.xml");
const YEAR_11: &[u8] = include_bytes!("../../../../../tests/fixtures/ctf/year11.xml");
const TRANSITIONS: &[u8] = include_bytes!("../../../../../tests/fixtures/csv/transitions.csv");
const REFERRALS: &[u8] = include_bytes!("../../../../../tests/fixtures/csv/referrals.csv");

/// Runs the whole job, then serves on unless it is told to exit.
pub async fn run(args: DemoArgs, output: Output) -> anyhow::Result<ExitCode> {
    let stop = lifecycle::stop_on_signals()?;
    let folder = tempfile::Builder::new().prefix("onward-demo-").tempdir()?;
    let mut settings = Settings::default();
    settings.database.data = folder.path().join("data");
    settings.http.listen = "127.0.0.1:0".to_owned();
    let key_file = settings.development_key_file();
    let app = App::open(settings.checked()?).await?;
    let url = format!("http://{}", app.address()?);
    let first = super::bootstrap::first_operator(
        app.log(),
        "Onward demonstration (sample operator)",
        onward_access::DEVELOPMENT_ISSUER,
        "operator",
    )
    .await?;
    let serving = CancellationToken::new();
    let server = tokio::spawn(app.run(serving.clone()));

    let mut stage = Stage::new(output);
    let told = tokio::select! {
        told = tell(&mut stage, &url, &key_file, first.organisation, args.exit) => told,
        () = stop.cancelled() => Ok(()),
    };
    if told.is_ok() && !args.exit && !stop.is_cancelled() {
        stage.note(&format!(
            "serving on {url} until Ctrl-C; the data is in {}",
            folder.path().display()
        ))?;
        stop.cancelled().await;
    }
    serving.cancel();
    server.await.context("the server")??;
    told?;
    Ok(ExitCode::SUCCESS)
}

/// The story, act by act.
async fn tell(
    stage: &mut Stage,
    url: &str,
    key_file: &std::path::Path,
    operator: onward_domain::ids::OrganisationId,
    exit: bool,
) -> anyhow::Result<()> {
    let today = guard::now(jiff::Timestamp::now()).today;
    let mut cast = Cast::begin(url, key_file, operator).await?;

    stage.act("The operator registers the organisations and their people")?;
    let tally = import::csv_bytes(cast.operator(), CsvKind::Organisations, ORGANISATIONS).await?;
    stage.imported("organisations.csv", tally)?;
    cast.join().await?;

    stage.act("Schools send their files")?;
    let tally = import::ctf_bytes(cast.own(cast::PRIMARY).await?.as_ref(), YEAR_6).await?;
    stage.imported("year6.xml, by Elmbridge Primary", tally)?;
    let academy = cast.own(cast::ACADEMY).await?;
    stage.imported(
        "year11.xml, by Elmbridge Academy",
        import::ctf_bytes(&academy, YEAR_11).await?,
    )?;
    let tally = import::csv_bytes(&academy, CsvKind::Transitions, TRANSITIONS).await?;
    stage.imported("transitions.csv, by Elmbridge Academy", tally)?;

    stage.act("Moves are confirmed, packs are handed over, received and acted on")?;
    let journeys = journey::all(&cast, today).await?;
    stage.rows(&show::journeys(&journeys))?;

    stage.act("Early language: referral, triage, claim, screening, intervention")?;
    for (setting, name) in
        [(cast::PRIMARY, "Elmbridge Primary"), (cast::NURSERY, "Beckside Nursery")]
    {
        let own = cast.own(setting).await?;
        let tally = import::csv_bytes(&own, CsvKind::Referrals, REFERRALS).await?;
        stage.imported(&format!("referrals.csv, by {name} (its own rows)"), tally)?;
    }
    pathfinder::work(&cast, today).await?;

    show::as_each_sees_it(stage, &cast, &journeys).await?;
    // Where the server ends with the story there is no way in.
    if exit { Ok(()) } else { show::ways_in(stage, &cast, url).await }
}
