//! What the demo prints: each view as the organisation that asks sees it.

use std::io::Write;

use onward_contract::referral::v1::ListReferralsRequest;

use super::cast::{self, Cast};
use super::journey::Journey;
use crate::cli::Output;
use crate::commands::client::told;
use crate::commands::import::Tally;
use crate::commands::{inbox, queue, text, timeline};
use crate::output::Rows;

/// Standard output, with headings for people only.
pub struct Stage {
    output: Output,
}

impl Stage {
    /// Prints in this form.
    pub fn new(output: Output) -> Self {
        Self { output }
    }

    /// A heading.
    pub fn act(&self, title: &str) -> anyhow::Result<()> {
        if self.output == Output::Table {
            writeln!(std::io::stdout().lock(), "\n# {title}\n")?;
        }
        Ok(())
    }

    /// A line below a heading.
    pub fn note(&self, line: &str) -> anyhow::Result<()> {
        if self.output == Output::Table {
            writeln!(std::io::stdout().lock(), "{line}")?;
        }
        Ok(())
    }

    /// Rows.
    pub fn rows(&self, rows: &Rows) -> anyhow::Result<()> {
        rows.print(self.output)
    }

    /// What became of a file.
    pub fn imported(&self, file: &str, mut tally: Tally) -> anyhow::Result<()> {
        self.note(&format!("{file}:"))?;
        tally.print(self.output, false)
    }
}

/// An enum value without its prefix.
pub fn code(name: &str, prefix: &str) -> String {
    text::code(name, prefix)
}

/// The journeys as rows.
pub fn journeys(journeys: &[Journey]) -> Rows {
    let mut rows = Rows::new(&["learner", "from", "to", "kind", "handover"]);
    for journey in journeys {
        rows.push_texts([
            journey.learner.as_str(),
            journey.from,
            journey.to,
            journey.kind.as_str(),
            journey.handover.as_str(),
        ]);
    }
    rows
}

/// Timelines, inboxes and queues.
pub async fn as_each_sees_it(
    stage: &Stage,
    cast: &Cast,
    journeys: &[Journey],
) -> anyhow::Result<()> {
    let head = cast.head().await?;
    for journey in journeys {
        for (who, record) in
            [(journey.from, &journey.senders_record), (journey.to, &journey.receivers_record)]
        {
            stage.act(&format!("{}: the timeline, as {who} sees it", journey.learner))?;
            let server = &cast.player(who)?.server;
            let entries = timeline::entries(server, record, None, &head).await?;
            stage.rows(&timeline::rows(&entries))?;
        }
    }
    for who in [cast::ACADEMY, cast::COLLEGE, cast::PROVIDER, cast::UNIVERSITY, cast::ALTERNATIVE] {
        stage.act(&format!("The inbox of {who}"))?;
        let received = inbox::received(&cast.player(who)?.server, Vec::new(), &head).await?;
        stage.rows(&inbox::rows(&received))?;
    }
    for (who, key) in [(cast::LONDON, "elsec-london"), (cast::YORKSHIRE, "elsec-yorkshire-humber")]
    {
        stage.act(&format!("The queue of {who}"))?;
        let server = &cast.player(who)?.server;
        let (items, page) = queue::items(server, key, Vec::new(), &head).await?;
        stage.rows(&queue::rows(&items))?;
        let mut counts = Rows::new(&["bucket", "referrals"]);
        for bucket in &page.buckets {
            let name = code(bucket.bucket().as_str_name(), "REFERRAL_BUCKET_");
            counts.push_texts([name, bucket.count.to_string()]);
        }
        counts.push_texts(["received".to_owned(), page.received.to_string()]);
        stage.rows(&counts)?;
    }
    for who in [cast::PRIMARY, cast::NURSERY] {
        stage.act(&format!("What became of the referrals of {who}"))?;
        stage.rows(&referrals(cast, who, &head).await?)?;
    }
    Ok(())
}

async fn referrals(cast: &Cast, who: &str, head: &str) -> anyhow::Result<Rows> {
    let request = ListReferralsRequest {
        page_size: 500,
        min_position: head.to_owned(),
        ..Default::default()
    };
    let mut client = cast.player(who)?.server.referrals();
    let found = client.list_referrals(request).await.map_err(|s| told(&s))?.into_inner();
    let mut rows = Rows::new(&["child", "received", "state", "days_waiting"]);
    for referral in found.referrals {
        let learner = referral.learner.clone().unwrap_or_default();
        rows.push_texts([
            format!("{} {}", learner.forename, learner.surname),
            text::date(referral.received_on.as_ref()),
            code(referral.state().as_str_name(), "REFERRAL_STATE_"),
            referral.days_waiting.to_string(),
        ]);
    }
    Ok(rows)
}

/// How to go on by hand: the address and everybody's token.
pub async fn ways_in(stage: &Stage, cast: &Cast, url: &str) -> anyhow::Result<()> {
    stage.act("Go on by hand")?;
    stage.note(&format!("export ONWARD_SERVER={url}"))?;
    for (name, player) in cast.players() {
        stage.note(&format!(
            "\n# {name}, as {}\nexport ONWARD_TOKEN={}",
            player.actor.name, player.token
        ))?;
    }
    stage.note("\nthen: onward inbox · onward queue elsec-london · onward timeline LEARNER\n")
}
