//! `onward inbox`: the handovers that the token's organisation received.

use std::process::ExitCode;

use onward_contract::handover::v1::{Handover, HandoverState, ListReceivedRequest};

use super::client::{Server, told};
use super::text;
use crate::cli::{InboxArgs, Output};
use crate::lifecycle::Misuse;
use crate::output::Rows;

const STATE: &str = "HANDOVER_STATE_";

/// Prints the inbox.
pub async fn run(args: InboxArgs, output: Output) -> anyhow::Result<ExitCode> {
    let states = match &args.state {
        None => Vec::new(),
        Some(state) => {
            let name = format!("{STATE}{}", state.to_ascii_uppercase());
            let known = HandoverState::from_str_name(&name);
            let misuse = || Misuse(format!("{state} is not a state of a handover"));
            vec![known.ok_or_else(misuse)?]
        }
    };
    let server = Server::connect(&args.server).await?;
    let handovers = received(&server, states, "").await?;
    rows(&handovers).print(output)?;
    Ok(ExitCode::SUCCESS)
}

/// Every handover received, page by page, newest first.
pub async fn received(
    server: &Server,
    states: Vec<HandoverState>,
    min_position: &str,
) -> anyhow::Result<Vec<Handover>> {
    let mut all = Vec::new();
    let mut request = ListReceivedRequest {
        page_size: 500,
        states: states.into_iter().map(Into::into).collect(),
        min_position: min_position.to_owned(),
        ..ListReceivedRequest::default()
    };
    loop {
        let reply =
            server.handovers().list_received(request.clone()).await.map_err(|s| told(&s))?;
        let page = reply.into_inner();
        all.extend(page.handovers);
        if page.next_page_token.is_empty() {
            return Ok(all);
        }
        request.page_token = page.next_page_token;
    }
}

/// The handovers as rows.
pub fn rows(handovers: &[Handover]) -> Rows {
    let mut rows = Rows::new(&[
        "handover",
        "learner",
        "born",
        "from",
        "state",
        "released",
        "opened_by",
        "open_items",
        "learner_id",
    ]);
    for handover in handovers {
        let learner = handover.learner.clone().unwrap_or_default();
        let sender = handover.sender.clone().unwrap_or_default();
        let open = handover.items.iter().filter(|item| item.open).count();
        rows.push_texts([
            handover.handover_id.clone(),
            format!("{} {}", learner.forename, learner.surname).trim().to_owned(),
            text::date(learner.date_of_birth.as_ref()),
            sender.name,
            text::code(handover.state().as_str_name(), STATE),
            text::moment(handover.released_at.as_ref()),
            handover.opened_by.clone(),
            open.to_string(),
            learner.learner_id,
        ]);
    }
    rows
}
