//! Bearer tokens, and the key sets of issuers. Input: the value of an `authorization` header, or the
//! text of a key set where it begins with a brace.

use std::sync::LazyLock;

use onward_access::{Issuer, Verifier};

use super::{Target, none};
use crate::marker::{MARKER, said};

pub(super) const TARGET: Target = Target {
    name: "tokens",
    run,
    seeds: none,
    words: &[
        b"Bearer ",
        b".",
        b"..",
        b"eyJhbGciOiJub25lIn0",
        b"eyJhbGciOiJIUzI1NiJ9",
        b"=",
        b"\"kty\":\"RSA\"",
        b"\"crv\":\"Ed25519\"",
        b"\"x\":\"\"",
        MARKER.as_bytes(),
    ],
};

/// The public key of RFC 8037, appendix A.1; the tokens of the corpus were signed with its other half.
const KEYS: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","kid":"a",
    "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

/// Issuer and subject of the one token of the corpus that is good.
const GOOD: (&str, &str) = ("https://id.example.org", "ada");

static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| {
    let issuer = Issuer::from_jwks(GOOD.0, KEYS).expect("a key set");
    Verifier::new(vec![issuer])
});

fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if text.starts_with('{') {
        // Nothing personal is in a key set: it must only not break.
        let _ = Issuer::from_jwks("x", &text).map(|issuer| issuer.keys.len());
        return;
    }
    for header in [Some(text.as_ref()), Some(text.trim())] {
        match VERIFIER.verify_header(header) {
            Err(fault) => said("a fault", &fault),
            // Whatever was changed, the signature holds only what was signed.
            Ok(identity) => {
                assert_eq!((identity.issuer.as_str(), identity.subject.as_str()), GOOD);
            }
        }
    }
}
