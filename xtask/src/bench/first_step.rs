//! Time from the start of a worker process to its first step.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::contender::{Invocation, Programs};
use super::failure::Failure;
use super::measure::{Outcome, Sample};
use super::memory::{NO_DATA, data_folder, temporary_folder};
use super::process::{self, Reaped};

pub(crate) const SHOWN: &str = "plateau worker < job of the baseline on CIFAR-10";

const LONGEST: Duration = Duration::from_secs(120);

/// Until the message about the first step. The evaluation before it, of the untrained network,
/// counts, as does reading the data set.
pub(crate) fn seconds(programs: &Programs) -> Result<Outcome, Failure> {
    let Some(data) = data_folder(programs)? else {
        return Ok(Outcome::NotMeasured(NO_DATA.to_owned()));
    };
    let store = temporary_folder()?;
    let job = format!("{}\n", job(&data, store.path()));
    let invocation = Invocation::plateau(programs, &["worker"]);
    let mut command = invocation.command();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());

    let started = Instant::now();
    let child = command.spawn().map_err(|source| process::not_run(&invocation, source))?;
    let mut child = Reaped(child);
    // A worker ends with its input, so that this end is held until the step is seen.
    let mut input = child.0.stdin.take();
    if let Some(input) = &mut input {
        // A worker that failed early says why on its standard error.
        let _ = input.write_all(job.as_bytes());
    }
    let (tell, hear) = mpsc::channel();
    let output = child.0.stdout.take();
    let listener = thread::spawn(move || {
        let lines = output.into_iter().flat_map(|output| BufReader::new(output).lines());
        let reached = lines.map_while(Result::ok).find(|line| is_step(line));
        // Nobody hears it after the deadline.
        let _ = tell.send((reached.is_some(), Instant::now()));
    });
    let heard = hear.recv_timeout(LONGEST);
    if heard.is_err() {
        // It may have ended just now.
        let _ = child.0.kill();
    }
    let outcome = match heard {
        Ok((true, reached)) => {
            let seconds = (reached - started).as_secs_f64();
            let report = json!({"program": "plateau", "first_step_seconds": seconds});
            Ok(Outcome::Measured(Sample { value: seconds, reports: vec![report] }))
        }
        Ok((false, _)) => {
            let (command, stderr) = (invocation.here(), last_words(&mut child));
            match child.0.wait() {
                Ok(status) => Err(Failure::Command { command, status, stderr }),
                Err(source) => Err(process::not_run(&invocation, source)),
            }
        }
        Err(_) => {
            let (command, stderr) = (invocation.here(), last_words(&mut child));
            Err(Failure::Silent { command, seconds: LONGEST.as_secs(), stderr })
        }
    };
    drop((child, input));
    let _ = listener.join();
    outcome
}

/// The standard error of a process that has ended, or is about to.
fn last_words(child: &mut Reaped) -> String {
    let mut bytes = Vec::new();
    if let Some(mut stream) = child.0.stderr.take() {
        // What was read until it failed is what there is to show.
        let _ = stream.read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).trim_end().to_owned()
}

fn is_step(line: &str) -> bool {
    serde_json::from_str::<Value>(line).is_ok_and(|message| message["event"] == "progress")
}

/// The baseline's, as the study's executor would send it (`plateau_study::Job`).
fn job(data: &Path, store: &Path) -> Value {
    json!({
        "config": {
            "data": {
                "set": "cifar10",
                "split": {
                    "seed": 0,
                    "scheme": "holdout",
                    "train_images": 45_000,
                    "validation_images": 5_000,
                },
            },
            "network": {
                "channels": [32, 64, 128],
                "hidden": 256,
                "activation": "relu",
                "dropout": 0.0,
                "batch_norm": false,
            },
            "start": {"kind": "fresh"},
            "optimizer": {"kind": "sgd", "momentum": 0.9, "weight_decay": 0.0},
            "schedule": {"rate": 0.03, "shape": {"kind": "cosine"}},
            "batch_size": 128,
            "epochs": 15,
            "seed": 0,
            "device": "cpu",
        },
        "store": store,
        "data": data,
        "threads": 1,
        "parent_weights": null,
    })
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::super::fake::Fake;
    use super::*;

    const DATA: &str =
        "if [ $1 = data ]; then echo '{\"batches\": \"/a/b\", \"complete\": true}'; exit; fi\n";

    #[test]
    fn the_worker_gets_a_job_and_is_stopped_after_its_first_step() {
        let fake = Fake::new(&format!(
            "{DATA}read -r job; sleep 0.2\n\
             echo '{{\"event\": \"epoch\"}}'\n\
             echo \"$job\" | grep -q '\"batch_size\":128' && echo '{{\"event\": \"progress\"}}'\n\
             exec sleep 60"
        ));
        let started = Instant::now();
        let Outcome::Measured(sample) = seconds(&fake.programs()).unwrap() else {
            panic!("not measured")
        };
        assert!(sample.value >= 0.2, "{}", sample.value);
        assert!(started.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_worker_that_fails_says_why() {
        let fake = Fake::new(&format!("{DATA}echo 'not a job' >&2; exit 2"));
        let failure = seconds(&fake.programs()).unwrap_err().to_string();
        assert!(failure.contains("exit status: 2"), "{failure}");
        assert!(failure.ends_with("not a job"), "{failure}");
    }
}
