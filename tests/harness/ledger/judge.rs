//! After everything was healed: what was answered against what is there.
//!
//! Every OK is there exactly once, no refusal is, what nobody answered is there nought or one times and
//! the same request again tells which; versions are 1…n and the chain is whole; the bus and the views
//! equal the log.

use anyhow::{Context, ensure};
use onward_bus::{AuditFault, Bus, BusOptions};
use onward_log::{Log, Options};
use uuid::Uuid;

use super::stored::{Stored, views_equal_the_log};
use super::{Asked, Entry, Ledger, Told};
use crate::chaos::Site;
use crate::servers::until;

/// What the books came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Writes that were answered OK.
    pub done: usize,
    /// Writes that were refused.
    pub refused: usize,
    /// Writes that nobody answered, and that turned out to be done.
    pub found: usize,
    /// Writes that nobody answered, and that turned out not to be done.
    pub lost: usize,
}

/// Answers that are asked for again at most, of those that were OK.
const ASKED_AGAIN: usize = 50;

/// Heals the site and judges its books. Its processes are stopped afterwards.
///
/// # Errors
/// The first thing that is not as it was answered.
pub async fn judge(site: &mut Site, ledger: &Ledger) -> anyhow::Result<Verdict> {
    site.heal().await?;
    let entries = ledger.entries();
    let (verdict, before) = books(site, &entries).await?;
    ask_again(site, &entries, &before).await?;
    site.heal().await?;
    let after = Stored::read(site).await?;
    after.adds_up()?;
    let written = after.answers.len() - before.answers.len();
    ensure!(written == verdict.lost, "{written} new answers for {} lost ones", verdict.lost);
    site.stop().await?;
    copies_stand(site).await?;
    Ok(verdict)
}

/// The first part of [`judge`], which needs no running process: what was answered against what is stored.
///
/// # Errors
/// The first thing that is not as it was answered.
pub async fn answers_stand(site: &Site, ledger: &Ledger) -> anyhow::Result<Verdict> {
    Ok(books(site, &ledger.entries()).await?.0)
}

async fn books(site: &Site, entries: &[Entry]) -> anyhow::Result<(Verdict, Stored)> {
    let stored = Stored::read(site).await?;
    stored.adds_up()?;
    let mut verdict = Verdict { done: 0, refused: 0, found: 0, lost: 0 };
    for entry in entries {
        as_told(entry, &stored, &mut verdict)?;
    }
    Ok((verdict, stored))
}

fn as_told(entry: &Entry, stored: &Stored, verdict: &mut Verdict) -> anyhow::Result<()> {
    let id: Uuid = entry.asked.id().parse()?;
    let kept = stored.answers.get(&id);
    match &entry.told {
        Told::Done { receipt, .. } => {
            let (position, ids) = kept.with_context(|| format!("{id} was answered and is gone"))?;
            let told = receipt.event_ids.iter().map(|id| Ok(id.parse()?));
            let told: std::collections::BTreeSet<Uuid> = told.collect::<anyhow::Result<_>>()?;
            ensure!(receipt.position.parse::<i64>()? == *position, "{id} is elsewhere");
            ensure!(told == *ids, "{id} made other events");
            verdict.done += 1;
        }
        Told::Refused(reason) => {
            ensure!(kept.is_none(), "{id} was refused ({reason}) and is there");
            verdict.refused += 1;
        }
        Told::Unknown if kept.is_some() => verdict.found += 1,
        Told::Unknown => verdict.lost += 1,
    }
    Ok(())
}

/// The same requests again: what was done answers as it did, what was not is done now, once.
async fn ask_again(site: &Site, entries: &[Entry], before: &Stored) -> anyhow::Result<()> {
    let unknown = entries.iter().filter(|entry| entry.told == Told::Unknown);
    let known = entries.iter().filter(|entry| matches!(entry.told, Told::Done { .. }));
    for (number, entry) in unknown.chain(known.take(ASKED_AGAIN)).enumerate() {
        let id: Uuid = entry.asked.id().parse()?;
        let there = before.answers.get(&id);
        let again = insist(site, number, &entry.asked).await?;
        let Told::Done { receipt, replayed, .. } = &again else { continue };
        ensure!(*replayed == there.is_some(), "{id} says replayed = {replayed}");
        if let Some((position, _)) = there {
            ensure!(receipt.position.parse::<i64>()? == *position, "{id} moved");
        }
        if let Told::Done { receipt: first, .. } = &entry.told {
            ensure!(first == receipt, "{id} has another answer");
        }
    }
    Ok(())
}

/// Asks until there is an answer that will stay.
async fn insist(site: &Site, process: usize, asked: &Asked) -> anyhow::Result<Told> {
    let senco = site.senco(process);
    until("an answer that stays", || async {
        let told = asked.send(&senco).await;
        Ok(matches!(told, Told::Done { .. }).then_some(told))
    })
    .await
}

/// The last part of [`judge`], with no process running: the chain, the versions, the copy and the views.
///
/// # Errors
/// The first thing that is not as the log says, or that the log says of itself.
pub async fn copies_stand(site: &Site) -> anyhow::Result<()> {
    let options = match site.database_url() {
        Some(url) => Options::postgres(url, site.data().join("keys")),
        None => Options::sqlite(site.data()),
    };
    let log = Log::open(options).await?;
    let verified = log.verify(|_| {}).await?;
    log.verify_look_ups().await?;
    if let Some(nats) = &site.nats {
        let bus = Bus::connect(BusOptions::new(nats.url()), log.clone()).await?;
        let audited = until("the audit", || async {
            match bus.audit().await {
                Ok(audited) => Ok(Some(audited)),
                Err(AuditFault::Interrupted(_) | AuditFault::NoCopy(_)) => Ok(None),
                Err(fault) => Err(fault.into()),
            }
        })
        .await?;
        ensure!(audited.last == verified.head, "{audited:?} of {verified:?}");
    }
    views_equal_the_log(site, &log).await?;
    log.close().await;
    Ok(())
}
