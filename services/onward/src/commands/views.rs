//! `onward views list|parked`: how far the views are, and what they could not apply.

use std::process::ExitCode;

use onward_contract::operations::v1::{ListParkedRequest, ListViewsRequest};

use super::client::{Server, told};
use super::text;
use crate::cli::{Output, ViewsCommand};
use crate::output::Rows;

/// Lists views, or what is parked.
pub async fn run(command: ViewsCommand, output: Output) -> anyhow::Result<ExitCode> {
    match command {
        ViewsCommand::List(args) => list(&Server::connect(&args).await?).await?.print(output)?,
        ViewsCommand::Parked(args) => {
            parked(&Server::connect(&args).await?).await?.print(output)?
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(server: &Server) -> anyhow::Result<Rows> {
    let reply = server.operations().list_views(ListViewsRequest::default()).await;
    let views = reply.map_err(|s| told(&s))?.into_inner().views;
    let mut rows = Rows::new(&["view", "version", "position", "events_behind", "parked"]);
    for view in views {
        rows.push_texts([
            view.name,
            view.version.to_string(),
            view.position,
            view.lag_events.to_string(),
            view.parked.to_string(),
        ]);
    }
    Ok(rows)
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
