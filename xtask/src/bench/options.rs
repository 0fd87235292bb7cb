//! The arguments of `cargo xtask bench peers`.

use std::path::PathBuf;
use std::str::FromStr;

use super::failure::Failure;

pub(crate) const USAGE: &str = "\
usage: cargo xtask bench peers [OPTIONS]

  --rounds N        rounds, in each of which all contenders run in turn [default: 5]
  --steps N         training steps per measurement; a quarter of it for evaluation [default: 60]
  --only SCENARIO   only this one; may be repeated; stored only if there is --out
  --plateau PATH    the program [default: built by `cargo build --release`]
  --python PATH     the interpreter that has torch [default: $PLATEAU_PYTHON, or python3]
  --out DIR         where peers.txt and peers.json go [default: benches/runs/<date>-<cpu>]

scenarios: plain, dropout, batch-norm, evaluate, threads, side-by-side, memory, first-step";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) rounds: u32,
    pub(crate) steps: u32,
    pub(crate) only: Vec<String>,
    pub(crate) plateau: Option<PathBuf>,
    pub(crate) python: PathBuf,
    pub(crate) out: Option<PathBuf>,
}

impl Options {
    /// `python` is the interpreter if none is named.
    pub(crate) fn parse(arguments: &[&str], python: Option<&str>) -> Result<Self, Failure> {
        let mut options = Self {
            rounds: 5,
            steps: 60,
            only: Vec::new(),
            plateau: None,
            python: PathBuf::from(python.unwrap_or("python3")),
            out: None,
        };
        let mut arguments = arguments.iter();
        while let Some(&name) = arguments.next() {
            if !["--rounds", "--steps", "--only", "--plateau", "--python", "--out"].contains(&name)
            {
                return Err(Failure::usage(format!("unknown option {name}")));
            }
            let Some(&value) = arguments.next() else {
                return Err(Failure::usage(format!("{name} needs a value")));
            };
            match name {
                "--rounds" => options.rounds = positive(name, value)?,
                "--steps" => options.steps = positive(name, value)?,
                "--only" => options.only.push(value.to_owned()),
                "--plateau" => options.plateau = Some(PathBuf::from(value)),
                "--python" => options.python = PathBuf::from(value),
                _ => options.out = Some(PathBuf::from(value)),
            }
        }
        Ok(options)
    }
}

fn positive(name: &str, value: &str) -> Result<u32, Failure> {
    let number = u32::from_str(value).ok().filter(|&number| number > 0);
    number.ok_or_else(|| Failure::usage(format!("{name} {value}: a whole number, 1 or more")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_override_the_defaults() {
        let options = Options::parse(&[], Some("python3.13")).unwrap();
        assert_eq!((options.rounds, options.python), (5, PathBuf::from("python3.13")));
        let arguments = ["--rounds", "7", "--only", "plain", "--python", "p", "--only", "memory"];
        let options = Options::parse(&arguments, Some("python3.13")).unwrap();
        assert_eq!((options.rounds, options.steps), (7, 60));
        assert_eq!(options.only, ["plain", "memory"]);
        assert_eq!(options.python, PathBuf::from("p"));
    }

    #[test]
    fn wrong_options_are_named() {
        for (arguments, named) in [
            (["--rounds", "0"], "--rounds 0"),
            (["--steps", "many"], "--steps many"),
            (["--fast", "1"], "unknown option --fast"),
            (["--rounds", "--out"], "--rounds --out"),
        ] {
            let failure = Options::parse(&arguments, None).unwrap_err().to_string();
            assert!(failure.contains(named), "{failure}");
        }
        let failure = Options::parse(&["--out"], None).unwrap_err().to_string();
        assert!(failure.starts_with("--out needs a value"), "{failure}");
    }
}
