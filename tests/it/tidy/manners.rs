//! What no file may hold, and what each must.

use super::source;

/// Words that clippy does not catch everywhere, or that only matter in tests.
const NEVER: [&str; 2] = ["unsafe", "#[ignore"];
/// A test waits for the thing itself, never for time to pass.
const NEVER_IN_TESTS: [&str; 3] = ["sleep(", "sleep_until(", "sleep_ms("];
/// How SQL starts.
const SQL: [&str; 7] = [
    "SELECT ",
    "INSERT INTO ",
    "DELETE FROM ",
    "UPDATE ",
    "CREATE TABLE ",
    "ALTER TABLE ",
    "WITH ",
];
/// Who may write it. The peers of a bench are other people's stores.
const SQL_OWNERS: [&str; 5] = [
    "services/log/src/sql/",
    "services/log/src/sql.rs",
    "services/views/src/",
    "services/onward/src/commands/bench/peers/",
    "tests/",
];
/// Names that say nothing about what is inside.
const DRAWERS: [&str; 8] =
    ["common", "core", "helpers", "misc", "shared_types", "types", "util", "utils"];

/// Files that do not open with `//!`.
pub(super) fn without_purpose() -> Vec<String> {
    let sources = source::all().into_iter();
    sources.filter(|source| !source.text.starts_with("//! ")).map(|source| source.path).collect()
}

/// Lines with a word that must not be there.
pub(super) fn forbidden_words() -> Vec<String> {
    let mut faults = Vec::new();
    for source in source::all() {
        let shipped = source.shipped_lines();
        for (line, text) in source.code.lines().enumerate() {
            let in_test = if line < shipped { &[][..] } else { &NEVER_IN_TESTS[..] };
            for word in NEVER.iter().chain(in_test).filter(|word| has_word(text, word)) {
                faults.push(format!("{}:{}: {word}", source.path, line + 1));
            }
        }
    }
    faults
}

/// SQL in string literals of files that do not own any.
pub(super) fn stray_sql() -> Vec<String> {
    let mut faults = Vec::new();
    for source in source::all() {
        if SQL_OWNERS.iter().any(|owner| source.path.starts_with(owner)) {
            continue;
        }
        let texts = source.strings.iter().map(|text| text.trim_start());
        let sql = texts.filter(|text| SQL.iter().any(|start| text.starts_with(start)));
        faults.extend(sql.map(|text| format!("{}: {:.60}", source.path, text.replace('\n', " "))));
    }
    for path in source::files("services").into_iter().filter(|path| path.ends_with(".sql")) {
        let owners = ["services/log/migrations/", "services/log/src/sql/", "services/views/"];
        if !owners.iter().any(|owner| path.starts_with(owner)) {
            faults.push(path);
        }
    }
    faults
}

/// Files and folders with a name under which anything would fit.
pub(super) fn drawers() -> Vec<String> {
    let paths = ["services", "tests"].into_iter().flat_map(source::files);
    let named = paths.filter(|path| {
        let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        DRAWERS.contains(&last.trim_end_matches(".rs"))
    });
    named.collect()
}

/// Whether `word` stands in `text` as a word of its own: `unsafe_code` is not `unsafe`.
fn has_word(text: &str, word: &str) -> bool {
    let part_of_name = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].ends_with(part_of_name);
        let after = text[at + word.len()..].starts_with(part_of_name);
        !(before || after && word.ends_with(part_of_name))
    })
}

#[test]
fn words_are_told_from_parts_of_names() {
    assert!(has_word("tokio::time::sleep(x)", "sleep("));
    assert!(has_word("    unsafe {", "unsafe"));
    assert!(!has_word("unsafe_code", "unsafe"));
    assert!(!has_word("fn asleep(", "sleep("));
}
