//! The contract is kept: what would break a caller, or a stored event, is noticed before it goes in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use onward_tests::servers::project_root;

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() { copy(&path, &target)? } else { fs::copy(&path, &target).map(drop)? }
    }
    Ok(())
}

/// A contract of the test's own, to change.
struct Contract(tempfile::TempDir);

impl Contract {
    fn copied() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        copy(&project_root().join("proto"), folder.path())?;
        Ok(Self(folder))
    }

    fn change(&self, file: &str, from: &str, to: &str) -> anyhow::Result<()> {
        let path = self.0.path().join(file);
        let text = fs::read_to_string(&path)?;
        anyhow::ensure!(text.contains(from), "{from} is not in {file} any more");
        Ok(fs::write(path, text.replacen(from, to, 1))?)
    }

    fn compared(&self) -> anyhow::Result<Output> {
        let buf: PathBuf = fs::canonicalize(project_root().join(".dev/bin/buf"))?;
        Ok(Command::new(self.0.path().join("breaking")).env("BUF", buf).output()?)
    }
}

#[test]
fn what_is_only_added_to_the_contract_passes() -> anyhow::Result<()> {
    let contract = Contract::copied()?;
    let file = "onward/operations/v1/operations.proto";
    contract.change(
        file,
        "message GetStatusRequest {",
        "message GetStatusRequest {\n string a = 99;",
    )?;
    let done = contract.compared()?;
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
    Ok(())
}

#[test]
fn what_would_break_callers_or_stored_events_is_refused() -> anyhow::Result<()> {
    for (file, from, to) in [
        ("onward/event/v1/handover.proto", "string reason = 12;", "string reason = 90;"),
        ("onward/event/v1/handover.proto", "string reason = 12;", "int64 reason = 12;"),
        (
            "onward/event/v1/handover.proto",
            "message HandoverDeclined {",
            "message HandoverRefused {",
        ),
        ("onward/operations/v1/operations.proto", "uint64 parked = 5;", ""),
        ("onward/operations/v1/operations.proto", "BUS_STATE_HALTED = 4;", "BUS_STATE_HALTED = 5;"),
    ] {
        let contract = Contract::copied()?;
        contract.change(file, from, to)?;
        let done = contract.compared()?;
        assert!(!done.status.success(), "{from} may not become {to}");
        let said = String::from_utf8_lossy(&done.stdout);
        assert!(said.contains(file), "it says where: {said}");
    }
    Ok(())
}
