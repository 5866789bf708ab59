//! What `deploy/` says is what the servers accept.

use async_nats::jetstream;
use async_nats::jetstream::stream::{Config, DiscardPolicy};
use futures::StreamExt;
use onward_tests::servers::{Nats, onward_command, project_root};

/// The configuration in `deploy/nats` starts, lets the login of Onward make its stream, write, and follow it,
/// and keeps everybody else out.
#[tokio::test]
async fn the_deployed_bus_serves_onward_and_nobody_else() -> anyhow::Result<()> {
    for conf in ["deploy/nats/nats-server.conf", "deploy/kubernetes/nats-server.conf"] {
        // Fixed there: the store's folder, and the monitoring port, which two tests cannot share.
        let text = std::fs::read_to_string(project_root().join(conf))?;
        let text = text.replace("http: 127.0.0.1:8222", "").replace("/var/lib/nats", Nats::STORE);
        let envs = [("ONWARD_NATS_NAME", "nats-1"), ("ONWARD_NATS_PASSWORD", "a-long-one")];
        let nats = Nats::start_from(&text, &envs).await?;
        assert!(nats.client().await.is_err(), "{conf}: nobody without the password");

        let login = async_nats::ConnectOptions::new();
        let login = login.user_and_password("onward".to_owned(), "a-long-one".to_owned());
        let client = login.connect(nats.url()).await?;
        let streams = jetstream::new(client);
        let stream = streams.create_stream(settings()).await?;
        streams.publish("onward.v1.0.directory.organisation_registered", "x".into()).await?.await?;
        let ordered = jetstream::consumer::pull::OrderedConfig::default();
        let mut messages = stream.create_consumer(ordered).await?.messages().await?;
        let first = messages.next().await.expect("the stream goes on")?;
        assert_eq!(first.info().map(|info| info.stream_sequence).ok(), Some(1), "{conf}");
    }
    Ok(())
}

/// The settings in `deploy` are accepted, with an identity provider's keys in the place of the example's.
#[tokio::test]
async fn the_deployed_settings_are_accepted() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let keys = folder.path().join("issuer.json");
    std::fs::write(&keys, ISSUER)?;
    let text = std::fs::read_to_string(project_root().join("deploy/onward.toml"))?;
    let text = text.replace("/etc/onward/login.example.org.json", &keys.to_string_lossy());
    let file = folder.path().join("onward.toml");
    std::fs::write(&file, text)?;
    let checked = onward_command(&["config", "check", "--config", &file.to_string_lossy()]).await?;
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    // In the pod the certificate is a file of the pod: only that every key is known can be seen here.
    let pod = project_root().join("deploy/kubernetes/onward.toml");
    let printed = onward_command(&["config", "print", "--config", &pod.to_string_lossy()]).await?;
    assert!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
    Ok(())
}

/// The public key of RFC 8037, appendix A.2.
const ISSUER: &str = r#"{"keys": [{"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": "k",
  "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

/// As the relay makes it.
fn settings() -> Config {
    Config {
        name: "ONWARD_1".to_owned(),
        subjects: vec!["onward.v1.>".to_owned()],
        discard: DiscardPolicy::New,
        deny_delete: true,
        deny_purge: true,
        allow_direct: true,
        allow_atomic_publish: true,
        ..Config::default()
    }
}
