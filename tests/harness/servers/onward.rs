//! The `onward` binary: as a server under test, and as the command line that people use.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{ChildStderr, ChildStdout, Output as CommandOutput, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::sync::oneshot;

use super::process::{Output, Supervised};

/// What the server prints once it serves.
const READY: &str = "onward: serving on ";
/// A bound on starting and on ending, far above what either takes, so that a hang has a name.
const BOUND: Duration = Duration::from_secs(60);
/// Settings of the shell that a test must not inherit.
const NOT_INHERITED: [&str; 2] = ["ONWARD_SERVER", "ONWARD_TOKEN"];

/// A running `onward serve`.
pub struct Onward {
    server: Supervised,
    address: String,
    said: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
    _dir: TempDir,
}

/// What a server left behind when it ended.
pub struct Stopped {
    /// Its exit code (128 + n after signal n); none when the supervisor itself was killed.
    pub code: Option<i32>,
    /// All it wrote to standard error.
    pub stderr: String,
}

// === impl Onward

impl Onward {
    /// Runs `onward serve` with `args`, on a free loopback port unless they name a listener, and
    /// waits until it serves.
    ///
    /// # Errors
    /// When it ends instead; what it wrote to standard error is in the message.
    pub async fn serve(args: &[&str]) -> anyhow::Result<Self> {
        Self::serve_with(args, &[]).await
    }

    /// As [`Onward::serve`], with environment variables.
    ///
    /// # Errors
    /// As [`Onward::serve`].
    pub async fn serve_with(args: &[&str], envs: &[(&str, &str)]) -> anyhow::Result<Self> {
        Self::serve_under(&[], args, envs).await
    }

    /// As [`Onward::serve_with`], run by another program (such as `strace -D …`) that keeps its process id.
    ///
    /// # Errors
    /// As [`Onward::serve`].
    pub async fn serve_under(
        runner: &[&str],
        args: &[&str],
        envs: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let dir = tempfile::Builder::new().prefix("onward-run-").tempdir()?;
        let binary = onward_binary()?.to_string_lossy().into_owned();
        let mut command = vec!["env".to_owned()];
        command.extend(NOT_INHERITED.iter().flat_map(|name| ["-u".to_owned(), (*name).to_owned()]));
        command.extend(runner.iter().map(|&word| word.to_owned()));
        command.extend([binary, "serve".to_owned()]);
        if !args.contains(&"--listen") {
            command.extend(["--listen".to_owned(), "127.0.0.1:0".to_owned()]);
        }
        command.extend(args.iter().map(|&arg| arg.to_owned()));
        let mut server = Supervised::spawn(&command, envs, Output::Pipes, dir.path(), "KILL")?;
        let (stdout, stderr) = server.pipes().context("both outputs are piped")?;
        let said = Arc::new(Mutex::new(String::new()));
        let (ready, serving) = oneshot::channel();
        let readers = vec![read_stdout(stdout, ready), read_stderr(stderr, Arc::clone(&said))];
        let mut onward = Self { server, address: String::new(), said, readers, _dir: dir };
        match tokio::time::timeout(BOUND, serving).await {
            Ok(Ok(address)) => onward.address = address,
            Ok(Err(_ended)) => {
                let stopped = onward.ended().await?;
                bail!(
                    "onward ended with {:?} instead of serving:\n{}",
                    stopped.code,
                    stopped.stderr
                )
            }
            Err(_late) => bail!("onward does not serve:\n{}", onward.stderr()),
        }
        Ok(onward)
    }

    /// Where it serves: `http://127.0.0.1:PORT`.
    pub fn addr(&self) -> &str {
        &self.address
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.server.pid()
    }

    /// What it has written to standard error so far.
    pub fn stderr(&self) -> String {
        self.said.lock().expect("readers do not panic").clone()
    }

    /// Asks it to end (SIGTERM) and waits until it has.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn stop_gracefully(self) -> anyhow::Result<Stopped> {
        self.server.signal("TERM")?;
        self.ended().await
    }

    /// Ends it as `kill -9` does.
    ///
    /// # Errors
    /// When it had already ended.
    pub async fn kill9(self) -> anyhow::Result<Stopped> {
        self.server.signal("KILL")?;
        self.ended().await
    }

    /// Stops the process in its tracks until [`Onward::cont`].
    ///
    /// # Errors
    /// When it has ended.
    pub fn stop(&self) -> anyhow::Result<()> {
        self.server.signal("STOP")
    }

    /// Lets a stopped process go on.
    ///
    /// # Errors
    /// When it has ended.
    pub fn cont(&self) -> anyhow::Result<()> {
        self.server.signal("CONT")
    }

    /// Waits until it has ended by itself, or by a signal already sent.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn ended(mut self) -> anyhow::Result<Stopped> {
        let end = tokio::task::spawn_blocking(move || -> anyhow::Result<Stopped> {
            let status = self.server.wait()?;
            for reader in self.readers.drain(..) {
                reader.join().map_err(|_| anyhow!("a reader of onward's output panicked"))?;
            }
            Ok(Stopped { code: status.code(), stderr: self.stderr() })
        });
        tokio::time::timeout(BOUND, end).await.context("onward does not end")??
    }
}

fn read_stdout(stdout: BufReader<ChildStdout>, ready: oneshot::Sender<String>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut ready = Some(ready);
        for line in stdout.lines().map_while(Result::ok) {
            let sender =
                line.strip_prefix(READY).and_then(|address| Some((ready.take()?, address)));
            if let Some((sender, address)) = sender {
                // The other side is gone when the start was given up; reading on keeps the pipe open.
                let _ = sender.send(address.trim().to_owned());
            }
        }
    })
}

fn read_stderr(mut stderr: ChildStderr, said: Arc<Mutex<String>>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut chunk = [0; 8192];
        while let Ok(count @ 1..) = stderr.read(&mut chunk) {
            let text = String::from_utf8_lossy(&chunk[..count]);
            said.lock().expect("nobody panics while holding it").push_str(&text);
        }
    })
}

// === the command line

/// The binary under test: `ONWARD_BIN`, or the one beside the tests.
///
/// # Errors
/// When it has not been built (`tests/run` builds it; so does `cargo build`).
pub fn onward_binary() -> anyhow::Result<PathBuf> {
    if let Some(path) = std::env::var_os("ONWARD_BIN") {
        return Ok(std::path::absolute(path)?);
    }
    let tests = std::env::current_exe()?;
    let debug = tests.parent().and_then(|deps| deps.parent()).context("tests live in target")?;
    let binary = debug.join("onward");
    anyhow::ensure!(binary.exists(), "no onward binary beside the tests: run cargo build");
    Ok(binary)
}

/// Runs `onward` with `args` to its end.
///
/// # Errors
/// When it cannot be run, or does not end. Its exit status is the caller's to judge.
pub async fn onward_command(args: &[&str]) -> anyhow::Result<CommandOutput> {
    onward_command_with(args, &[], b"").await
}

/// As [`onward_command`], with environment variables and standard input.
///
/// # Errors
/// As [`onward_command`].
pub async fn onward_command_with(
    args: &[&str],
    envs: &[(&str, &str)],
    input: &[u8],
) -> anyhow::Result<CommandOutput> {
    let mut command = tokio::process::Command::new(onward_binary()?);
    for name in NOT_INHERITED {
        command.env_remove(name);
    }
    command.args(args).envs(envs.iter().copied()).kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().context("starting onward")?;
    let mut stdin = child.stdin.take().context("stdin is piped")?;
    let feed = async move {
        // A command that does not read its input closes the pipe; that is its right.
        let _ = stdin.write_all(input).await;
        drop(stdin);
        anyhow::Ok(())
    };
    let both = async { tokio::try_join!(feed, async { Ok(child.wait_with_output().await?) }) };
    let ((), output) = tokio::time::timeout(BOUND, both).await.context("onward does not end")??;
    Ok(output)
}
