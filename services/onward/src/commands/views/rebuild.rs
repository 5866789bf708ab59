//! `onward views rebuild`: begins a build, shows how far it has come, and ends when it has been compared.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use onward_contract::operations::v1::{
    GenerationState, ListViewsRequest, RebuildViewRequest, ViewGeneration,
};

use super::state;
use crate::cli::RebuildArgs;
use crate::commands::client::{Server, told};
use crate::output::Rows;

/// How often the server is asked how far it is.
const ASK: Duration = Duration::from_millis(250);

/// Exit code 1 where the build is not the same as what answers.
pub async fn run(args: RebuildArgs) -> anyhow::Result<(Rows, ExitCode)> {
    let name = args.view.view;
    let server = Server::connect(&args.view.server).await?;
    let request = RebuildViewRequest { view: name.clone() };
    let begun = server.operations().rebuild_view(request).await.map_err(|s| told(&s))?;
    let number = begun.into_inner().generation;
    let mut bar = None;
    let built = loop {
        let one = look(&server, &name, number).await?;
        if args.detach || one.state() == GenerationState::Live || one.comparison.is_some() {
            break one;
        }
        show(&mut bar, &name, &one);
        tokio::time::sleep(ASK).await;
    };
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    let equal = built.comparison.as_ref().is_none_or(|found| found.equal);
    let exit = if equal { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    Ok((rows(&name, &built), exit))
}

async fn look(server: &Server, view: &str, number: u64) -> anyhow::Result<ViewGeneration> {
    let reply = server.operations().list_views(ListViewsRequest::default()).await;
    let views = reply.map_err(|s| told(&s))?.into_inner().views;
    let mut of_view = views.into_iter().filter(|one| one.name == view);
    let mut generations = of_view.next().map(|view| view.generations).unwrap_or_default();
    generations.retain(|one| one.generation == number);
    generations.pop().with_context(|| format!("the build of {view} has been given up"))
}

/// A bar on a terminal; nothing where the output goes to a file.
fn show(bar: &mut Option<ProgressBar>, view: &str, one: &ViewGeneration) {
    if !std::io::stderr().is_terminal() {
        return;
    }
    let done = one.position.parse::<u64>().unwrap_or_default();
    let total = done + one.lag_events;
    let bar = bar.get_or_insert_with(|| {
        let style = "{msg} [{bar:40}] {human_pos} of {human_len} events, {eta} left";
        let style = ProgressStyle::with_template(style);
        let bar = ProgressBar::new(total);
        bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
    });
    bar.set_message(match one.state() {
        GenerationState::Building => format!("building {view}"),
        _ => format!("comparing {view}"),
    });
    bar.set_length(total);
    bar.set_position(done);
}

fn rows(view: &str, one: &ViewGeneration) -> Rows {
    let mut rows = Rows::new(&[
        "view",
        "generation",
        "state",
        "position",
        "events_behind",
        "rows",
        "differences",
    ]);
    let found = one.comparison.as_ref();
    rows.push_texts([
        view.to_owned(),
        one.generation.to_string(),
        state(one.state()),
        one.position.clone(),
        one.lag_events.to_string(),
        found.map(|found| found.rows.to_string()).unwrap_or_default(),
        found.map(|found| found.differences.to_string()).unwrap_or_default(),
    ]);
    rows
}
