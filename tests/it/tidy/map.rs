//! ARCHITECTURE.md against the tree, both ways, and every path that a document names.

use std::fs;

use onward_tests::servers::project_root;

use super::{edges, read};

/// Documents whose paths in backticks are checked.
const DOCUMENTS: [&str; 8] = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "deploy/README.md",
    "proto/README.md",
    "services/log/migrations/README.md",
    "tests/README.md",
];
/// What makes a word in backticks a path of the tree.
const TOPS: [&str; 5] = ["services/", "proto/", "deploy/", "tests/", ".ci/"];

/// Folders and crates that the code map lacks, and paths in it that are not there.
pub(super) fn faults() -> Vec<String> {
    let text = read("ARCHITECTURE.md");
    let named = paths(code_map(&text));
    let mut faults: Vec<_> = named.iter().filter(|path| !exists(path)).cloned().collect();
    if named.is_empty() {
        faults.push("no section \"Code map\" with paths in backticks".to_owned());
    }
    let crates = edges::crates().into_iter().map(|name| format!("services/{name}"));
    for path in crates.chain(top_folders()) {
        let below = format!("{path}/");
        if !named.iter().any(|name| *name == path || name.starts_with(&below)) {
            faults.push(format!("{path} is not on the map"));
        }
    }
    faults
}

/// Paths in the documents that are not there.
pub(super) fn dead_paths() -> Vec<String> {
    let mut faults = Vec::new();
    for document in DOCUMENTS.iter().filter(|document| exists(document)) {
        let dead = paths(&read(document)).into_iter().filter(|path| !exists(path));
        faults.extend(dead.map(|path| format!("{document}: {path}")));
    }
    faults
}

/// From the heading "Code map" to the next heading of its level.
fn code_map(text: &str) -> &str {
    let Some(start) = text.find("## Code map") else { return "" };
    let section = &text[start..];
    section[3..].find("\n## ").map_or(section, |end| &section[..end + 3])
}

/// The words in backticks that are paths of the tree, braces written out.
fn paths(text: &str) -> Vec<String> {
    let quoted = text.split('`').skip(1).step_by(2);
    let words = quoted.filter_map(|quote| quote.split_whitespace().next());
    let ours = words.filter(|word| TOPS.iter().any(|top| word.starts_with(top)));
    ours.flat_map(spelt_out).collect()
}

/// `a/{b,c}.rs` is `a/b.rs` and `a/c.rs`; from a star or an ellipsis on, only the folder counts.
fn spelt_out(path: &str) -> Vec<String> {
    if let Some((before, rest)) = path.split_once('{')
        && let Some((inside, after)) = rest.split_once('}')
    {
        return inside
            .split(',')
            .flat_map(|one| spelt_out(&format!("{before}{one}{after}")))
            .collect();
    }
    let open = path.find(['*', '…', '<']).map_or(path, |at| &path[..at]);
    let whole = if open == path { open } else { open.rsplit_once('/').map_or("", |(dir, _)| dir) };
    vec![whole.trim_end_matches('/').to_owned()]
}

fn top_folders() -> Vec<String> {
    let entries = fs::read_dir(project_root()).expect("the project's root is readable");
    let folders = entries.filter_map(|entry| {
        let entry = entry.ok().filter(|entry| entry.path().is_dir())?;
        let name = entry.file_name().to_string_lossy().into_owned();
        (!name.starts_with('.') && !git_ignores(&name)).then_some(name)
    });
    folders.collect()
}

fn git_ignores(name: &str) -> bool {
    read(".gitignore").lines().any(|line| line.trim_matches('/') == name)
}

fn exists(path: &str) -> bool {
    project_root().join(path).exists()
}

#[test]
fn braces_and_stars_in_paths_are_understood() {
    assert_eq!(spelt_out("services/a/{b,c}.rs"), ["services/a/b.rs", "services/a/c.rs"]);
    assert_eq!(spelt_out("proto/onward/*/v1"), ["proto/onward"]);
    assert_eq!(spelt_out("tests/it/"), ["tests/it"]);
    assert_eq!(code_map("x\n## Code map\n`a`\n## Next\n`b`"), "## Code map\n`a`");
}
