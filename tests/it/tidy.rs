//! The map as a test: what ARCHITECTURE.md and CONTRIBUTING.md say about the tree is read from the tree.
//!
//! Plain text scanning, so that a reader can follow each rule; sizes are printed, never asserted.

mod edges;
mod manners;
mod map;
mod sizes;
mod source;

use std::fs;

use onward_tests::servers::project_root;

/// Fails with all faults at once, each with its file.
fn none(rule: &str, faults: &[String]) {
    assert!(faults.is_empty(), "{rule}\n  {}\n", faults.join("\n  "));
}

/// The text of a file of the project.
fn read(path: &str) -> String {
    fs::read_to_string(project_root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

#[test]
fn crates_lean_only_where_the_table_allows() {
    none("edges between crates (see tidy/edges.rs)", &edges::faults());
}

#[test]
fn the_domain_is_pure() {
    none("the domain takes time and chance as arguments", &edges::impurities());
}

#[test]
fn every_dependency_says_what_it_is_for() {
    none("a comment above each line of [workspace.dependencies]", &edges::unexplained());
}

#[test]
fn every_file_says_what_it_is_for() {
    none("a file opens with //!", &manners::without_purpose());
}

#[test]
fn the_map_and_the_tree_agree() {
    none("the code map of ARCHITECTURE.md", &map::faults());
}

#[test]
fn paths_in_the_documents_exist() {
    none("a path in backticks is there", &map::dead_paths());
}

#[test]
fn nothing_is_unsafe_ignored_or_slept_through() {
    none("no unsafe, no ignored test, no sleep in a test", &manners::forbidden_words());
}

#[test]
fn sql_lives_with_its_owner() {
    none("SQL only in the log's sql folder and in the views", &manners::stray_sql());
}

#[test]
fn things_are_named_for_what_they_are() {
    none("no drawer for odds and ends", &manners::drawers());
}

#[test]
fn sizes_are_shown() {
    sizes::show();
}
