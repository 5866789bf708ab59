//! What must hold between settings before anything is opened.

use std::net::{SocketAddr, ToSocketAddrs};

use anyhow::{Context, bail, ensure};

use super::{Checked, Settings};
use crate::role::Role;

/// Checks a server's settings.
pub(super) fn server(mut settings: Settings) -> anyhow::Result<Checked> {
    let listen = address(&settings.http.listen)?;
    let tls = (&settings.http.tls_certificate, &settings.http.tls_key);
    ensure!(
        tls.0.is_some() == tls.1.is_some(),
        "http.tls_certificate and http.tls_key belong together; only one is set"
    );
    let loopback = listen.ip().is_loopback();
    if !loopback && tls.0.is_none() && !settings.http.tls_ends_at_proxy {
        bail!(
            "{listen} is beyond loopback and has no TLS: set http.tls_certificate and http.tls_key, \
             or http.tls_ends_at_proxy = true where a proxy ends TLS"
        );
    }
    // The development key is for trying things out; it never opens a door to the network.
    if !loopback || settings.http.tls_ends_at_proxy {
        settings.access.development_key = false;
    }
    ensure!(
        settings.access.development_key || !settings.access.issuers.is_empty(),
        "no token could ever be accepted: set access.issuers (the development key is for loopback only)"
    );
    postgres("database.postgres", settings.database.postgres.as_deref())?;
    postgres("keys.postgres", settings.keys.postgres.as_deref())?;
    postgres("views.postgres", settings.views.postgres.as_deref())?;
    ensure!(
        (1..=35).contains(&settings.keys.backup_days),
        "keys.backup_days must be 1 to 35: an older backup would bring a destroyed key back"
    );
    bounds(&settings)?;
    roles(&settings)?;
    Ok(Checked { settings, listen })
}

/// Least that a process can work with.
fn bounds(settings: &Settings) -> anyhow::Result<()> {
    let http = &settings.http;
    let least = [
        ("database.max_connections", u64::from(settings.database.max_connections), 4),
        ("proof.every_seconds", settings.proof.every_seconds, 1),
        ("http.largest_request", http.largest_request as u64, 4096),
        ("http.call_seconds", http.call_seconds, 1),
        ("http.calls", http.calls as u64, 1),
        ("http.calls_per_connection", http.calls_per_connection as u64, 1),
    ];
    for (name, value, least) in least {
        ensure!(value >= least, "{name} must be at least {least}");
    }
    Ok(())
}

fn roles(settings: &Settings) -> anyhow::Result<()> {
    ensure!(!settings.roles.is_empty(), "roles is empty: the process would do nothing");
    ensure!(settings.bus.replicas >= 1, "bus.replicas must be at least 1");
    ensure!(settings.bus.lease_seconds >= 1, "bus.lease_seconds must be at least 1");
    ensure!(settings.bus.audit_rate >= 1, "bus.audit_rate must be at least 1");
    let all = Role::ALL.iter().all(|role| settings.roles.contains(role));
    // One process owns a SQLite folder, so it has to do everything.
    ensure!(
        all || settings.database.postgres.is_some(),
        "roles can be spread over processes with PostgreSQL only; the embedded database needs all of them"
    );
    Ok(())
}

fn address(text: &str) -> anyhow::Result<SocketAddr> {
    text.to_socket_addrs()
        .ok()
        .and_then(|mut found| found.next())
        .with_context(|| format!("http.listen: {text} is not an address such as 127.0.0.1:7700"))
}

fn postgres(key: &str, url: Option<&str>) -> anyhow::Result<()> {
    let Some(url) = url else { return Ok(()) };
    // The URL may hold a password, so it is not repeated.
    ensure!(
        url.starts_with("postgres://") || url.starts_with("postgresql://"),
        "{key} must be a URL of the form postgres://user@host/database"
    );
    Ok(())
}
