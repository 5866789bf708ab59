//! `onward queue`: a pathfinder's queue, as a member of its team sees it.

use std::process::ExitCode;

use onward_contract::referral::v1::{
    GetQueueRequest, GetQueueResponse, NeedTick, QueueItem, ReferralState,
};

use super::client::{Server, told};
use super::text;
use crate::cli::{Output, QueueArgs};
use crate::lifecycle::Misuse;
use crate::output::Rows;

const STATE: &str = "REFERRAL_STATE_";

/// Prints the queue.
pub async fn run(args: QueueArgs, output: Output) -> anyhow::Result<ExitCode> {
    let states = match &args.state {
        None => Vec::new(),
        Some(state) => {
            let name = format!("{STATE}{}", state.to_ascii_uppercase());
            let known = ReferralState::from_str_name(&name);
            let misuse = || Misuse(format!("{state} is not a state of a referral"));
            vec![known.ok_or_else(misuse)?]
        }
    };
    let server = Server::connect(&args.server).await?;
    let (items, _) = items(&server, &args.pathfinder, states, "").await?;
    rows(&items).print(output)?;
    Ok(ExitCode::SUCCESS)
}

/// Every item in turn, page by page, and the last page with its counts.
pub async fn items(
    server: &Server,
    queue: &str,
    states: Vec<ReferralState>,
    min_position: &str,
) -> anyhow::Result<(Vec<QueueItem>, GetQueueResponse)> {
    let mut all = Vec::new();
    let mut request = GetQueueRequest {
        queue_id: queue.to_owned(),
        page_size: 500,
        states: states.into_iter().map(Into::into).collect(),
        min_position: min_position.to_owned(),
        ..GetQueueRequest::default()
    };
    loop {
        let reply = server.queues().get_queue(request.clone()).await.map_err(|s| told(&s))?;
        let mut page = reply.into_inner();
        all.append(&mut page.items);
        if page.next_page_token.is_empty() {
            return Ok((all, page));
        }
        request.page_token.clone_from(&page.next_page_token);
    }
}

/// The items as rows.
pub fn rows(items: &[QueueItem]) -> Rows {
    let mut rows = Rows::new(&[
        "referral",
        "initials",
        "age",
        "needs",
        "setting",
        "received",
        "days",
        "weeks",
        "priority",
        "state",
        "over_18_weeks",
    ]);
    for item in items {
        let needs: Vec<String> = item
            .need_ticks()
            .map(|tick: NeedTick| text::code(tick.as_str_name(), "NEED_TICK_"))
            .collect();
        let setting = item.setting.clone().unwrap_or_default();
        rows.push_texts([
            item.referral_id.clone(),
            item.initials.clone(),
            item.age_band.clone(),
            needs.join(" "),
            setting.name,
            text::date(item.received_on.as_ref()),
            item.days_waiting.to_string(),
            item.weeks_waiting.to_string(),
            text::code(item.priority().as_str_name(), "PRIORITY_"),
            text::code(item.state().as_str_name(), STATE),
            if item.breached { "yes" } else { "no" }.to_owned(),
        ]);
    }
    rows
}
