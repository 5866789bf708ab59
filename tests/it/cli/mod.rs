//! Every command of the command line, as a person or a script runs it.

mod bench;
mod check_id;
mod config;
mod demo;
mod import;
mod import_changes;
mod import_faults;
mod import_whole;
mod keys;
mod look_up;
mod serve;
mod start_faults;
mod tls;
mod verify;
mod verify_keys;
mod views;

use onward_tests::servers::{onward_command_with, project_root};
use serde_json::Value;

/// What a command left behind.
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

/// Runs a command to its end.
async fn onward(args: &[&str]) -> anyhow::Result<Said> {
    onward_with(args, &[], b"").await
}

/// As [`onward`], with variables and standard input.
async fn onward_with(args: &[&str], envs: &[(&str, &str)], input: &[u8]) -> anyhow::Result<Said> {
    let output = onward_command_with(args, envs, input).await?;
    let said = Said {
        code: output.status.code(),
        out: String::from_utf8(output.stdout)?,
        err: String::from_utf8(output.stderr)?,
    };
    assert!(!said.err.contains("panicked"), "{args:?}: {}", said.err);
    for text in [&said.out, &said.err] {
        assert!(!text.contains('\u{1b}'), "no colour where nobody looks: {args:?}");
    }
    Ok(said)
}

impl Said {
    /// Insists that it was done.
    #[track_caller]
    fn done(self) -> Self {
        assert_eq!(self.code, Some(0), "{}{}", self.out, self.err);
        self
    }

    /// Insists that it was refused, in one line that holds these words.
    #[track_caller]
    fn refused(self, words: &[&str]) -> Self {
        assert_eq!(self.code, Some(1), "{}{}", self.out, self.err);
        let lines: Vec<&str> = self.err.lines().collect();
        assert_eq!(lines.len(), 1, "one clear line: {}", self.err);
        assert!(lines[0].starts_with("onward: "), "{}", lines[0]);
        for word in words {
            assert!(lines[0].contains(word), "{word} in {}", lines[0]);
        }
        self
    }

    /// Insists that it was not even understood.
    #[track_caller]
    fn misused(self) -> Self {
        assert_eq!(self.code, Some(2), "{}{}", self.out, self.err);
        self
    }

    /// What it says on standard error, in one line, has these words in it.
    #[track_caller]
    fn says(&self, words: &[&str]) {
        assert_eq!(self.err.lines().count(), 1, "{}", self.err);
        assert!(words.iter().all(|word| self.err.contains(word)), "{}", self.err);
    }

    /// Standard output as JSON.
    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }

    /// Standard output as JSON objects.
    #[track_caller]
    fn rows(&self) -> Vec<Value> {
        self.json().as_array().cloned().unwrap_or_else(|| panic!("no list: {}", self.out))
    }
}

/// A sample or test file.
fn fixture(name: &str) -> String {
    project_root().join("tests/fixtures").join(name).to_string_lossy().into_owned()
}
