//! A worker process: started, listened to, reaped.

use std::collections::VecDeque;
use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::Sender;
use std::thread::{self, JoinHandle};

use super::event::Exit;
use super::job::{Message, STOP_LINE};
use super::{ExecuteError, WorkerCommand};

/// How many of the last lines are kept for the failure message.
const N_LAST_LINES: usize = 20;
/// A line that is longer was not meant for people.
const MAX_LINE_BYTES: u64 = 64 * 1024;

/// Distinguishes workers, also those of the same run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct WorkerId(pub(super) u64);

/// What a worker's listening thread tells the executor.
#[derive(Debug)]
pub(super) enum Heard {
    Message(Message),
    /// Its standard output ended: it is done or dead.
    Silence,
}

/// A process under way. Dropped before [`Worker::reap`], it is killed.
#[derive(Debug)]
pub(super) struct Worker {
    child: Child,
    /// Open for as long as the run is wanted.
    stdin: Option<ChildStdin>,
    /// Of the standard output, then of the standard error. Each returns the last lines that
    /// weren't messages.
    listeners: Vec<JoinHandle<VecDeque<String>>>,
}

impl Worker {
    pub(super) fn start(
        command: &WorkerCommand,
        id: WorkerId,
        job_line: &str,
        events: &Sender<(WorkerId, Heard)>,
    ) -> Result<Self, ExecuteError> {
        let spawn_error = |source| ExecuteError::Spawn { program: command.program.clone(), source };
        let mut child = Command::new(&command.program)
            .args(&command.args)
            .envs(command.envs.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(spawn_error)?;
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let mut worker = Self { child, stdin, listeners: Vec::new() };
        if let Some(stdout) = stdout {
            let name = format!("stdout of worker {}", id.0);
            let events = events.clone();
            let listen = move || {
                // The executor may have given up listening; then nothing matters any more.
                let last = last_lines(stdout, |line| match serde_json::from_str(&line) {
                    Ok(message) => {
                        let _ = events.send((id, Heard::Message(message)));
                        None
                    }
                    Err(_) => Some(line),
                });
                let _ = events.send((id, Heard::Silence));
                last
            };
            let listener = thread::Builder::new().name(name).spawn(listen);
            worker.listeners.push(listener.map_err(spawn_error)?);
        }
        if let Some(stderr) = stderr {
            let name = format!("stderr of worker {}", id.0);
            let listen = move || last_lines(stderr, Some);
            let listener = thread::Builder::new().name(name).spawn(listen);
            worker.listeners.push(listener.map_err(spawn_error)?);
        }
        // A worker that died at once doesn't read: its silence will tell.
        if let Some(stdin) = &mut worker.stdin {
            let _ = stdin.write_all(job_line.as_bytes()).and_then(|()| stdin.flush());
        }
        Ok(worker)
    }

    /// Asks it to leave a checkpoint and end. One that is dead already falls silent anyway.
    pub(super) fn ask_to_stop(&mut self) {
        if let Some(stdin) = &mut self.stdin {
            let _ = stdin.write_all(STOP_LINE.as_bytes()).and_then(|()| stdin.flush());
        }
    }

    /// Ends it at once.
    pub(super) fn kill(&mut self) {
        let _ = self.child.kill();
    }

    /// Waits for the end of a worker that has fallen silent.
    pub(super) fn reap(mut self) -> (Exit, Vec<String>) {
        drop(self.stdin.take());
        let exit = match self.child.wait() {
            Ok(status) => exit(status),
            Err(error) => Exit::Unknown(error.to_string()),
        };
        let mut lines = VecDeque::new();
        for listener in self.listeners.drain(..) {
            lines.extend(listener.join().unwrap_or_default());
        }
        let surplus = lines.len().saturating_sub(N_LAST_LINES);
        (exit, lines.into_iter().skip(surplus).collect())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // After `reap` the process is gone, and both calls do nothing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads to the end and keeps the last of the lines that `keep` gives back.
fn last_lines(
    source: impl Read,
    mut keep: impl FnMut(String) -> Option<String>,
) -> VecDeque<String> {
    let mut source = BufReader::new(source);
    let mut last = VecDeque::new();
    loop {
        let mut bytes = Vec::new();
        match (&mut source).take(MAX_LINE_BYTES).read_until(b'\n', &mut bytes) {
            Ok(0) => return last,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return last,
        }
        let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
        let Some(line) = keep(line).filter(|line| !line.is_empty()) else { continue };
        if last.len() == N_LAST_LINES {
            last.pop_front();
        }
        last.push_back(line);
    }
}

fn exit(status: ExitStatus) -> Exit {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return Exit::Signal(signal);
    }
    match status.code() {
        Some(code) => Exit::Code(code),
        None => Exit::Unknown(status.to_string()),
    }
}
