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

/// Hides the passwords and tokens of a URL, or of a list of them. What does not look as it should is hidden
/// whole: a password that was not escaped may stand anywhere.
pub fn without_secrets(urls: &str) -> String {
    let mut shown: Vec<String> = Vec::new();
    let mut rest = urls;
    while let Some((one, after)) = first_of(rest) {
        shown.push(one_without_secrets(one));
        rest = after;
    }
    shown.join(",")
}

/// The first URL of a list, and the others. A comma parts two only where a scheme follows.
fn first_of(urls: &str) -> Option<(&str, &str)> {
    if urls.is_empty() {
        return None;
    }
    let scheme = |rest: &str| rest.split_once("://").is_some_and(|(scheme, _)| plain(scheme));
    let comma = urls.match_indices(',').find(|(at, _)| scheme(&urls[at + 1..]));
    Some(comma.map_or((urls, ""), |(at, _)| (&urls[..at], &urls[at + 1..])))
}

fn one_without_secrets(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://").filter(|(scheme, _)| plain(scheme)) else {
        return HIDDEN.to_owned();
    };
    let (before, query) = rest.rsplit_once('?').map_or((rest, ""), |(b, _)| (b, "?***"));
    let Some((user, host)) = before.rsplit_once('@') else {
        // Without an @ nothing of it is a secret, unless the query cut a password in two.
        let cut = rest.contains('@') && before.contains(':');
        return format!("{scheme}://{}{query}", if cut { HIDDEN } else { before });
    };
    // `nats://token@host` is a secret whole; `postgres://user@host` is not.
    let user = match user.split_once(':') {
        Some((name, _)) if plain(name) => format!("{name}:{HIDDEN}"),
        None if scheme.starts_with("postgres") && plain(user) => user.to_owned(),
        _ => HIDDEN.to_owned(),
    };
    format!("{scheme}://{user}@{host}{query}")
}

/// What stands for a secret.
const HIDDEN: &str = "***";

/// A name as schemes and users have them.
fn plain(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '+');
    !name.is_empty() && name.chars().all(plain)
}

/// What is wrong with a configuration, without the value in question: it may be a password that stands in
/// the wrong place. The parser's own text shows the line; the key and the place say enough.
pub(super) fn fault(error: &config::ConfigError) -> String {
    use config::ConfigError as E;
    let place = |origin: &Option<String>| {
        origin.as_ref().map(|origin| format!(" in {origin}")).unwrap_or_default()
    };
    match error {
        E::Type { origin, expected, key, .. } => {
            let key = key.as_deref().map(|key| format!("`{key}` ")).unwrap_or_default();
            censored(&format!("{key}must be {expected}{}", place(origin)))
        }
        E::At { error, key: Some(key), .. } => {
            censored(&format!("{} for key `{key}`", fault(error)))
        }
        E::At { error, .. } => fault(error),
        E::FileParse { cause, uri } => {
            let text = cause.to_string();
            let told: Vec<&str> = text.lines().filter(|line| !line.contains('|')).collect();
            censored(&format!("{}{}", told.join(": "), place(uri)))
        }
        other => censored(&other.to_string()),
    }
}

/// Words that look like URLs or addresses of people are left out.
fn censored(text: &str) -> String {
    let word = |word| if str::contains(word, "://") || word.contains('@') { HIDDEN } else { word };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
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
            ("postgres://a:b/c@h/d", "postgres://a:***@h/d"),
            ("postgres://a:b@c@h/d", "postgres://a:***@h/d"),
            ("postgres://h/d?password=b", "postgres://h/d?***"),
            ("nats://one@h,nats://two:b@i:1", "nats://***@h,nats://two:***@i:1"),
            ("a:b@h/d", "***"),
            ("postgres://a:b?c@h/d", "postgres://***?***"),
            ("postgres://h/d?password=b@c", "postgres://h/d?***"),
        ] {
            assert_eq!(without_secrets(url), shown);
        }
    }
}
