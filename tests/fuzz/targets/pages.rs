//! Page tokens, and positions as text. A token is bound to its query by a hash that needs no secret, so
//! what is inside may be anybody's making. Input: the cursor, and a token where it begins with `:`.

use onward_api::page::{self, Binding};
use onward_log::Position;

use super::{Target, none};
use crate::marker::{MARKER, clean};

pub(super) const TARGET: Target = Target {
    name: "pages",
    run,
    seeds: none,
    words: &[
        b":",
        b"18446744073709551615",
        b"-1",
        b"2:c",
        b"99999999999999999999",
        b"=",
        MARKER.as_bytes(),
    ],
};

fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let binding = Binding::new(&["List", "organisation", "query"]);
    if let Some(token) = text.strip_prefix(':') {
        match binding.cursor(token) {
            Err(refusal) => clean("a refusal", &format!("{refusal} {refusal:?}")),
            Ok(None) => assert!(token.is_empty(), "no token is the first page"),
            Ok(Some(cursor)) => assert_eq!(binding.token(&cursor), token, "one spelling"),
        }
        return;
    }
    assert_eq!(binding.cursor(&binding.token(&text)), Ok(Some(text.clone().into_owned())));
    let items = vec!["a", "b", "c", "d"];
    let cut = page::cut(items, Some(text.clone().into_owned()), 2, |item| (*item).to_owned());
    if let Ok((page, next)) = cut {
        assert!(page.len() <= 2 && next.is_none_or(|next| next.contains(':')));
    }
    if let Ok(position) = text.parse::<Position>() {
        assert_eq!(position.to_string(), text, "one spelling");
        assert!(position.next() > position, "there is a place after it");
    }
}
