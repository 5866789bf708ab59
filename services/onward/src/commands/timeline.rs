//! `onward timeline`: a learner's timeline, as the token's organisation sees it.

use std::process::ExitCode;

use anyhow::bail;
use jiff::Timestamp;
use onward_contract::learner::v1::{FindLearnersRequest, find_learners_request::By};
use onward_contract::timeline::v1::{GetTimelineRequest, Party, TimelineEntry};
use onward_domain::ids::LearnerId;
use onward_domain::numbers::{self, Kind, Outcome};

use super::client::{Server, told};
use super::text;
use crate::cli::{Output, TimelineArgs};
use crate::lifecycle::Misuse;
use crate::output::Rows;

/// Prints the timeline.
pub async fn run(args: TimelineArgs, output: Output) -> anyhow::Result<ExitCode> {
    let as_known_at = args.as_known_at.as_deref().map(moment).transpose()?;
    let server = Server::connect(&args.server).await?;
    let learner = learner(&server, &args.learner).await?;
    let entries = entries(&server, &learner, as_known_at, "").await?;
    rows(&entries).print(output)?;
    Ok(ExitCode::SUCCESS)
}

/// Every entry, page by page, oldest first.
pub async fn entries(
    server: &Server,
    learner: &str,
    as_known_at: Option<prost_types::Timestamp>,
    min_position: &str,
) -> anyhow::Result<Vec<TimelineEntry>> {
    let mut all = Vec::new();
    let mut request = GetTimelineRequest {
        learner_id: learner.to_owned(),
        page_size: 500,
        as_known_at,
        min_position: min_position.to_owned(),
        ..GetTimelineRequest::default()
    };
    loop {
        let reply = server.timelines().get_timeline(request.clone()).await.map_err(|s| told(&s))?;
        let page = reply.into_inner();
        all.extend(page.entries);
        if page.next_page_token.is_empty() {
            return Ok(all);
        }
        request.page_token = page.next_page_token;
    }
}

/// The entries as rows.
pub fn rows(entries: &[TimelineEntry]) -> Rows {
    let mut rows =
        Rows::new(&["happened", "recorded", "what", "from", "to", "said_by", "corrects"]);
    for entry in entries {
        let by = match (name(entry.said_by.as_ref()), entry.actor_name.as_str()) {
            (organisation, "") => organisation,
            (organisation, actor) => format!("{actor}, {organisation}"),
        };
        rows.push_texts([
            text::occurred(entry.occurred.as_ref()),
            text::moment(entry.recorded_at.as_ref()),
            entry.summary.clone(),
            name(entry.from.as_ref()),
            name(entry.to.as_ref()),
            by,
            entry.corrects_event_id.clone(),
        ]);
    }
    rows
}

fn name(party: Option<&Party>) -> String {
    party.map(|party| party.name.clone()).unwrap_or_default()
}

fn moment(text: &str) -> anyhow::Result<prost_types::Timestamp> {
    let misuse = || Misuse(format!("{text} is not a moment such as 2026-09-01T08:30:00Z"));
    let at: Timestamp = text.parse().map_err(|_| misuse())?;
    Ok(prost_types::Timestamp { seconds: at.as_second(), nanos: at.subsec_nanosecond() })
}

/// The record that a person means: its id, or a UPN or ULN of one of the organisation's own records.
async fn learner(server: &Server, named: &str) -> anyhow::Result<String> {
    if named.parse::<LearnerId>().is_ok() {
        return Ok(named.to_owned());
    }
    let by = if numbers::check(Kind::Upn, named).outcome == Outcome::Valid {
        By::Upn(named.to_owned())
    } else if numbers::check(Kind::Uln, named).outcome == Outcome::Valid {
        By::Uln(named.to_owned())
    } else {
        bail!(Misuse("LEARNER must be a record's id (UUID), a UPN or a ULN".to_owned()));
    };
    let request = FindLearnersRequest { by: Some(by), ..FindLearnersRequest::default() };
    let found = server.learners().find_learners(request).await.map_err(|s| told(&s))?.into_inner();
    match found.learners.as_slice() {
        [one] => Ok(one.learner_id.clone()),
        [] => bail!("none of your organisation's records has this number"),
        several => bail!("{} of your organisation's records have this number", several.len()),
    }
}
