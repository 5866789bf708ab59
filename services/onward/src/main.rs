//! Onward: one binary, all in one or any subset. A table of contents; the rooms are the modules.

#![allow(unreachable_pub, reason = "a binary has no outside: pub says what a module offers")]

mod app;
mod cli;
mod commands;
mod config;
mod lifecycle;
mod output;
mod role;
mod telemetry;

use std::process::ExitCode;

use clap::Parser;

/// A call takes and gives back hundreds of small pieces of memory, on every core at once: the system's
/// allocator was a sixth of what a call cost.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    telemetry::start(&cli);
    // One TLS provider for everything that speaks TLS; a second install would be refused.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        return lifecycle::refused("the TLS provider was installed twice");
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return lifecycle::refused(&format!("the runtime could not start: {error}")),
    };
    match runtime.block_on(commands::run(cli)) {
        Ok(code) => code,
        Err(error) => lifecycle::ended(&error),
    }
}
