//! Older versions of stored types, made into the present one before they are read.
//!
//! Adding a field is no new version: old bytes lack it and the domain says what that means. A new
//! version is for a change of meaning. Then: raise `Kind::schema_version` for that type, add the step
//! that rewrites the bytes of the version before to its [`history`], and keep every golden file of the
//! old one. What is stored stays as it is: a step works on a copy, at every read.

use std::borrow::Cow;

use super::{DecodeError, Kind};

/// The two parts of an event in the present version of its type.
pub(super) struct Current<'a> {
    pub(super) public: Cow<'a, [u8]>,
    pub(super) personal: Cow<'a, [u8]>,
}

/// Rewrites one version of a type into the next.
pub(super) type Step = for<'a> fn(Current<'a>) -> Result<Current<'a>, DecodeError>;

/// The versions that a type has had.
#[derive(Clone, Copy)]
pub(super) struct History {
    /// The version that this binary writes.
    pub(super) present: u16,
    /// The step from version 1 to 2, from 2 to 3, and so on up to the present one.
    pub(super) steps: &'static [Step],
}

/// The history of a type. All are in their first version so far, so that no step leads anywhere.
pub(super) const fn history(kind: Kind) -> History {
    History { present: kind.schema_version(), steps: &[] }
}

/// Brings stored bytes to the present version of their type.
///
/// # Errors
/// `NewerVersion` above the version that this binary writes; `Malformed` for version 0, or for a
/// version that no step leads on from.
pub(super) fn current<'a>(
    history: History,
    version: u16,
    public: &'a [u8],
    personal: &'a [u8],
) -> Result<Current<'a>, DecodeError> {
    if version > history.present {
        return Err(DecodeError::NewerVersion);
    }
    if version == 0 {
        return Err(DecodeError::Malformed);
    }
    let bytes = Current { public: public.into(), personal: personal.into() };
    (version..history.present).try_fold(bytes, |bytes, from| {
        let step = history.steps.get(usize::from(from) - 1).ok_or(DecodeError::Malformed)?;
        step(bytes)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_versions_that_were_ever_written_are_read() {
        for kind in Kind::ALL {
            let history = history(*kind);
            let present = history.present;
            let read = |version| current(history, version, &[], &[]).err();
            assert_eq!(read(0), Some(DecodeError::Malformed));
            assert_eq!(read(present + 1), Some(DecodeError::NewerVersion));
            for version in 1..=present {
                assert_eq!(read(version), None, "{} v{version}", kind.event_type());
            }
        }
    }

    #[test]
    fn every_version_before_the_present_one_has_its_step() {
        for kind in Kind::ALL {
            let History { present, steps } = history(*kind);
            assert_eq!(steps.len(), usize::from(present) - 1, "{}", kind.event_type());
        }
    }
}
