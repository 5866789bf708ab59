//! `onward views`: how far the views are, what they could not apply, and building them anew.

mod rebuild;

use std::process::ExitCode;

use onward_contract::operations::v1::{
    AbandonViewRequest, CompareViewRequest, GenerationState, ListParkedRequest, ListViewsRequest,
    RetryParkedRequest, SwitchViewRequest,
};

use super::client::{Server, told};
use super::text;
use crate::cli::{AbandonArgs, Output, RetryArgs, SwitchArgs, ViewArgs, ViewsCommand};
use crate::output::Rows;

/// Runs one of them.
pub async fn run(command: ViewsCommand, output: Output) -> anyhow::Result<ExitCode> {
    let (rows, exit) = match command {
        ViewsCommand::List(args) => well(list(&Server::connect(&args).await?).await?),
        ViewsCommand::Parked(args) => well(parked(&Server::connect(&args).await?).await?),
        ViewsCommand::Retry(args) => retry(args).await?,
        ViewsCommand::Rebuild(args) => rebuild::run(args).await?,
        ViewsCommand::Compare(args) => compare(args).await?,
        ViewsCommand::Switch(args) => well(switch(args).await?),
        ViewsCommand::Abandon(args) => well(abandon(args).await?),
    };
    rows.print(output)?;
    Ok(exit)
}

fn well(rows: Rows) -> (Rows, ExitCode) {
    (rows, ExitCode::SUCCESS)
}

async fn retry(args: RetryArgs) -> anyhow::Result<(Rows, ExitCode)> {
    let request = RetryParkedRequest {
        view: args.view.unwrap_or_default(),
        learner_id: args.learner.unwrap_or_default(),
    };
    let server = Server::connect(&args.server).await?;
    let reply = server.operations().retry_parked(request).await.map_err(|s| told(&s))?.into_inner();
    let mut rows = Rows::new(&["applied", "waiting"]);
    rows.push_texts([reply.applied.to_string(), reply.waiting.to_string()]);
    Ok((rows, if reply.waiting == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }))
}

async fn compare(args: ViewArgs) -> anyhow::Result<(Rows, ExitCode)> {
    let server = Server::connect(&args.server).await?;
    let request = CompareViewRequest { view: args.view.clone() };
    let reply = server.operations().compare_view(request).await.map_err(|s| told(&s))?;
    let found = reply.into_inner().comparison.unwrap_or_default();
    let mut rows = Rows::new(&["view", "position", "partitions", "rows", "differences"]);
    rows.push_texts([
        args.view,
        found.position,
        found.partitions.to_string(),
        found.rows.to_string(),
        found.differences.to_string(),
    ]);
    Ok((rows, if found.equal { ExitCode::SUCCESS } else { ExitCode::FAILURE }))
}

async fn switch(args: SwitchArgs) -> anyhow::Result<Rows> {
    let server = Server::connect(&args.view.server).await?;
    let request = SwitchViewRequest {
        view: args.view.view.clone(),
        back: args.back,
        accept_differences: args.accept_differences,
    };
    let reply = server.operations().switch_view(request).await.map_err(|s| told(&s))?;
    Ok(generation(args.view.view, reply.into_inner().generation))
}

async fn abandon(args: AbandonArgs) -> anyhow::Result<Rows> {
    let server = Server::connect(&args.view.server).await?;
    let request = AbandonViewRequest { view: args.view.view.clone(), generation: args.generation };
    let reply = server.operations().abandon_view(request).await.map_err(|s| told(&s))?;
    Ok(generation(args.view.view, reply.into_inner().generation))
}

fn generation(view: String, generation: u64) -> Rows {
    let mut rows = Rows::new(&["view", "generation"]);
    rows.push_texts([view, generation.to_string()]);
    rows
}

async fn list(server: &Server) -> anyhow::Result<Rows> {
    let reply = server.operations().list_views(ListViewsRequest::default()).await;
    let views = reply.map_err(|s| told(&s))?.into_inner().views;
    let mut rows = Rows::new(&[
        "view",
        "version",
        "position",
        "events_behind",
        "parked",
        "generation",
        "state",
        "differences",
    ]);
    for view in views {
        for one in view.generations {
            let differences = one.comparison.as_ref().map(|found| found.differences.to_string());
            rows.push_texts([
                view.name.clone(),
                one.version.to_string(),
                one.position.clone(),
                one.lag_events.to_string(),
                one.parked.to_string(),
                one.generation.to_string(),
                state(one.state()),
                differences.unwrap_or_default(),
            ]);
        }
    }
    Ok(rows)
}

/// A state as the command line spells it: `building`.
fn state(state: GenerationState) -> String {
    state.as_str_name().trim_start_matches("GENERATION_STATE_").to_lowercase()
}

async fn parked(server: &Server) -> anyhow::Result<Rows> {
    let mut rows =
        Rows::new(&["view", "learner", "position", "waiting", "attempts", "since", "reason"]);
    let mut request = ListParkedRequest { page_size: 500, ..ListParkedRequest::default() };
    loop {
        let reply = server.operations().list_parked(request.clone()).await;
        let page = reply.map_err(|s| told(&s))?.into_inner();
        for parked in page.parked {
            rows.push_texts([
                parked.view,
                parked.learner_id,
                parked.position,
                parked.waiting.to_string(),
                parked.attempts.to_string(),
                text::moment(parked.since.as_ref()),
                parked.fault,
            ]);
        }
        if page.next_page_token.is_empty() {
            return Ok(rows);
        }
        request.page_token = page.next_page_token;
    }
}
