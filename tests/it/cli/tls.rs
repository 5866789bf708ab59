//! A server that speaks TLS, and commands that reach it.

use std::path::Path;

use onward_tests::servers::Onward;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use super::onward;

/// An authority's certificate, and a certificate for this machine that it signed.
fn certificates(folder: &Path) -> anyhow::Result<[String; 3]> {
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let certificate = CertificateParams::new(names)?.signed_by(&key, &authority)?;
    let texts = [authority.pem(), certificate.pem(), key.serialize_pem()];
    let mut paths = [const { String::new() }; 3];
    for ((path, text), name) in paths.iter_mut().zip(texts).zip(["ca", "server", "key"]) {
        let file = folder.join(name).with_extension("pem");
        std::fs::write(&file, text)?;
        *path = file.to_string_lossy().into_owned();
    }
    Ok(paths)
}

#[tokio::test]
async fn commands_reach_a_server_over_tls() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let [ca, certificate, key] = certificates(folder.path())?;
    let data = folder.path().join("data").to_string_lossy().into_owned();
    let config = folder.path().join("onward.toml");
    let text = format!("[http]\ntls_certificate = {certificate:?}\ntls_key = {key:?}\n");
    std::fs::write(&config, text)?;
    let made = ["bootstrap", "--org", "House", "--subject", "op", "--data", &data];
    let made = onward(&[&made[..], &["--issuer", "onward-development"]].concat()).await?.done();
    let organisation = made.out.split_whitespace().find(|word| word.len() == 36);
    let organisation = organisation.expect("the organisation's id").to_owned();
    let server = Onward::serve(&["--data", &data, "--config", &config.to_string_lossy()]).await?;
    let address = server.addr().to_owned();
    assert!(address.starts_with("https://127.0.0.1:"), "{address}");
    let token = ["token", "--data", &data, "--org", &organisation, "--role", "OPERATOR"];
    let token = onward(&[&token[..], &["--subject", "op"]].concat()).await?.done();
    let token = token.out.trim().to_owned();
    let ask = |server: String, ca: Option<String>| {
        let mut args = vec!["checkpoint".to_owned(), "--server".to_owned(), server];
        args.extend(["--token".to_owned(), token.clone()]);
        args.extend(ca.into_iter().flat_map(|ca| ["--ca".to_owned(), ca]));
        async move { onward(&args.iter().map(String::as_str).collect::<Vec<_>>()).await }
    };
    ask(address.clone(), Some(ca.clone())).await?.done();
    // Nobody whom the system trusts signed it; the token goes nowhere.
    ask(address.clone(), None).await?.refused(&[&address, "certificate"]);
    ask(address.clone(), Some(key)).await?.refused(&[]);
    ask(address.clone(), Some("/nowhere.pem".to_owned())).await?.refused(&["/nowhere.pem"]);
    ask(address.replace("https", "http"), None).await?.refused(&[]);
    ask(address.replace("https://", ""), None).await?.refused(&["is not a URL"]);
    assert_eq!(server.stop_gracefully().await?.code, Some(0));
    Ok(())
}
