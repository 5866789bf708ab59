//! The signing key of one data folder: random, readable by its owner only, good for loopback only.
//!
//! It lets a newcomer mint tokens with `onward token`; a real installation configures its identity
//! provider's keys and never uses it.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use onward_domain::ids::OrganisationId;
use serde::Serialize;

use crate::token::{AUDIENCE, Issuer, VerifyingKey};

/// `iss` of tokens signed with a development key.
pub const DEVELOPMENT_ISSUER: &str = "onward-development";

/// Longest life of a development token.
pub const LONGEST_TTL: Duration = Duration::from_secs(24 * 60 * 60);

/// The key pair. `Debug` is deliberately absent.
pub struct DevelopmentKey {
    signing: SigningKey,
}

/// Why there is no development key.
#[derive(Debug, thiserror::Error)]
pub enum DevelopmentKeyFault {
    /// The file could not be read or made.
    #[error("the development key at {path} could not be {action}")]
    File {
        /// Where it should be.
        path: String,
        /// `read` or `made`.
        action: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// The file holds something else.
    #[error("the file at {path} is not an Ed25519 private key")]
    NotAKey {
        /// Where it is.
        path: String,
    },
    /// The system gave no randomness.
    #[error("the system gave no randomness for a development key")]
    NoRandomness,
    /// Signing failed.
    #[error("the development key could not sign")]
    Signing,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    org: String,
    aud: &'a str,
    iat: i64,
    exp: i64,
}

impl DevelopmentKey {
    /// Reads the key of a folder.
    ///
    /// # Errors
    /// The file is missing, unreadable or not a key.
    pub fn load(path: &Path) -> Result<Self, DevelopmentKeyFault> {
        let text = fs::read_to_string(path).map_err(|source| file_fault(path, "read", source))?;
        SigningKey::from_pkcs8_pem(&text)
            .map(|signing| Self { signing })
            .map_err(|_| DevelopmentKeyFault::NotAKey { path: path.display().to_string() })
    }

    /// Reads the key of a folder, or makes it at the first start (mode 0600).
    ///
    /// # Errors
    /// The file is unreadable or not a key, or it cannot be made.
    pub fn load_or_make(path: &Path) -> Result<Self, DevelopmentKeyFault> {
        match Self::load(path) {
            Err(DevelopmentKeyFault::File { source, .. })
                if source.kind() == io::ErrorKind::NotFound =>
            {
                Self::make(path)
            }
            other => other,
        }
    }

    fn make(path: &Path) -> Result<Self, DevelopmentKeyFault> {
        let mut seed = [0_u8; 32];
        getrandom::fill(&mut seed).map_err(|_| DevelopmentKeyFault::NoRandomness)?;
        let signing = SigningKey::from_bytes(&seed);
        let pem = signing.to_pkcs8_pem(LineEnding::LF).map_err(|_| DevelopmentKeyFault::Signing)?;
        // A name of its own first: of two processes that start at once, one file wins whole.
        let draft = path.with_extension(format!("{}.new", uuid::Uuid::now_v7()));
        let written = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)
            .and_then(|mut file| file.write_all(pem.as_bytes()).and_then(|()| file.sync_all()))
            .and_then(|()| match fs::hard_link(&draft, path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                other => other,
            });
        let removed = fs::remove_file(&draft);
        written.and(removed).map_err(|source| file_fault(path, "made", source))?;
        Self::load(path)
    }

    /// Signs a token of the development issuer.
    ///
    /// # Errors
    /// Signing failed.
    pub fn sign(
        &self,
        subject: &str,
        organisation: OrganisationId,
        now: Timestamp,
        ttl: Duration,
    ) -> Result<String, DevelopmentKeyFault> {
        let ttl = i64::try_from(ttl.min(LONGEST_TTL).as_secs()).unwrap_or(i64::MAX);
        let claims = Claims {
            iss: DEVELOPMENT_ISSUER,
            sub: subject,
            org: organisation.to_string(),
            aud: AUDIENCE,
            iat: now.as_second(),
            exp: now.as_second() + ttl,
        };
        let der = self.signing.to_pkcs8_der().map_err(|_| DevelopmentKeyFault::Signing)?;
        let key = EncodingKey::from_ed_der(der.as_bytes());
        jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), &claims, &key)
            .map_err(|_| DevelopmentKeyFault::Signing)
    }

    /// The issuer that accepts this key's tokens, for a verifier on loopback.
    pub fn issuer(&self) -> Issuer {
        let public = self.signing.verifying_key();
        Issuer {
            name: DEVELOPMENT_ISSUER.to_owned(),
            keys: vec![VerifyingKey {
                id: None,
                algorithm: Algorithm::EdDSA,
                key: DecodingKey::from_ed_der(public.as_bytes()),
            }],
        }
    }
}

fn file_fault(path: &Path, action: &'static str, source: io::Error) -> DevelopmentKeyFault {
    DevelopmentKeyFault::File { path: path.display().to_string(), action, source }
}
