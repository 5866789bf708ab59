//! A server process that cannot outlive the test process.
//!
//! A small shell stands between: it starts the server and watches a pipe that only the test process
//! holds open. When the pipe closes, for whatever reason, the shell ends the server and clears its
//! folder. No `unsafe`, and the same on every Unix.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};

use anyhow::{Context, ensure};

/// `$1` is the signal that ends the server, `$2` its folder, `$3` its log file or `-` to pass the
/// output on; the rest is its command line. The first line on standard output is the server's pid.
/// A word on the pipe means "stop, I still need the folder"; its end means "I am gone".
const SUPERVISOR: &str = r#"
signal=$1 dir=$2 log=$3; shift 3
exec 3<&0 4>&2 2>/dev/null
if [ "$log" = - ]; then
  sh -c 'echo $$; exec "$@"' sh "$@" </dev/null 2>&4 3<&- 4>&- &
else
  sh -c 'echo $$; log=$1; shift; exec "$@" >>"$log" 2>&1' sh "$log" "$@" </dev/null 3<&- 4>&- &
fi
child=$!
exec >&- 4>&-
( read -r _ <&3 || : >"$dir/.orphan"; kill -s "$signal" "$child"; kill -s CONT "$child" ) &
watcher=$!
wait "$child"; status=$?
kill "$watcher"
[ -e "$dir/.orphan" ] && rm -rf "$dir"
exit "$status"
"#;

/// Where a server's output goes.
#[derive(Clone, Copy)]
pub(super) enum Output<'a> {
    /// Appended to this file.
    File(&'a Path),
    /// To pipes that the caller reads.
    Pipes,
}

/// One running server.
pub(super) struct Supervised {
    shell: Child,
    pid: u32,
    stdout: Option<BufReader<ChildStdout>>,
}

impl Supervised {
    /// Starts `command` (program first) under the supervisor. `last_signal` ends it without ado.
    pub(super) fn spawn<S: AsRef<OsStr>>(
        command: &[S],
        envs: &[(&str, &str)],
        output: Output<'_>,
        dir: &Path,
        last_signal: &str,
    ) -> anyhow::Result<Self> {
        let log = match output {
            Output::File(path) => path.as_os_str(),
            Output::Pipes => OsStr::new("-"),
        };
        let mut shell = Command::new("sh")
            .args(["-c", SUPERVISOR, "sh", last_signal])
            .args([dir.as_os_str(), log])
            .args(command)
            .envs(envs.iter().copied())
            // What a server writes beside itself goes with its folder.
            .current_dir(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A Ctrl-C at the terminal reaches the tests only; the pipe does the rest.
            .process_group(0)
            .spawn()
            .context("starting sh")?;
        let mut stdout = BufReader::new(shell.stdout.take().context("stdout is piped")?);
        let mut line = String::new();
        stdout.read_line(&mut line).context("reading the server's pid")?;
        let pid = line.trim().parse().with_context(|| format!("not a pid: {line:?}"))?;
        Ok(Self { shell, pid, stdout: Some(stdout) })
    }

    /// The server's own standard output and error, once; only with `Output::Pipes`.
    pub(super) fn pipes(&mut self) -> Option<(BufReader<ChildStdout>, ChildStderr)> {
        Some((self.stdout.take()?, self.shell.stderr.take()?))
    }

    /// The server's process id.
    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    /// Sends a signal by name (`TERM`, `KILL`, `STOP`, `CONT`, …).
    pub(super) fn signal(&self, name: &str) -> anyhow::Result<()> {
        let status = Command::new("sh")
            .args(["-c", r#"kill -s "$1" "$2""#, "sh", name, &self.pid.to_string()])
            .status()
            .context("starting sh")?;
        ensure!(status.success(), "signal {name} found no process {}", self.pid);
        Ok(())
    }

    /// The server's exit status when it has ended (128 + n after signal n).
    pub(super) fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        Ok(self.shell.try_wait()?)
    }

    /// Waits until the server has ended.
    pub(super) fn wait(&mut self) -> anyhow::Result<ExitStatus> {
        let pipe = self.shell.stdin.take(); // `wait` would close it, which reads as our own end.
        let status = self.shell.wait()?;
        drop(pipe);
        Ok(status)
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        // Whatever fails here, the server is gone or about to be: the pipe closes with us.
        if let Some(mut pipe) = self.shell.stdin.take() {
            let _ = pipe.write_all(b"stop\n");
            let _ = self.shell.wait();
        }
    }
}
