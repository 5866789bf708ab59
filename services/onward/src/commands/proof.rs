//! `onward checkpoint` and `onward receipt`: what to keep, so that the log can be held to it.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use onward_contract::operations::v1::{
    Checkpoint, GetCheckpointRequest, GetStatusRequest, ProveInclusionRequest,
};

use super::client::{Server, told};
use crate::cli::{CheckpointArgs, Output, ReceiptArgs};
use crate::output::Rows;

/// Gets a signed checkpoint; to a file, or printed.
pub async fn checkpoint(args: CheckpointArgs, output: Output) -> anyhow::Result<ExitCode> {
    let server = Server::connect(&args.server).await?;
    let mut operations = server.operations();
    let min_position = if args.now {
        let status = operations.get_status(GetStatusRequest::default()).await;
        status.map_err(|s| told(&s))?.into_inner().position
    } else {
        String::new()
    };
    let reply = operations.get_checkpoint(GetCheckpointRequest { min_position }).await;
    let checkpoint = reply.map_err(|s| told(&s))?.into_inner().checkpoint.unwrap_or_default();
    match (&args.out, output) {
        (Some(file), _) => keep(file, &checkpoint.note)?,
        // The note itself is what is kept, so that `onward checkpoint > FILE` is one.
        (None, Output::Table) => std::io::stdout().lock().write_all(checkpoint.note.as_bytes())?,
        (None, _) => row(checkpoint).print(output)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn row(checkpoint: Checkpoint) -> Rows {
    let mut rows = Rows::new(&["size", "root", "verifier_key", "note"]);
    let Checkpoint { note, size, root, verifier_key } = checkpoint;
    rows.push_texts([size.to_string(), root, verifier_key, note]);
    rows
}

/// Gets a receipt for an event; to a file, or printed.
pub async fn receipt(args: ReceiptArgs, output: Output) -> anyhow::Result<ExitCode> {
    let server = Server::connect(&args.server).await?;
    let request = ProveInclusionRequest {
        position: args.position,
        event_id: args.event,
        checkpoint_size: args.size.unwrap_or_default(),
    };
    let reply = server.operations().prove_inclusion(request).await;
    let proof = reply.map_err(|s| told(&s))?.into_inner();
    let checkpoint = proof.checkpoint.unwrap_or_default();
    match (&args.out, output) {
        (Some(file), _) => {
            keep(file, &proof.receipt_file)?;
            let mut rows = Rows::new(&["position", "event_id", "checkpoint_size", "verifier_key"]);
            rows.push_texts([
                proof.position,
                proof.event_id,
                checkpoint.size.to_string(),
                checkpoint.verifier_key,
            ]);
            rows.print(output)?;
        }
        (None, _) => std::io::stdout().lock().write_all(proof.receipt_file.as_bytes())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn keep(file: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(file, text).with_context(|| format!("{} cannot be written", file.display()))
}
