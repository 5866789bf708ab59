//! The organisation's watch beside a bench: takes the time at which each entry is shown.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use onward_contract::operations::v1::GetStatusRequest;
use onward_contract::timeline::v1::{
    GetTimelineRequest, WatchOrganisationRequest, watch_organisation_response::Message,
};
use tokio::sync::{Mutex, mpsc};
use tonic::Code;

use super::figures::Figures;
use super::house::School;
use crate::commands::client::told;

/// How long the watch may take to show the last call.
const TAIL: Duration = Duration::from_secs(60);

/// How long the views may take to show what was made ready.
const READY: Duration = Duration::from_secs(600);

/// Calls whose entries have not been seen yet: event id → when the call began.
#[derive(Clone, Default)]
pub struct Open(Arc<Mutex<HashMap<String, Instant>>>);

impl Open {
    /// Leaves the call's beginning for the watch. An entry that was shown before its call was answered
    /// is as good as shown with the answer.
    pub async fn settle(&self, event_id: String, begun: Instant) {
        let mut open = self.0.lock().await;
        if open.remove(&event_id).is_none() {
            open.insert(event_id, begun);
        }
    }
}

/// A watch that takes the time when an entry is shown.
pub struct Watch {
    open: Open,
    task: tokio::task::JoinHandle<anyhow::Result<()>>,
    shown: mpsc::UnboundedReceiver<Duration>,
}

impl Watch {
    /// Begins at the log's present end, once the views show all that was made ready: their way through that
    /// is another bench's figure.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn begin(school: &School, open: Open) -> anyhow::Result<Self> {
        let status = school.server.operations().get_status(GetStatusRequest::default()).await;
        let status = status.map_err(|s| told(&s))?.into_inner();
        let head = status.log.unwrap_or_default().head_position;
        shown_up_to(school, &head).await?;
        let request =
            WatchOrganisationRequest { from_position: head, ..WatchOrganisationRequest::default() };
        let watched = school.server.timelines().watch_organisation(request).await;
        let mut entries = watched.map_err(|s| told(&s))?.into_inner();
        let (tell, shown) = mpsc::unbounded_channel();
        let waited = open.clone();
        let task = tokio::spawn(async move {
            while let Some(message) = entries.message().await.map_err(|s| told(&s))? {
                let Some(Message::Entry(entry)) = message.message else { continue };
                let seen = Instant::now();
                let mut open = waited.0.lock().await;
                match open.remove(&entry.event_id) {
                    Some(begun) => {
                        if tell.send(seen - begun).is_err() {
                            return Ok(());
                        }
                    }
                    // Shown before the caller has its answer: the caller finds it here.
                    None => drop(open.insert(entry.event_id, seen)),
                }
            }
            Ok(())
        });
        Ok(Self { open, task, shown })
    }

    /// Waits until every call's entry has been shown.
    ///
    /// # Errors
    /// It takes too long.
    pub async fn finish(mut self) -> anyhow::Result<Figures> {
        let mut figures = Figures::default();
        let seen = tokio::time::timeout(TAIL, async {
            loop {
                while let Ok(took) = self.shown.try_recv() {
                    figures.call(took);
                }
                if self.open.0.lock().await.is_empty() {
                    break;
                }
                match self.shown.recv().await {
                    Some(took) => figures.call(took),
                    None => break,
                }
            }
        });
        seen.await.context("the watch did not show every entry")?;
        self.task.abort();
        Ok(figures)
    }
}

/// Waits until the timeline shows everything up to a position.
async fn shown_up_to(school: &School, position: &str) -> anyhow::Result<()> {
    let request = GetTimelineRequest {
        learner_id: school.learners.first().cloned().unwrap_or_default(),
        min_position: position.to_owned(),
        page_size: 1,
        ..GetTimelineRequest::default()
    };
    let begun = Instant::now();
    loop {
        match school.server.timelines().get_timeline(request.clone()).await {
            Ok(_) => return Ok(()),
            Err(status) if status.code() == Code::Unavailable && begun.elapsed() < READY => {}
            Err(status) => return Err(told(&status)),
        }
    }
}
