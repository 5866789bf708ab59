//! Bearer tokens: JWT signed with EdDSA or RS256 by an issuer that the operator configured.
//!
//! The algorithm comes from the configured key, never from the token, so that `alg: none` and
//! algorithm swaps have nothing to work with.

use jiff::Timestamp;
use jsonwebtoken::dangerous::insecure_decode_claims;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{AlgorithmParameters, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode_header};
use onward_domain::ids::OrganisationId;
use serde::Deserialize;

/// `aud` that every token must carry.
pub const AUDIENCE: &str = "onward";

/// How far clocks may differ, in seconds.
const SKEW_SECONDS: u64 = 60;

/// Longest token that is looked at, in bytes.
const LONGEST_TOKEN: usize = 8 * 1024;

/// A verified identity and the organisation it acts for. Issuer and subject together are the identity.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    /// `iss`.
    pub issuer: String,
    /// `sub`.
    pub subject: String,
    /// `org`.
    pub organisation: OrganisationId,
    /// `exp`: streams end here.
    pub expires_at: Timestamp,
}

/// Why a token is not accepted. Never repeats any part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// No bearer token came with the call.
    #[error("the call carries no bearer token")]
    Missing,
    /// It is not a JWT, lacks a claim, or a claim has the wrong shape.
    #[error("the bearer token is malformed")]
    Malformed,
    /// Issuer, key or signature are not ones that this server accepts.
    #[error("the bearer token was not signed by an issuer that this server accepts")]
    NotAccepted,
    /// Its time is over, or has not come.
    #[error("the bearer token has expired or is not valid yet")]
    Expired,
    /// It was made for another service.
    #[error("the bearer token is for another audience")]
    WrongAudience,
}

/// A key that an issuer signs with.
#[derive(Clone)]
pub struct VerifyingKey {
    /// `kid`, where the issuer has several.
    pub id: Option<String>,
    /// The only algorithm that this key is used with.
    pub algorithm: Algorithm,
    /// The public key.
    pub key: DecodingKey,
}

/// An issuer that the operator trusts.
#[derive(Clone)]
pub struct Issuer {
    /// `iss` of its tokens.
    pub name: String,
    /// Its public keys.
    pub keys: Vec<VerifyingKey>,
}

/// Why a key set cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeySetFault {
    /// Not a JSON Web Key Set.
    #[error("not a JSON Web Key Set: {0}")]
    NotASet(#[from] serde_json::Error),
    /// No key of a kind that is accepted.
    #[error("the key set holds no RS256 or EdDSA key")]
    NoUsableKey,
}

impl Issuer {
    /// An issuer from its JSON Web Key Set. Keys of other kinds than RSA and Ed25519 are left out.
    ///
    /// # Errors
    /// The text is not a key set, or no key in it can be used.
    pub fn from_jwks(name: &str, jwks: &str) -> Result<Self, KeySetFault> {
        let set: JwkSet = serde_json::from_str(jwks)?;
        let keys: Vec<VerifyingKey> = set
            .keys
            .iter()
            .filter_map(|jwk| {
                let algorithm = match jwk.algorithm {
                    AlgorithmParameters::RSA(_) => Algorithm::RS256,
                    AlgorithmParameters::OctetKeyPair(_) => Algorithm::EdDSA,
                    _ => return None,
                };
                let key = DecodingKey::from_jwk(jwk).ok()?;
                Some(VerifyingKey { id: jwk.common.key_id.clone(), algorithm, key })
            })
            .collect();
        if keys.is_empty() {
            return Err(KeySetFault::NoUsableKey);
        }
        Ok(Self { name: name.to_owned(), keys })
    }
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    org: String,
    exp: i64,
}

#[derive(Deserialize)]
struct Unverified {
    iss: String,
}

/// Verifies tokens of the configured issuers.
#[derive(Clone, Default)]
pub struct Verifier {
    issuers: Vec<Issuer>,
}

impl Verifier {
    /// A verifier that accepts these issuers and nobody else.
    pub fn new(issuers: Vec<Issuer>) -> Self {
        Self { issuers }
    }

    /// Verifies the value of an `authorization` header.
    ///
    /// # Errors
    /// Why the token is not accepted.
    pub fn verify_header(&self, header: Option<&str>) -> Result<Identity, TokenFault> {
        let header = header.ok_or(TokenFault::Missing)?;
        let (scheme, token) = header.split_once(' ').ok_or(TokenFault::Malformed)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(TokenFault::Malformed);
        }
        self.verify(token.trim())
    }

    /// Verifies a token.
    ///
    /// # Errors
    /// Why the token is not accepted.
    pub fn verify(&self, token: &str) -> Result<Identity, TokenFault> {
        if token.len() > LONGEST_TOKEN {
            return Err(TokenFault::Malformed);
        }
        // The issuer's name is read first, to know which keys to try; nothing else of it is believed.
        let unverified: Unverified =
            insecure_decode_claims(token).map_err(|_| TokenFault::Malformed)?;
        let issuer = self
            .issuers
            .iter()
            .find(|issuer| issuer.name == unverified.iss)
            .ok_or(TokenFault::NotAccepted)?;
        // A header that names no known algorithm (`none`) does not even parse.
        let header = decode_header(token).map_err(|_| TokenFault::NotAccepted)?;
        // What a token says must be understood, and is not understood here, refuses it (RFC 7515, 4.1.11).
        if header.crit.is_some() {
            return Err(TokenFault::NotAccepted);
        }
        let kid = header.kid;
        let mut fault = TokenFault::NotAccepted;
        for key in issuer.keys.iter().filter(|key| matches(key, kid.as_deref())) {
            match verify_with(token, issuer, key) {
                Ok(identity) => return Ok(identity),
                Err(found) => fault = found,
            }
        }
        Err(fault)
    }
}

fn matches(key: &VerifyingKey, kid: Option<&str>) -> bool {
    match (&key.id, kid) {
        (Some(id), Some(kid)) => id == kid,
        _ => true,
    }
}

fn verify_with(token: &str, issuer: &Issuer, key: &VerifyingKey) -> Result<Identity, TokenFault> {
    let mut validation = Validation::new(key.algorithm);
    validation.leeway = SKEW_SECONDS;
    validation.validate_nbf = true;
    validation.set_audience(&[AUDIENCE]);
    validation.set_issuer(&[&issuer.name]);
    validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
    let data = jsonwebtoken::decode::<Claims>(token, &key.key, &validation)
        .map_err(|error| fault_of(error.kind()))?;
    let claims = data.claims;
    if claims.sub.is_empty() || claims.iss.len() + claims.sub.len() > 1024 {
        return Err(TokenFault::Malformed);
    }
    Ok(Identity {
        issuer: claims.iss,
        subject: claims.sub,
        organisation: claims.org.parse().map_err(|_| TokenFault::Malformed)?,
        expires_at: Timestamp::from_second(claims.exp).map_err(|_| TokenFault::Malformed)?,
    })
}

fn fault_of(kind: &ErrorKind) -> TokenFault {
    match kind {
        ErrorKind::ExpiredSignature | ErrorKind::ImmatureSignature => TokenFault::Expired,
        ErrorKind::InvalidAudience => TokenFault::WrongAudience,
        ErrorKind::InvalidSignature
        | ErrorKind::InvalidIssuer
        | ErrorKind::InvalidAlgorithm
        | ErrorKind::InvalidAlgorithmName
        | ErrorKind::UnsupportedAlgorithm => TokenFault::NotAccepted,
        _ => TokenFault::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use uuid::Uuid;

    use super::*;
    use crate::development_key::DevelopmentKey;

    fn key(folder: &std::path::Path) -> DevelopmentKey {
        DevelopmentKey::load_or_make(&folder.join("token.pem")).expect("a key")
    }

    fn folder() -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("onward-token-{}", Uuid::now_v7()));
        std::fs::create_dir(&folder).expect("a folder");
        folder
    }

    fn organisation() -> OrganisationId {
        OrganisationId::new(Uuid::from_u128(7))
    }

    fn parts(claims: &str, header: &str) -> String {
        format!("{}.{}.", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn a_token_of_our_own_key_is_accepted_and_the_key_file_is_private() {
        use std::os::unix::fs::PermissionsExt;
        let folder = folder();
        let key = key(&folder);
        let mode = std::fs::metadata(folder.join("token.pem")).expect("file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let token = key
            .sign("ada", organisation(), Timestamp::now(), Duration::from_secs(60))
            .expect("token");
        let again = DevelopmentKey::load(&folder.join("token.pem")).expect("the same key");
        let verifier = Verifier::new(vec![again.issuer()]);
        let identity = verifier.verify_header(Some(&format!("Bearer {token}"))).expect("accepted");
        assert_eq!(identity.subject, "ada");
        assert_eq!(identity.organisation, organisation());
    }

    #[test]
    fn what_is_not_ours_is_refused_with_its_reason() {
        let (ours, theirs) = (key(&folder()), key(&folder()));
        let verifier = Verifier::new(vec![ours.issuer()]);
        let hour = Duration::from_secs(3600);
        let now = Timestamp::now();
        let old = Timestamp::from_second(now.as_second() - 7200).expect("moment");
        let expired =
            ours.sign("ada", organisation(), old, Duration::from_secs(60)).expect("token");
        let foreign = theirs.sign("ada", organisation(), now, hour).expect("token");
        let good = ours.sign("ada", organisation(), now, hour).expect("token");
        let unsigned = good.rsplit_once('.').expect("three parts").0.to_owned() + ".";
        let claims = format!(
            r#"{{"iss":"{}","sub":"ada","org":"{}","aud":"onward","exp":{}}}"#,
            crate::DEVELOPMENT_ISSUER,
            organisation(),
            now.as_second() + 60
        );
        let none = parts(&claims, r#"{"alg":"none","typ":"JWT"}"#);
        let hmac = parts(&claims, r#"{"alg":"HS256","typ":"JWT"}"#) + "AAAA";
        assert_eq!(verifier.verify(&expired), Err(TokenFault::Expired));
        assert_eq!(verifier.verify(&foreign), Err(TokenFault::NotAccepted));
        assert_eq!(verifier.verify(&none), Err(TokenFault::NotAccepted));
        assert_eq!(verifier.verify(&hmac), Err(TokenFault::NotAccepted));
        assert!(verifier.verify(&unsigned).is_err());
        assert_eq!(verifier.verify("nonsense"), Err(TokenFault::Malformed));
        assert_eq!(verifier.verify_header(None), Err(TokenFault::Missing));
        assert_eq!(verifier.verify_header(Some("Basic abc")), Err(TokenFault::Malformed));
    }
}
