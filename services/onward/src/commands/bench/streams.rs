//! The streams of a bench: none of another log before it, none of its own after it.

use anyhow::{Context, ensure};
use async_nats::jetstream;
use futures::TryStreamExt;

/// What the names of all incarnations begin with.
const OURS: &str = "ONWARD_";

/// Refuses a nats-server that holds the copy of a log.
///
/// # Errors
/// It does, or cannot be reached.
pub async fn none(nats: Option<&str>) -> anyhow::Result<()> {
    let Some(url) = nats else { return Ok(()) };
    let held = held(&context(url).await?).await?;
    ensure!(
        held.is_empty(),
        "this nats-server holds {}: a bench needs one without a copy of a log",
        held.join(", ")
    );
    Ok(())
}

/// Takes away what the bench's relay made.
///
/// # Errors
/// The server cannot be reached, or refuses.
pub async fn remove(nats: Option<&str>) -> anyhow::Result<()> {
    let Some(url) = nats else { return Ok(()) };
    let context = context(url).await?;
    for stream in held(&context).await? {
        context.delete_stream(&stream).await.with_context(|| format!("{stream} is left behind"))?;
    }
    Ok(())
}

async fn context(url: &str) -> anyhow::Result<jetstream::Context> {
    let client = async_nats::connect(url).await.context("the nats-server cannot be reached")?;
    Ok(jetstream::new(client))
}

async fn held(context: &jetstream::Context) -> anyhow::Result<Vec<String>> {
    let names: Vec<String> = context.stream_names().try_collect().await?;
    Ok(names.into_iter().filter(|name| name.starts_with(OURS)).collect())
}
