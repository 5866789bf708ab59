//! `onward config`: what is in force, from all its places, and what is wrong with it.

use super::{onward, onward_with};

fn file(text: &str) -> anyhow::Result<tempfile::NamedTempFile> {
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), text)?;
    Ok(file)
}

#[tokio::test]
async fn what_is_printed_loads_again_with_secrets_hidden() -> anyhow::Result<()> {
    let printed = onward(&["config", "print"]).await?.done().out;
    let again = file(&printed)?;
    let path = again.path().to_string_lossy();
    let second = onward(&["config", "print", "--config", &path]).await?.done().out;
    assert_eq!(printed, second);
    onward(&["config", "check", "--config", &path]).await?.done();

    let postgres = "postgres://onward:hunter2@db.example/onward";
    let nats = "nats://a-long-token@bus.example:4222";
    let shown = onward(&["config", "print", "--postgres", postgres, "--nats", nats]).await?.done();
    assert!(shown.out.contains("db.example") && shown.out.contains("bus.example"));
    assert!(!shown.out.contains("hunter2") && !shown.out.contains("a-long-token"), "{}", shown.out);
    Ok(())
}

#[tokio::test]
async fn flags_override_the_environment_which_overrides_the_file() -> anyhow::Result<()> {
    let file = file("[http]\nlisten = \"127.0.0.1:1001\"\ncall_seconds = 7\n")?;
    let path = file.path().to_string_lossy();
    let envs = [("ONWARD__HTTP__LISTEN", "127.0.0.1:1002")];
    let args = ["config", "print", "--config", &path];
    let shown = onward_with(&args, &[], b"").await?.done();
    assert!(shown.out.contains("127.0.0.1:1001") && shown.out.contains("call_seconds = 7"));
    let shown = onward_with(&args, &envs, b"").await?.done();
    assert!(shown.out.contains("127.0.0.1:1002"), "{}", shown.out);
    let args = ["config", "print", "--config", &path, "--listen", "127.0.0.1:1003"];
    let shown = onward_with(&args, &envs, b"").await?.done();
    assert!(shown.out.contains("127.0.0.1:1003"), "{}", shown.out);
    Ok(())
}

#[tokio::test]
async fn what_is_wrong_is_said_in_one_line() -> anyhow::Result<()> {
    let cases = [
        ("[http]\nlisten_on = \"127.0.0.1:1\"\n", "listen_on"),
        ("[shoes]\nsize = 43\n", "shoes"),
        ("[http]\nlisten = \"0.0.0.0:7700\"\n", "TLS"),
        ("[http]\nlisten = \"nonsense\"\n", "nonsense"),
        ("[database]\npostgres = \"mysql://db\"\n", "postgres"),
        ("roles = [\"api\"]\n", "PostgreSQL"),
        ("[access]\ndevelopment_key = false\n", "issuers"),
        ("[http]\ntls_certificate = \"/nowhere.pem\"\n", "together"),
        ("[http]\ncalls = 0\n", "http.calls"),
        ("[database]\nmax_connections = 0\n", "database.max_connections"),
        ("this is no settings file", "configuration"),
    ];
    for (text, word) in cases {
        let file = file(text)?;
        let path = file.path().to_string_lossy();
        onward(&["config", "check", "--config", &path]).await?.refused(&[word]);
        // What is wrong stops a server in the same way, before it opens anything.
        let folder = tempfile::tempdir()?;
        let data = folder.path().join("data");
        let data = data.to_string_lossy();
        let args = ["serve", "--config", &path, "--data", &data];
        onward(&args).await?.refused(&[word]);
        assert!(!folder.path().join("data").exists(), "{text}");
    }
    onward(&["config", "check", "--config", "/nowhere.toml"]).await?.refused(&["/nowhere.toml"]);
    Ok(())
}

/// The parser's own words show the line that it does not understand.
#[tokio::test]
async fn a_fault_never_repeats_a_line_with_a_password() -> anyhow::Result<()> {
    let url = "postgres://onward:hunter2@db.example/onward";
    let cases = [
        format!("[database]\npostgres = \"{url}\n"),
        format!("[database]\npostgres = {url}\n"),
        format!("[database]\npostgres = \"{url}\"\npostgres = \"{url}\"\n"),
        format!("[database]\nmax_connections = \"{url}\"\n"),
        format!("roles = [\"{url}\"]\n"),
        format!("[bus]\nnats = [\"{url}\"]\n"),
    ];
    for text in cases {
        let file = file(&text)?;
        let path = file.path().to_string_lossy();
        for args in [&["config", "check", "--config", &path][..], &["serve", "--config", &path]] {
            let said = onward(args).await?.refused(&["configuration"]);
            assert!(!said.err.contains("hunter2") && !said.out.contains("hunter2"), "{}", said.err);
        }
    }
    Ok(())
}
