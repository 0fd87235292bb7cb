//! Child processes: run to their end, and what they report.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;

use serde_json::Value;

use super::contender::Invocation;
use super::failure::Failure;

/// A child that doesn't outlive its use.
pub(crate) struct Reaped(pub(crate) Child);

impl Drop for Reaped {
    fn drop(&mut self) {
        // Both fail only if it has ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts `count` processes together, and gives the JSON object that each prints last.
pub(crate) fn reports(invocation: &Invocation, count: usize) -> Result<Vec<Value>, Failure> {
    let mut children = Vec::new();
    for _ in 0..count {
        let mut command = invocation.command();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        children.push(Reaped(command.spawn().map_err(|source| not_run(invocation, source))?));
    }
    // All are listened to at once: a full pipe would make one wait for another.
    let outputs: Vec<std::io::Result<Output>> = thread::scope(|scope| {
        let listen = |child| scope.spawn(move || listen(child));
        let listeners: Vec<_> = children.into_iter().map(listen).collect();
        let ends = listeners.into_iter().map(|listener| match listener.join() {
            Ok(output) => output,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        ends.collect()
    });
    let checked = outputs.into_iter().map(|output| {
        let output = output.map_err(|source| not_run(invocation, source))?;
        last_report(&succeeded(invocation, &output)?, invocation)
    });
    checked.collect()
}

/// What it prints, if it succeeds.
pub(crate) fn standard_output(invocation: &Invocation) -> Result<String, Failure> {
    let output = invocation.command().stdin(Stdio::null()).output();
    succeeded(invocation, &output.map_err(|source| not_run(invocation, source))?)
}

/// The JSON object in the last line.
pub(crate) fn last_report(output: &str, invocation: &Invocation) -> Result<Value, Failure> {
    let line = output.trim_end().lines().next_back().unwrap_or_default();
    match serde_json::from_str(line) {
        Ok(Value::Object(report)) => Ok(Value::Object(report)),
        _ => Err(no_report(invocation, "results", line)),
    }
}

pub(crate) fn no_report(invocation: &Invocation, expected: &'static str, line: &str) -> Failure {
    Failure::Report { command: invocation.here(), expected, line: line.to_owned() }
}

pub(crate) fn not_run(invocation: &Invocation, source: std::io::Error) -> Failure {
    Failure::Run { command: invocation.here(), source }
}

/// Builds the program as a user does, and says where it is.
pub(crate) fn build_plateau(root: &Path) -> Result<PathBuf, Failure> {
    let cargo = |arguments: &[&str]| {
        let named = |source| Failure::Run { command: arguments.join(" "), source };
        let mut command = Command::new(env!("CARGO"));
        let output = command.args(arguments).current_dir(root).stderr(Stdio::inherit()).output();
        let output = output.map_err(named)?;
        let told = "cargo's messages are above".to_owned();
        check(format!("cargo {}", arguments.join(" ")), &output, told)
    };
    cargo(&["build", "--release"])?;
    let metadata = cargo(&["metadata", "--no-deps", "--format-version", "1"])?;
    let metadata: Value = serde_json::from_str(&metadata).unwrap_or_default();
    let target =
        metadata["target_directory"].as_str().map_or_else(|| root.join("target"), PathBuf::from);
    Ok(target.join("release").join(format!("plateau{}", std::env::consts::EXE_SUFFIX)))
}

fn listen(mut child: Reaped) -> std::io::Result<Output> {
    let (stdout, stderr) = (child.0.stdout.take(), child.0.stderr.take());
    let (stdout, stderr) = thread::scope(|scope| {
        let stderr = scope.spawn(move || read_all(stderr));
        (read_all(stdout), stderr.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    Ok(Output { status: child.0.wait()?, stdout: stdout?, stderr: stderr? })
}

fn read_all(stream: Option<impl std::io::Read>) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(mut stream) = stream {
        stream.read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn succeeded(invocation: &Invocation, output: &Output) -> Result<String, Failure> {
    let stderr = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
    check(invocation.here(), output, stderr)
}

fn check(command: String, output: &Output, stderr: String) -> Result<String, Failure> {
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(Failure::Command { command, status: output.status, stderr })
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::super::fake::Fake;
    use super::*;

    #[test]
    fn the_last_line_is_the_report() {
        let fake = Fake::new("echo noise; echo '{\"images_per_second\": 5}'");
        let reports = reports(&fake.plateau(), 2).unwrap();
        assert_eq!(reports.len(), 2);
        assert_eq!(reports[1]["images_per_second"], 5);
    }

    #[test]
    fn both_processes_run_at_once() {
        // Each ends only when it sees that both have started.
        let fake = Fake::new(
            "here=$(dirname \"$0\"); touch \"$here/started.$$\"\n\
             while [ $(ls \"$here\" | grep -c started) -lt 2 ]; do sleep 0.01; done; echo '{}'",
        );
        assert_eq!(reports(&fake.plateau(), 2).unwrap().len(), 2);
    }

    #[test]
    fn failures_name_the_command_and_tell_its_last_words() {
        let fake = Fake::new("echo 'no such variant' >&2; exit 3");
        let failure = reports(&fake.plateau(), 1).unwrap_err().to_string();
        assert!(failure.contains("plateau bench --json` failed"), "{failure}");
        assert!(failure.ends_with("no such variant"), "{failure}");

        let fake = Fake::new("echo hello");
        let failure = reports(&fake.plateau(), 1).unwrap_err().to_string();
        assert!(failure.contains("\"hello\""), "{failure}");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let failure = reports(&Fake::nowhere(), 1).unwrap_err().to_string();
        assert!(failure.contains("can't run `/nowhere/plateau bench`"), "{failure}");
    }
}
