//! Settings as text that loads again, with secrets hidden.

use super::Settings;

/// The settings as TOML. Passwords in URLs are replaced by `***`.
///
/// # Errors
/// Never for settings that were read; a `Result` because the serialiser has one.
pub fn printed(settings: &Settings) -> anyhow::Result<String> {
    let mut shown = settings.clone();
    for url in [
        &mut shown.database.postgres,
        &mut shown.keys.postgres,
        &mut shown.views.postgres,
        &mut shown.bus.nats,
    ] {
        *url = url.as_deref().map(without_secrets);
    }
    // The program is told; what it is given may well be a secret.
    for argument in shown.keys.command.iter_mut().skip(1) {
        "***".clone_into(argument);
    }
    Ok(toml::to_string(&shown)?)
}

/// Hides the password or token of a URL.
pub fn without_secrets(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.split_once('/').map_or((rest, ""), |(a, p)| (a, p));
    let Some((user, host)) = authority.rsplit_once('@') else { return url.to_owned() };
    // `nats://token@host` is a secret whole; `postgres://user@host` is not.
    let user = match user.split_once(':') {
        Some((name, _)) => format!("{name}:***"),
        None if scheme.starts_with("postgres") => user.to_owned(),
        None => "***".to_owned(),
    };
    let slash = if rest.contains('/') { "/" } else { "" };
    format!("{scheme}://{user}@{host}{slash}{path}")
}

#[cfg(test)]
mod tests {
    use super::without_secrets;

    #[test]
    fn passwords_and_tokens_are_hidden() {
        for (url, shown) in [
            ("postgres://a:b@h/d", "postgres://a:***@h/d"),
            ("postgres://a@h/d", "postgres://a@h/d"),
            ("nats://secret@h:4222", "nats://***@h:4222"),
            ("nats://h:4222", "nats://h:4222"),
        ] {
            assert_eq!(without_secrets(url), shown);
        }
    }
}
