//! `onward serve`, `bootstrap` and `token`: how an installation begins and ends.

use onward_tests::servers::Onward;
use onward_tests::world::{House, Setup, World};

use super::onward;

#[tokio::test]
async fn a_server_says_where_it_serves_and_drains_when_told_to_stop() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let server = Onward::serve(&["--data", &data.to_string_lossy()]).await?;
    assert!(server.addr().starts_with("http://127.0.0.1:"), "{}", server.addr());
    let address = server.addr().trim_start_matches("http://").to_owned();
    assert!(tokio::net::TcpStream::connect(&address).await.is_ok());
    let stopped = server.stop_gracefully().await?;
    assert_eq!(stopped.code, Some(0), "{}", stopped.stderr);
    assert!(tokio::net::TcpStream::connect(&address).await.is_err());
    // What it made is for its owner alone.
    use std::os::unix::fs::PermissionsExt;
    let keys =
        ["keys/kek", "keys/lookup.key", "keys/development-token.pem", "keys/learner-keys.db"];
    for path in ["", "keys", "log.db", "views.db"].into_iter().chain(keys) {
        let mode = std::fs::metadata(data.join(path))?.permissions().mode() & 0o077;
        assert_eq!(mode, 0, "{path} is for its owner alone");
    }
    // The same again on what is there.
    let again = Onward::serve(&["--data", &data.to_string_lossy()]).await?;
    assert_eq!(again.stop_gracefully().await?.code, Some(0));
    Ok(())
}

#[tokio::test]
async fn the_first_operator_is_made_once() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data").to_string_lossy().into_owned();
    let args =
        ["bootstrap", "--org", "House", "--subject", "op", "--issuer", "test", "--data", &data];
    let made = onward(&args).await?.done();
    assert!(made.out.contains("OPERATOR"), "{}", made.out);
    onward(&args).await?.refused(&["operator"]);
    let other = ["bootstrap", "--org", "Other", "--subject", "x", "--issuer", "y", "--data", &data];
    onward(&other).await?.refused(&["operator"]);
    onward(&["bootstrap", "--org", "House", "--data", &data]).await?.misused();
    // While a server holds the folder, the database cannot be had.
    let server = Onward::serve(&["--data", &data]).await?;
    onward(&args).await?.refused(&[&data]);
    server.stop_gracefully().await?;
    Ok(())
}

#[tokio::test]
async fn the_first_operator_on_postgres_is_made_beside_a_running_server() -> anyhow::Result<()> {
    let world = World::start_empty(Setup::POSTGRES).await?;
    let store = world.store();
    let mut args = vec!["bootstrap", "--org", "Other", "--subject", "x", "--issuer", "y"];
    args.extend(store.iter().map(String::as_str));
    onward(&args).await?.refused(&["operator"]);
    Ok(())
}

#[tokio::test]
async fn a_development_token_opens_what_its_member_may_do() -> anyhow::Result<()> {
    let world = World::start(Setup::SQLITE).await?;
    let senco = world.senco(House::Primary).await?;
    let data = world.data().to_string_lossy().into_owned();
    let org = senco.organisation.clone();
    let ask = |ttl: &'static str| {
        let (org, data, subject) = (org.clone(), data.clone(), senco.subject.clone());
        async move {
            let args = ["token", "--data", &data, "--org", &org, "--role", "SENCO"];
            let args = [&args[..], &["--subject", &subject, "--ttl", ttl]].concat();
            onward(&args).await
        }
    };
    let token = ask("15m").await?.done().out.trim().to_owned();
    let addr = world.server().addr();
    let args = ["inbox", "--server", addr, "--token", &token, "--output", "json"];
    assert!(onward(&args).await?.done().rows().is_empty());
    ask("a while").await?.misused();
    ask("0s").await?.misused();

    let args = ["token", "--data", &data, "--org", &org, "--role", "senco", "--output", "json"];
    let said = onward(&args).await?.done().json();
    assert_eq!((&said["role"], &said["subject"]), (&"SENCO".into(), &"senco".into()));
    // That token names nobody who is a member.
    let token = said["token"].as_str().expect("a token");
    let args = ["inbox", "--server", addr, "--token", token];
    onward(&args).await?.refused(&["NOT_A_MEMBER"]);
    let args = ["token", "--data", &data, "--org", &org, "--role", "WIZARD"];
    onward(&args).await?.misused().says(&["SENCO"]);
    let args = ["token", "--data", &data, "--org", "Elmbridge", "--role", "SENCO"];
    onward(&args).await?.misused().says(&["--org"]);
    let args = ["token", "--data", "/nowhere", "--org", &org, "--role", "SENCO"];
    onward(&args).await?.refused(&["development"]);
    Ok(())
}
