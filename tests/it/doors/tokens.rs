//! Bearer tokens: whatever is not a good one of an accepted issuer opens nothing, and says why.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use onward_access::{DEVELOPMENT_ISSUER, DevelopmentKey};
use onward_contract::access::v1::MemberRole;
use onward_contract::reason;
use onward_tests::expect::{face, reason_of};
use onward_tests::world::{House, World};
use serde_json::{Value, json};
use tonic::Code;

use super::{Method, raw};

on_both_databases!(
    whatever_is_not_a_good_token_is_unauthenticated,
    no_method_can_be_called_without_a_token,
);

fn claims(org: &str, subject: &str) -> Value {
    let now = Timestamp::now().as_second();
    json!({
        "iss": DEVELOPMENT_ISSUER, "sub": subject, "org": org, "aud": "onward",
        "iat": now, "exp": now + 600,
    })
}

fn signed(pem: &[u8], claims: &Value) -> anyhow::Result<String> {
    let key = EncodingKey::from_ed_pem(pem)?;
    Ok(jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), claims, &key)?)
}

fn with(claims: &Value, key: &str, value: Value) -> Value {
    let mut changed = claims.clone();
    changed[key] = value;
    changed
}

/// Header and claims as given, and any third part.
fn assembled(header: &Value, claims: &Value, signature: &str) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{signature}", part(header), part(claims))
}

async fn whatever_is_not_a_good_token_is_unauthenticated(world: &World) -> anyhow::Result<()> {
    let senco = world.member(House::Primary, &[MemberRole::Senco]).await?;
    let pem = std::fs::read(world.data().join("keys/development-token.pem"))?;
    let good = claims(&senco.organisation, &senco.subject);
    let elsewhere = tempfile::tempdir()?;
    DevelopmentKey::load_or_make(&elsewhere.path().join("key.pem"))?;
    let foreign = std::fs::read(elsewhere.path().join("key.pem"))?;
    let hour_ago = Timestamp::now() - jiff::SignedDuration::from_hours(1);
    let expired =
        world.token(&senco.organisation, &senco.subject, hour_ago, Duration::from_secs(60));
    let later = Timestamp::now().as_second() + 600;
    let sound = signed(&pem, &good)?;
    let (body, _) = sound.rsplit_once('.').expect("three parts");
    let bearer = |token: String| Some(format!("Bearer {token}"));
    let invalid = reason::TOKEN_INVALID;
    let cases = [
        ("none", None, reason::TOKEN_MISSING),
        ("expired", bearer(expired), reason::TOKEN_EXPIRED),
        (
            "not yet",
            bearer(signed(&pem, &with(&good, "nbf", json!(later)))?),
            reason::TOKEN_EXPIRED,
        ),
        ("other audience", bearer(signed(&pem, &with(&good, "aud", json!("else")))?), invalid),
        ("no audience", bearer(signed(&pem, &with(&good, "aud", Value::Null))?), invalid),
        ("other issuer", bearer(signed(&pem, &with(&good, "iss", json!("else")))?), invalid),
        ("no subject", bearer(signed(&pem, &with(&good, "sub", json!("")))?), invalid),
        ("no organisation", bearer(signed(&pem, &with(&good, "org", json!("x")))?), invalid),
        ("other key", bearer(signed(&foreign, &good)?), invalid),
        ("alg none", bearer(assembled(&json!({"alg": "none"}), &good, "")), invalid),
        ("alg HS256", bearer(assembled(&json!({"alg": "HS256"}), &good, "AAAA")), invalid),
        ("unsigned", bearer(format!("{body}.")), invalid),
        (
            "other claims",
            bearer(swapped(&sound, &with(&good, "org", json!(world.id(House::Stranger))))),
            invalid,
        ),
        ("nonsense", bearer("nonsense".to_owned()), invalid),
        ("other scheme", Some(format!("Basic {sound}")), invalid),
        ("huge", bearer("a".repeat(20_000)), invalid),
    ];
    let methods = Method::all();
    for (what, authorization, reason) in &cases {
        for method in methods.iter().filter(|method| method.name().starts_with("Get")) {
            let channel = senco.channel();
            let answer =
                raw::call_with(channel, authorization.as_deref(), method, Vec::new()).await;
            let status = answer.expect_err(what);
            let told = (status.code(), reason_of(&status));
            assert_eq!(
                told,
                (Code::Unauthenticated, (*reason).to_owned()),
                "{what} {}",
                method.path
            );
        }
    }
    // The good one, to know that the others were refused for what is wrong with them.
    assert!(senco.with_token(sound).status().await.is_ok());
    Ok(())
}

/// The same signature over other claims.
fn swapped(token: &str, claims: &Value) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
    format!("{}.{claims}.{}", parts[0], parts[2])
}

/// Every method asks for a token first, and tells nobody what it would have said otherwise.
async fn no_method_can_be_called_without_a_token(world: &World) -> anyhow::Result<()> {
    let mut faces = Vec::new();
    for method in Method::all() {
        let channel = world.channels()[0].clone();
        let status = raw::call_with(channel, None, &method, Vec::new()).await.expect_err("nobody");
        assert_eq!(status.code(), Code::Unauthenticated, "{}", method.path);
        faces.push(face(&status));
    }
    faces.dedup();
    assert_eq!(faces.len(), 1, "the same words everywhere");
    Ok(())
}
