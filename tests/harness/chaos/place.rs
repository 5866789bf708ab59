//! A process, and the address that it keeps over its lives.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::bail;
use tonic::transport::{Channel, Endpoint};

use crate::servers::Onward;

/// A process, and where it serves whenever it runs.
pub(super) struct Place {
    pub address: String,
    pub channel: Channel,
    pub server: Option<Onward>,
}

impl Place {
    pub(super) fn new() -> anyhow::Result<Self> {
        let address = format!("127.0.0.1:{}", port()?);
        let endpoint = Endpoint::from_shared(format!("http://{address}"))?;
        let channel = endpoint.tcp_nodelay(true).connect_lazy();
        Ok(Self { address, channel, server: None })
    }
}

/// A free port below those that systems give out by themselves, so that nobody takes it while its process
/// is down.
fn port() -> anyhow::Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % 1_000)? * 10;
    for _ in 0..2_000 {
        let port = 20_000 + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("there is no free port")
}
