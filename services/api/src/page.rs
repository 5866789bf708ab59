//! Pages: sizes, and opaque tokens that are bound to the query they came from.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use onward_domain::decider::Refusal;
use prost::Message;
use sha2::{Digest, Sha256};

use crate::guard::Caller;
use crate::status::Failure;

/// Entries on a page when the caller does not say.
pub const DEFAULT_SIZE: u32 = 50;

/// Most entries on a page.
pub const LARGEST_SIZE: u32 = 500;

/// Bytes of the query's hash that a token carries.
const BINDING: usize = 16;

/// A page's size: 0 gives the default, more than the largest gives the largest.
pub fn size(asked: u32) -> usize {
    let size = if asked == 0 { DEFAULT_SIZE } else { asked.min(LARGEST_SIZE) };
    size as usize
}

/// A page's size as the views take it: as [`size`]; the contract refuses a negative one.
pub fn limit(asked: i32) -> u16 {
    let size = size(u32::try_from(asked).unwrap_or_default());
    u16::try_from(size).unwrap_or(u16::MAX)
}

/// What a page token is bound to: the method, the caller's organisation and every filter.
pub struct Binding([u8; BINDING]);

impl Binding {
    /// Binds to the query: its parts in a fixed order.
    pub fn new(parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            // The length first, so that ("ab", "c") and ("a", "bc") differ.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let mut bound = [0; BINDING];
        bound.copy_from_slice(&hash.finalize()[..BINDING]);
        Self(bound)
    }

    /// The token that continues after `cursor`.
    pub fn token(&self, cursor: &str) -> String {
        let mut bytes = self.0.to_vec();
        bytes.extend_from_slice(cursor.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Where to continue: `None` for the first page.
    ///
    /// # Errors
    /// The token is not one of ours, or belongs to another query.
    pub fn cursor(&self, token: &str) -> Result<Option<String>, Refusal> {
        if token.is_empty() {
            return Ok(None);
        }
        let fault = || Refusal::field("page_token", "does not belong to this query");
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| fault())?;
        let (bound, cursor) = bytes.split_at_checked(BINDING).ok_or_else(fault)?;
        if bound != self.0 {
            return Err(fault());
        }
        String::from_utf8(cursor.to_vec()).map(Some).map_err(|_| fault())
    }
}

/// Binds to a list request as it was asked, but for the fields that `paging` clears: those that differ
/// from page to page.
pub fn bind<M: Message + Clone>(
    caller: &Caller,
    asked: &M,
    paging: impl FnOnce(&mut M),
) -> Binding {
    let mut query = asked.clone();
    paging(&mut query);
    let organisation = caller.organisation().to_string();
    let query = URL_SAFE_NO_PAD.encode(query.encode_to_vec());
    Binding::new(&[caller.method, &organisation, &query])
}

/// A page of a list that was put in order here, and the cursor behind it: the place and the key of its
/// last entry, so that entries that came or went in between shift nothing.
///
/// # Errors
/// The cursor is not one of ours.
pub fn cut<T>(
    all: Vec<T>,
    cursor: Option<String>,
    size: usize,
    key: impl Fn(&T) -> String,
) -> Result<(Vec<T>, Option<String>), Failure> {
    let start = match cursor {
        None => 0,
        Some(cursor) => {
            let fault = || Refusal::field("page_token", "does not belong to this query");
            let (place, last) = cursor.split_once(':').ok_or_else(fault)?;
            let place: usize = place.parse().map_err(|_| fault())?;
            let found = all.iter().position(|one| key(one) == last);
            found.map_or(place, |found| found + 1)
        }
    };
    let more = all.len() > start.saturating_add(size);
    let page: Vec<T> = all.into_iter().skip(start).take(size).collect();
    let end = start + page.len();
    let next = page.last().filter(|_| more).map(|last| format!("{end}:{}", key(last)));
    Ok((page, next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_bounded() {
        assert_eq!((size(0), size(7), size(501)), (50, 7, 500));
    }

    #[test]
    fn a_token_continues_its_own_query_only() {
        let query = Binding::new(&["ListReceived", "org", "RELEASED"]);
        let token = query.token("00000000000000000042");
        assert_eq!(query.cursor(&token), Ok(Some("00000000000000000042".to_owned())));
        assert_eq!(query.cursor(""), Ok(None));
        let other = Binding::new(&["ListReceived", "org", "OPENED"]);
        assert!(other.cursor(&token).is_err());
        for broken in ["x", "!!!", "AAAA"] {
            assert!(query.cursor(broken).is_err());
        }
    }

    #[test]
    fn pages_follow_each_other_whatever_comes_in_between() {
        let key = |one: &u32| one.to_string();
        let (page, next) = cut(vec![1, 2, 3, 4], None, 2, key).expect("a page");
        assert_eq!((page, next.as_deref()), (vec![1, 2], Some("2:2")));
        let (page, after) = cut(vec![0, 1, 2, 3, 4], next.clone(), 2, key).expect("a page");
        assert_eq!((page, after), (vec![3, 4], None), "an entry came before");
        let (page, _) = cut(vec![1, 3, 4], next, 2, key).expect("a page");
        assert_eq!(page, vec![4], "the last entry went: its place counts");
        assert!(cut(vec![1], Some("x".to_owned()), 2, key).is_err());
    }
}
