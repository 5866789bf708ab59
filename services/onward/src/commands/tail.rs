//! `onward tail`: the log, live; public parts only.

use std::io::Write;
use std::process::ExitCode;

use onward_contract::operations::v1::{LogRecord, TailLogRequest, tail_log_response::Message};
use serde_json::{Value, json};

use super::client::{Server, told};
use super::text;
use crate::cli::{Output, TailArgs};
use crate::lifecycle;

/// Prints events as they come, until the limit, the end of the stream or a signal.
pub async fn run(args: TailArgs, output: Output) -> anyhow::Result<ExitCode> {
    let server = Server::connect(&args.server).await?;
    let stop = lifecycle::stop_on_signals()?;
    let request = TailLogRequest {
        from_position: args.from.unwrap_or_default(),
        ..TailLogRequest::default()
    };
    let mut events =
        server.operations().tail_log(request).await.map_err(|s| told(&s))?.into_inner();
    if output == Output::Csv {
        csv_line(&["position", "recorded", "type", "stream_id", "public"])?;
    }
    let mut left = args.limit.unwrap_or(u64::MAX);
    while left > 0 {
        let message = tokio::select! {
            () = stop.cancelled() => break,
            message = events.message() => message.map_err(|s| told(&s))?,
        };
        let Some(message) = message else { break };
        if let Some(Message::Record(record)) = message.message {
            print(&record, output)?;
            left -= 1;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print(record: &LogRecord, output: Output) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    let recorded = text::moment(record.recorded_at.as_ref());
    match output {
        Output::Table => writeln!(
            stdout,
            "{}  {recorded}  {:<48}  {}  {}",
            record.position, record.r#type, record.stream_id, record.public_json
        )?,
        Output::Json => {
            let public: Value = serde_json::from_str(&record.public_json).unwrap_or(Value::Null);
            let line = json!({
                "position": record.position, "event_id": record.event_id, "type": record.r#type,
                "stream_id": record.stream_id, "stream_version": record.stream_version,
                "partition": record.partition, "partition_sequence": record.partition_sequence,
                "recorded_at": recorded, "public": public,
            });
            writeln!(stdout, "{line}")?;
        }
        Output::Csv => {
            drop(stdout);
            return csv_line(&[
                &record.position,
                &recorded,
                &record.r#type,
                &record.stream_id,
                &record.public_json,
            ]);
        }
    }
    stdout.flush()?;
    Ok(())
}

fn csv_line(cells: &[&str]) -> anyhow::Result<()> {
    let mut writer = csv::Writer::from_writer(std::io::stdout().lock());
    writer.write_record(cells)?;
    writer.flush()?;
    Ok(())
}
