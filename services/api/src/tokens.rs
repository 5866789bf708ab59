//! Tokens that were verified before: a signature is checked once, not with every call.
//!
//! Only what was accepted is kept, under the hash of the whole token, and only until it expires. What
//! a token says never changes, and neither do the issuers' keys while the process runs; what its
//! bearer may do is asked of the log with every call.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use onward_access::{Identity, TokenFault, Verifier};
use onward_log::Key;
use sha2::{Digest, Sha256};

/// Most tokens that are kept.
const MOST_KEPT: usize = 4_096;

/// Whom a token names, and the keys under which the roles of its bearer are held. What the log says
/// about these keys is asked with every call.
#[derive(Clone)]
pub(crate) struct Bearer {
    /// Whom it names.
    pub(crate) identity: Identity,
    /// In the order of `MemberRole::ALL`.
    pub(crate) memberships: Arc<[Key]>,
}

/// Tokens that were verified before.
#[derive(Default)]
pub(crate) struct Verified(RwLock<HashMap<[u8; 32], Bearer>>);

impl Verified {
    /// Verifies the value of an `authorization` header.
    ///
    /// # Errors
    /// Why the token is not accepted.
    pub(crate) fn bearer(
        &self,
        verifier: &Verifier,
        header: Option<&str>,
        now: Timestamp,
        memberships: impl FnOnce(&Identity) -> Vec<Key>,
    ) -> Result<Bearer, TokenFault> {
        let text = header.ok_or(TokenFault::Missing)?;
        let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&digest).cloned();
        if let Some(bearer) = kept.filter(|bearer| now < bearer.identity.expires_at) {
            return Ok(bearer);
        }
        let identity = verifier.verify_header(header)?;
        let memberships = memberships(&identity).into();
        let bearer = Bearer { identity, memberships };
        self.keep(digest, &bearer, now);
        Ok(bearer)
    }

    fn keep(&self, digest: [u8; 32], bearer: &Bearer, now: Timestamp) {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST_KEPT {
            kept.retain(|_, bearer| now < bearer.identity.expires_at);
        }
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        kept.insert(digest, bearer.clone());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use onward_access::DevelopmentKey;
    use onward_domain::ids::OrganisationId;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_was_accepted_is_accepted_until_it_expires_and_nothing_else_is() {
        let folder = std::env::temp_dir().join(format!("onward-verified-{}", Uuid::now_v7()));
        std::fs::create_dir(&folder).expect("a folder");
        let key = DevelopmentKey::load_or_make(&folder.join("token.pem")).expect("a key");
        let verifier = Verifier::new(vec![key.issuer()]);
        let (now, hour) = (Timestamp::now(), Duration::from_secs(3600));
        let organisation = OrganisationId::new(Uuid::from_u128(7));
        let token = key.sign("ada", organisation, now, hour).expect("token");
        let header = format!("Bearer {token}");
        let verified = Verified::default();
        let identity = |verifier: &Verifier, header: Option<&str>, now: Timestamp| {
            let bearer = verified.bearer(verifier, header, now, |_| Vec::new());
            bearer.map(|bearer| bearer.identity)
        };
        let first = identity(&verifier, Some(&header), now).expect("accepted");
        // A verifier that trusts nobody shows who answers: what was kept, or the verifier.
        let nobody = Verifier::default();
        assert_eq!(identity(&nobody, Some(&header), now), Ok(first.clone()));
        let changed = format!("{header}A");
        assert!(identity(&nobody, Some(&changed), now).is_err());
        assert!(identity(&nobody, Some(&header), first.expires_at).is_err());
        assert_eq!(identity(&nobody, None, now), Err(TokenFault::Missing));
    }
}
