//! Sealing: XChaCha20-Poly1305 under a subject's data key, with a random nonce of 24 bytes, bound to
//! the event that it belongs to. Sealed bytes = nonce ‖ ciphertext and tag.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use uuid::Uuid;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

const NONCE: usize = 24;

/// A subject's data key, or the key that wraps them. Wiped when dropped; no `Debug`.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct SecretKey([u8; 32]);

/// The bytes do not open: another key, another event, or altered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DoesNotOpen;

/// The operating system gave no randomness, or the cipher failed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CannotSeal;

/// The event that sealed bytes belong to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bound<'a> {
    pub subject: Uuid,
    pub event_id: Uuid,
    pub event_type: &'a str,
    pub schema_version: u16,
}

impl SecretKey {
    pub(crate) fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(crate) fn random() -> Result<Self, CannotSeal> {
        let mut key = Self([0; 32]);
        getrandom::fill(&mut key.0).map_err(|_| CannotSeal)?;
        Ok(key)
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Encrypts, bound to `associated`.
    pub(crate) fn seal(&self, clear: &[u8], associated: &[u8]) -> Result<Vec<u8>, CannotSeal> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|_| CannotSeal)?;
        let payload = Payload { msg: clear, aad: associated };
        let cipher = XChaCha20Poly1305::new((&self.0).into());
        let sealed = cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| CannotSeal)?;
        let mut bytes = Vec::with_capacity(NONCE + sealed.len());
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&sealed);
        Ok(bytes)
    }

    /// Decrypts what was sealed with this key and bound to the same.
    pub(crate) fn open(
        &self,
        sealed: &[u8],
        associated: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, DoesNotOpen> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or(DoesNotOpen)?;
        let payload = Payload { msg: sealed, aad: associated };
        let cipher = XChaCha20Poly1305::new((&self.0).into());
        let clear = cipher.decrypt(&XNonce::from(*nonce), payload).map_err(|_| DoesNotOpen)?;
        Ok(Zeroizing::new(clear))
    }
}

impl Bound<'_> {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"onward.seal.v1".to_vec();
        bytes.extend_from_slice(self.subject.as_bytes());
        bytes.extend_from_slice(self.event_id.as_bytes());
        bytes.extend(self.schema_version.to_be_bytes());
        bytes.extend_from_slice(self.event_type.as_bytes());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_only_with_its_key_for_its_event_and_unaltered() {
        let key = SecretKey::new([1; 32]);
        let bound = Bound {
            subject: Uuid::from_u128(1),
            event_id: Uuid::from_u128(2),
            event_type: "learner.learner_registered",
            schema_version: 1,
        };
        let sealed = key.seal(b"Zoe", &bound.bytes()).expect("sealing works");
        assert!(!sealed.windows(3).any(|window| window == b"Zoe"));
        let open = |key: &SecretKey, bound: Bound<'_>, sealed: &[u8]| {
            key.open(sealed, &bound.bytes()).map(|clear| clear.to_vec())
        };
        assert_eq!(open(&key, bound, &sealed), Ok(b"Zoe".to_vec()));
        assert_eq!(open(&SecretKey::new([2; 32]), bound, &sealed), Err(DoesNotOpen));
        let others = [
            Bound { subject: Uuid::from_u128(9), ..bound },
            Bound { event_id: Uuid::from_u128(9), ..bound },
            Bound { event_type: "learner.learner_amended", ..bound },
            Bound { schema_version: 2, ..bound },
        ];
        for other in others {
            assert_eq!(open(&key, other, &sealed), Err(DoesNotOpen), "{other:?}");
        }
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert_eq!(open(&key, bound, &altered), Err(DoesNotOpen), "byte {at}");
        }
        assert_eq!(open(&key, bound, &sealed[..10]), Err(DoesNotOpen));
    }

    #[test]
    fn the_same_text_never_seals_alike() {
        let key = SecretKey::random().expect("randomness is there");
        assert_ne!(key.seal(b"x", b""), key.seal(b"x", b""));
    }
}
