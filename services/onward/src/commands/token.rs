//! `onward token`: a signed development token, for servers that run with their development key.

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, bail};
use jiff::Timestamp;
use onward_access::{DEVELOPMENT_ISSUER, DevelopmentKey, LONGEST_TTL};
use onward_domain::codes::role::MemberRole;
use onward_domain::ids::OrganisationId;
use serde_json::json;

use crate::cli::{Output, TokenArgs};
use crate::config::Settings;
use crate::lifecycle::Misuse;

/// Prints the token. Whether it opens anything is the directory's to say: the identity has to be a
/// member of the organisation with the role.
pub fn run(args: TokenArgs, output: Output) -> anyhow::Result<ExitCode> {
    let id = |_| Misuse("--org must be an organisation's id (UUID)".to_owned());
    let organisation: OrganisationId = args.org.parse().map_err(id)?;
    let role = MemberRole::parse(&args.role.to_ascii_uppercase()).map_err(|_| {
        let known: Vec<&str> = MemberRole::ALL.iter().map(|role| role.as_str()).collect();
        Misuse(format!("--role must be one of {}", known.join(", ")))
    })?;
    if args.ttl > LONGEST_TTL {
        bail!(Misuse("--ttl is a day (24h) at most".to_owned()));
    }
    let subject = args.subject.unwrap_or_else(|| role.as_str().to_ascii_lowercase());
    let settings = Settings::of_store(&args.store)?;
    let key = DevelopmentKey::load(&settings.development_key_file())
        .context("a development token needs the data folder of a server that has been started")?;
    let token = key.sign(&subject, organisation, Timestamp::now(), args.ttl)?;
    let mut stdout = std::io::stdout().lock();
    match output {
        Output::Json => {
            let about = json!({
                "token": token, "issuer": DEVELOPMENT_ISSUER, "subject": subject, "role": role.as_str(),
            });
            writeln!(stdout, "{about}")?;
        }
        Output::Table | Output::Csv => writeln!(stdout, "{token}")?,
    }
    Ok(ExitCode::SUCCESS)
}
