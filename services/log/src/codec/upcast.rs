//! Older versions of stored types, made into the present one before they are read.
//!
//! Adding a field is no new version: old bytes lack it and the domain says what that means. A new
//! version is for a change of meaning. Then: raise `Kind::schema_version` for that type, add a step
//! here that rewrites the bytes of the version before, and keep every golden file of the old one.

use std::borrow::Cow;

use super::{DecodeError, Kind};

/// The two parts of an event in the present version of its type.
pub(super) struct Current<'a> {
    pub(super) public: Cow<'a, [u8]>,
    pub(super) personal: Cow<'a, [u8]>,
}

/// Rewrites one version of a type into the next.
type Step = for<'a> fn(Current<'a>) -> Result<Current<'a>, DecodeError>;

/// The step that leads on from this version of the type. None so far: all are in their first.
fn step(_kind: Kind, _from: u16) -> Option<Step> {
    None
}

/// Brings stored bytes to the present version of their type.
///
/// # Errors
/// `NewerVersion` above the version that this binary writes; `Malformed` for version 0, or for a
/// version that no step leads on from.
pub(super) fn current<'a>(
    kind: Kind,
    version: u16,
    public: &'a [u8],
    personal: &'a [u8],
) -> Result<Current<'a>, DecodeError> {
    let present = kind.schema_version();
    if version > present {
        return Err(DecodeError::NewerVersion);
    }
    if version == 0 {
        return Err(DecodeError::Malformed);
    }
    let bytes = Current { public: public.into(), personal: personal.into() };
    (version..present).try_fold(bytes, |bytes, from| {
        step(kind, from).ok_or(DecodeError::Malformed).and_then(|step| step(bytes))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_versions_that_were_ever_written_are_read() {
        for kind in Kind::ALL {
            let present = kind.schema_version();
            assert_eq!(current(*kind, 0, &[], &[]).err(), Some(DecodeError::Malformed));
            assert_eq!(
                current(*kind, present + 1, &[], &[]).err(),
                Some(DecodeError::NewerVersion)
            );
            for version in 1..=present {
                assert!(
                    current(*kind, version, &[], &[]).is_ok(),
                    "{} v{version}",
                    kind.event_type()
                );
            }
        }
    }
}
