//! What parses, over its kept inputs and over seeded mutations of them. See `tests/fuzz`.

use onward_fuzz::{TARGETS, replay, search, targets};
use rstest::rstest;

/// Every target, so that each is a test of its own and they run side by side.
const TRIED: [&str; 8] =
    ["requests", "wire", "ctf", "csv", "stored", "messages", "tokens", "pages"];

#[test]
fn every_target_is_tried() {
    assert_eq!(TARGETS.map(|target| target.name), TRIED);
}

#[rstest]
fn what_was_kept_holds(
    #[values("requests", "wire", "ctf", "csv", "stored", "messages", "tokens", "pages")] name: &str,
) {
    replay(targets::named(name));
}

#[rstest]
fn what_is_made_of_it_holds(
    #[values("requests", "wire", "ctf", "csv", "stored", "messages", "tokens", "pages")] name: &str,
) {
    search(targets::named(name));
}
