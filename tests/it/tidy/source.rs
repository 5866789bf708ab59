//! The tree's Rust files, each split into code and string literals.

use std::fs;
use std::path::Path;

use onward_tests::servers::project_root;

/// A Rust file of ours.
pub(super) struct Source {
    /// Relative to the project's root, with forward slashes.
    pub(super) path: String,
    pub(super) text: String,
    /// The text without comments and literals, line for line.
    pub(super) code: String,
    /// The contents of the string literals of the part that ships.
    pub(super) strings: Vec<String>,
}

impl Source {
    /// How many lines from the top ship; what follows `#[cfg(test)]`, and all of `tests/`, does not.
    pub(super) fn shipped_lines(&self) -> usize {
        if self.path.starts_with("tests/") {
            return 0;
        }
        let mut lines = self.code.lines();
        lines.position(|line| line.trim() == "#[cfg(test)]").unwrap_or(self.code.lines().count())
    }
}

/// Every Rust file under `services` and `tests`, in order of path.
pub(super) fn all() -> Vec<Source> {
    let mut sources = Vec::new();
    for top in ["services", "tests"] {
        for path in files(top).into_iter().filter(|path| path.ends_with(".rs")) {
            let text = super::read(&path);
            let (code, literals) = split(&text);
            let mut source = Source { path, text, code, strings: Vec::new() };
            let shipped = source.shipped_lines();
            let ships = literals.into_iter().filter(|(line, _)| *line < shipped);
            source.strings = ships.map(|(_, literal)| literal).collect();
            sources.push(source);
        }
    }
    sources
}

/// Every file and, with a `/` at the end, every folder below `top`, relative to the project's root.
pub(super) fn files(top: &str) -> Vec<String> {
    let mut found = Vec::new();
    walk(&project_root(), top, &mut found);
    found.sort();
    found
}

fn walk(root: &Path, folder: &str, found: &mut Vec<String>) {
    let entries = fs::read_dir(root.join(folder)).unwrap_or_else(|e| panic!("{folder}: {e}"));
    for entry in entries.map(|entry| entry.expect("a readable folder")) {
        let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            found.push(format!("{path}/"));
            walk(root, &path, found);
        } else {
            found.push(path);
        }
    }
}

/// Code with comments and literals blanked, and the string literals, each with its line from 0.
fn split(text: &str) -> (String, Vec<(usize, String)>) {
    let mut lexer = Lexer {
        rest: text,
        code: String::with_capacity(text.len()),
        line: 0,
        literals: Vec::new(),
    };
    while let Some(next) = lexer.rest.chars().next() {
        lexer.step(next);
    }
    (lexer.code, lexer.literals)
}

struct Lexer<'a> {
    rest: &'a str,
    code: String,
    line: usize,
    literals: Vec<(usize, String)>,
}

impl Lexer<'_> {
    fn step(&mut self, next: char) {
        if self.rest.starts_with("//") {
            let length = self.rest.find('\n').unwrap_or(self.rest.len());
            self.blank(length);
        } else if self.rest.starts_with("/*") {
            self.blank(block_comment(self.rest));
        } else if let Some((open, length)) = self.raw_string() {
            self.literal(open, length);
        } else if next == '"' {
            self.literal(1, string(self.rest));
        } else if let Some(length) = character(self.rest) {
            self.blank(length);
        } else {
            self.line += usize::from(next == '\n');
            self.code.push(next);
            self.rest = &self.rest[next.len_utf8()..];
        }
    }

    fn blank(&mut self, length: usize) {
        let (gone, rest) = self.rest.split_at(length);
        let lines = gone.matches('\n').count();
        self.code.push(' ');
        self.code.extend(std::iter::repeat_n('\n', lines));
        self.line += lines;
        self.rest = rest;
    }

    fn literal(&mut self, open: usize, length: usize) {
        self.literals.push((self.line, self.rest[open..length].to_owned()));
        self.code.push('"');
        self.blank(length);
    }

    /// Where the contents of a raw string start, and where the whole of it ends.
    fn raw_string(&self) -> Option<(usize, usize)> {
        let inside_a_name = self.code.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let after =
            self.rest.strip_prefix('r').filter(|_| !inside_a_name || self.code.ends_with('b'))?;
        let hashes = after.len() - after.trim_start_matches('#').len();
        let body = after[hashes..].strip_prefix('"')?;
        let close = format!("\"{}", "#".repeat(hashes));
        let open = hashes + 2;
        Some((open, open + body.find(&close).map_or(body.len(), |at| at + close.len())))
    }
}

fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        let here = &text.as_bytes()[at..];
        if here.starts_with(b"/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if here.starts_with(b"*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// The length of a character literal; none for a lifetime and for anything else.
fn character(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('\'')?;
    let first = inner.chars().next()?;
    if first == '\\' {
        return Some(3 + text.get(3..)?.find('\'')? + 1);
    }
    let length = 1 + first.len_utf8();
    text.get(length..)?.starts_with('\'').then_some(length + 1)
}

#[test]
fn literals_and_comments_are_told_from_code() {
    let text = concat!(
        "fn a<'x>() { // \"no\"\n  let s = \"SELECT \\\" 1\"; /* { /* } */ */\n",
        "  let r = r#\"raw \" {\"#; let c = '{'; let q = '\\''; }\n",
    );
    let (code, literals) = split(text);
    assert_eq!(code.lines().count(), 3);
    assert_eq!(code.matches('{').count(), code.matches('}').count());
    let texts: Vec<_> = literals.iter().map(|(line, text)| (*line, text.as_str())).collect();
    assert_eq!(texts, [(1, "SELECT \\\" 1\""), (2, "raw \" {\"#")]);
}
