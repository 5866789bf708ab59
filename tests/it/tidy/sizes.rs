//! How long files and functions are: printed at every run, so that growth is seen early.

use std::io::Write;

use super::source::{self, Source};

/// Prints the sizes next to what the house aims at.
pub(super) fn show() {
    let sources = source::all();
    let files: Vec<_> = sources.iter().map(|s| (s.text.lines().count(), s.path.clone())).collect();
    let functions: Vec<_> = sources.iter().flat_map(functions).collect();
    let shipped: usize = sources.iter().map(Source::shipped_lines).sum();
    let all: usize = files.iter().map(|(lines, _)| lines).sum();
    let share = (all - shipped) * 100 / all.max(1);
    let lines = [
        String::new(),
        format!("tidy: {} files, {all} lines, {share} % of them tests (aim: 45)", files.len()),
        format!("tidy: files     {} (aim: median 130, p90 350, none over 700)", spread(files)),
        format!("tidy: functions {} (aim: p90 30, none over 70)", spread(functions)),
        String::new(),
    ];
    // Straight to standard output: the harness keeps back what a passing test prints.
    let mut out = std::io::stdout().lock();
    out.write_all(lines.join("\n").as_bytes()).expect("standard output takes a few lines");
}

/// Median, p90 and the longest three, each with its place.
fn spread(mut sizes: Vec<(usize, String)>) -> String {
    sizes.sort_unstable();
    let at = |tenths: usize| sizes.get(sizes.len() * tenths / 10).map_or(0, |(lines, _)| *lines);
    let longest = sizes.iter().rev().take(3).map(|(lines, place)| format!("{lines} {place}"));
    format!("median {}, p90 {}, longest {}", at(5), at(9), longest.collect::<Vec<_>>().join(", "))
}

/// Every function with a body: its lines, and where it is.
fn functions(source: &Source) -> Vec<(usize, String)> {
    let code = &source.code;
    let starts = code.match_indices("fn ").filter(|(at, _)| {
        let before = code[..*at].chars().next_back();
        before.is_none_or(|c| c.is_whitespace() || c == '(')
    });
    let sized = starts.filter_map(|(at, _)| {
        let rest = &code[at..];
        let (length, name) = (body_end(rest)?, rest[3..].split(['(', '<']).next()?);
        Some((rest[..length].lines().count(), format!("{}::{name}", source.path)))
    });
    sized.collect()
}

/// Where the body of the function at the start of `code` ends; none when it has no body.
fn body_end(code: &str) -> Option<usize> {
    let mut depth = 0_i32;
    let mut inside = false;
    for (at, c) in code.char_indices() {
        match c {
            '{' if depth == 0 => (inside, depth) = (true, 1),
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ';' if depth == 0 => return None,
            _ => {}
        }
        if inside && depth == 0 {
            return Some(at + 1);
        }
    }
    None
}

#[test]
fn a_body_is_measured_to_its_own_brace() {
    assert_eq!(body_end("fn a(x: [u8; 4]) -> X { y { z } }; fn b"), Some(33));
    assert_eq!(body_end("fn a(&self);\nfn b() {}"), None);
}
