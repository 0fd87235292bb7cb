//! `cargo xtask bench peers`: Plateau beside PyTorch, on this machine, in turn.
//!
//! # Layout
//! - `options`: the arguments
//! - `scenario`: what is compared with what, and the targets
//! - `contender`: a contender's command lines
//! - `measure`: from a contender to a value; `process`, `memory` and `first_step` are its ways
//! - `rounds`: all contenders in turn, round by round
//! - `results`: ratios within each round, and their spread (`statistics`)
//! - `machine`, `table`, `store`: what is kept

mod contender;
mod failure;
#[cfg(unix)]
#[cfg(test)]
mod fake;
mod first_step;
mod machine;
mod measure;
mod memory;
mod options;
mod process;
mod results;
mod rounds;
mod scenario;
mod statistics;
mod store;
mod table;

use std::path::{Path, PathBuf};

use contender::Programs;
use failure::Failure;
use machine::Machine;
use measure::Tools;
use options::Options;
use results::Results;

/// How a comparison ended. Missing a target is no failure: the machine decides that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// All that was asked for was run.
    Complete,
    /// The rest was run and stored.
    ScenariosFailed,
}

/// Measures, prints and stores. `python` is the interpreter that the environment names.
pub(crate) fn peers(arguments: &[&str], python: Option<&str>) -> Result<Verdict, Failure> {
    let options = Options::parse(arguments, python)?;
    let root = root();
    let machine = Machine::look(&root);
    let plateau = match &options.plateau {
        Some(path) => path.clone(),
        None => process::build_plateau(&root)?,
    };
    let script = root.join("tools/bench/pytorch_step.py");
    let programs = Programs { plateau, python: options.python.clone(), script };
    let tools = Tools { programs: &programs, steps: options.steps };

    let mut scenarios = Vec::new();
    for scenario in scenario::chosen(&options.only)? {
        let result = rounds::run(scenario, &tools, options.rounds);
        println!("{}", table::scenario(&result));
        scenarios.push(result);
    }
    let results = Results { machine, rounds: options.rounds, steps: options.steps, scenarios };
    let folder = options.out.clone().or_else(|| {
        // A part must not replace a whole.
        let name = results.machine.folder_name();
        options.only.is_empty().then(|| root.join("benches/runs").join(name))
    });
    match folder {
        Some(folder) => {
            let [text, json] = store::write(&folder, &results)?;
            println!("stored: {}, {}", text.display(), json.display());
        }
        None => println!("not stored: only some scenarios, and no --out"),
    }
    let failed = results.scenarios.iter().any(|scenario| scenario.failure.is_some());
    Ok(if failed { Verdict::ScenariosFailed } else { Verdict::Complete })
}

fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_owned()
}
