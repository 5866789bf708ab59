//! SQLite on a disk that fails: killed at the n-th sync for every n, I/O errors, no room. `strace` injects
//! them; where there is none (or it may not trace) nothing is run, and that is said.

use onward_tests::chaos::{Shape, not_run};
use onward_tests::dice::rounds;
use onward_tests::ledger::Asked;
use onward_tests::ledger::Told;

use super::Trial;

/// Writes a round, after each of which the disk may have failed.
const WRITES: usize = 6;

/// Runs what follows; it keeps its process id, and each thread's n-th call is altered.
fn strace(calls: &str, inject: &str) -> Vec<String> {
    let words = ["strace", "-D", "-f", "-q", "-o", "/dev/null", "-e"];
    let mut words: Vec<String> = words.map(str::to_owned).to_vec();
    if !inject.starts_with("signal") {
        // Much quicker; but with it strace 6.1 forgets to send signals after a thread's first call.
        words.insert(1, "--seccomp-bpf".to_owned());
    }
    words.push(format!("trace={calls}"));
    words.push("-e".to_owned());
    words.push(format!("inject={calls}:{inject}"));
    words
}

fn can_trace() -> bool {
    let words = strace("fsync", "error=EIO:when=1");
    let tried = std::process::Command::new(&words[0]).args(&words[1..]).arg("true").output();
    tried.is_ok_and(|output| output.status.success())
}

/// How a round ended.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Round {
    /// The process was killed, or did not even start.
    Killed,
    /// It went on to the end.
    WentOn,
}

/// Serves under an altered disk, writes a little, and ends: in order, or (as a power cut would, right after
/// an error) by `kill -9`.
async fn round(trial: &mut Trial, runner: &[String], kill: bool) -> anyhow::Result<Round> {
    let runner: Vec<&str> = runner.iter().map(String::as_str).collect();
    if trial.site.serve_under(0, &runner).await.is_err() {
        return Ok(Round::Killed);
    }
    for _ in 0..WRITES {
        let learners = trial.site.learners();
        let asked = Asked::record(&learners[trial.dice.below(learners.len())]);
        let told = asked.send(&trial.site.senco(0)).await;
        let ok = matches!(told, Told::Done { .. });
        trial.ledger.note(&asked, told);
        if !ok && kill {
            break;
        }
    }
    if kill {
        // Gone already, where the disk ended it.
        return Ok(trial.site.kill(0).await.map_or(Round::Killed, |_| Round::WentOn));
    }
    // The same where it was killed in the middle of the writes or of its end.
    let ended = trial.site.terminate(0).await;
    let in_order = ended.is_ok_and(|stopped| stopped.code == Some(0));
    Ok(if in_order { Round::WentOn } else { Round::Killed })
}

async fn stopped(test: &'static str) -> anyhow::Result<Trial> {
    let mut trial = Trial::of(test, Shape::SQLITE).await?;
    trial.site.stop().await?;
    Ok(trial)
}

const SYNCS: &str = "fsync,fdatasync";

/// Every n, until a round comes to its end before its n-th sync.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_the_nth_sync() -> anyhow::Result<()> {
    if !can_trace() {
        return not_run("killed at the n-th sync", "strace");
    }
    let mut trial = stopped("n-th sync").await?;
    let (mut n, mut killed) = (1, 0);
    loop {
        let runner = strace(SYNCS, &format!("signal=KILL:when={n}"));
        if round(&mut trial, &runner, false).await? == Round::WentOn {
            break;
        }
        (n, killed) = (n + 1, killed + 1);
        assert!(n < 500, "a round has few syncs");
    }
    assert!(killed > WRITES, "each write syncs: {killed}");
    trial.judge().await?;
    Ok(())
}

/// Every n-th sync of a thread fails once, and the process is killed at the first answer that is no OK: what
/// the write-ahead log holds then is what counts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_that_fails() -> anyhow::Result<()> {
    if !can_trace() {
        return not_run("a sync that fails", "strace");
    }
    let mut trial = stopped("EIO at the n-th sync").await?;
    for n in 1..=rounds(12, 40) {
        // Once, and as long as the process lives.
        for when in [format!("{n}"), format!("{n}+")] {
            let runner = strace(SYNCS, &format!("error=EIO:when={when}"));
            round(&mut trial, &runner, n % 2 == 0).await?;
        }
    }
    trial.judge().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_and_writes_that_fail() -> anyhow::Result<()> {
    if !can_trace() {
        return not_run("reads and writes that fail", "strace");
    }
    let mut trial = stopped("EIO").await?;
    for _ in 0..rounds(10, 100) {
        let call = if trial.dice.chance(70) { "pwrite64" } else { "pread64" };
        let n = 1 + trial.dice.below(200);
        let runner = strace(call, &format!("error=EIO:when={n}"));
        let kill = trial.dice.chance(50);
        round(&mut trial, &runner, kill).await?;
    }
    trial.judge().await?;
    Ok(())
}

/// From the n-th write on there is no room; the next process finds some again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_room_is_left() -> anyhow::Result<()> {
    if !can_trace() {
        return not_run("no room is left", "strace");
    }
    let mut trial = stopped("ENOSPC").await?;
    for _ in 0..rounds(10, 100) {
        let n = 1 + trial.dice.below(200);
        let until = if trial.dice.chance(50) { "+".to_owned() } else { format!("..{}", n + 3) };
        let runner = strace("pwrite64", &format!("error=ENOSPC:when={n}{until}"));
        let kill = trial.dice.chance(50);
        round(&mut trial, &runner, kill).await?;
    }
    trial.judge().await?;
    Ok(())
}
