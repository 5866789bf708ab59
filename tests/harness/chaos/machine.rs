//! What the machine lets a test do.

use anyhow::ensure;

/// Whether a small disk can be made here: a mount in a namespace of one's own.
pub fn small_disks() -> bool {
    let tried = std::process::Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c"])
        .arg("mount -t tmpfs -o size=64k tmpfs /tmp && unshare --user true")
        .output();
    tried.is_ok_and(|output| output.status.success())
}

/// Sends a signal by name to any process of ours.
///
/// # Errors
/// There is no such process.
pub fn signal(pid: i32, name: &str) -> anyhow::Result<()> {
    let words = ["-c", r#"kill -s "$1" "$2""#, "sh", name, &pid.to_string()].map(str::to_owned);
    let status = std::process::Command::new("sh").args(words).status()?;
    ensure!(status.success(), "signal {name} found no process {pid}");
    Ok(())
}

/// Says that a test could not be run here. Where `ONWARD_FAULTS_NEED` names what it needs, that is a failure.
///
/// # Errors
/// It should have been run.
pub fn not_run(test: &str, needs: &str) -> anyhow::Result<()> {
    let needed = std::env::var("ONWARD_FAULTS_NEED").unwrap_or_default();
    ensure!(!needed.split(',').any(|one| one == needs), "{test}: there is no {needs} here");
    let line = format!("not run here: {test} (no {needs})\n");
    std::io::Write::write_all(&mut std::io::stdout().lock(), line.as_bytes())?;
    Ok(())
}
