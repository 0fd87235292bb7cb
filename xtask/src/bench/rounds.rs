//! All contenders of a scenario in turn, round by round.

use super::failure::Failure;
use super::measure::{Outcome, Tools};
use super::results::{ContenderResult, ScenarioResult};
use super::scenario::Scenario;
use super::table;

/// Measures until all rounds are done, or something fails: the rest of the scenarios is still
/// worth its time.
pub(crate) fn run(scenario: &Scenario, tools: &Tools<'_>, rounds: u32) -> ScenarioResult {
    let new = scenario.contenders.iter().map(|contender| {
        let command = tools.command(contender.action);
        ContenderResult::new(contender.label, contender.action, command)
    });
    let mut contenders: Vec<ContenderResult> = new.collect();
    let rounds = rounds.min(scenario.most_rounds);
    let failure = (0..rounds).find_map(|round| {
        eprintln!("{}: round {} of {rounds}", scenario.name, round + 1);
        one_round(scenario, tools, round, &mut contenders).err()
    });
    if let Some(failure) = &failure {
        eprintln!("{failure}");
    }
    ScenarioResult::new(scenario, contenders, failure.map(|failure| failure.to_string()))
}

/// Every other round goes backwards, so that a machine that drifts favours nobody.
fn one_round(
    scenario: &Scenario,
    tools: &Tools<'_>,
    round: u32,
    results: &mut [ContenderResult],
) -> Result<(), Failure> {
    let n = scenario.contenders.len();
    for turn in 0..n {
        let index = if round.is_multiple_of(2) { turn } else { n - 1 - turn };
        let contender = &scenario.contenders[index];
        let outcome = tools.measure(contender.action)?;
        let shown = match &outcome {
            Outcome::Measured(sample) => table::with_unit(sample.value, scenario.unit),
            Outcome::NotMeasured(reason) => format!("not measured: {reason}"),
        };
        eprintln!("  {}: {shown}", contender.label);
        results[index].add(outcome);
    }
    Ok(())
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::super::fake::Fake;
    use super::super::scenario::chosen;
    use super::*;

    fn measured(script: &str) -> ScenarioResult {
        let fake = Fake::new(script);
        let tools = Tools { programs: &fake.programs(), steps: 4 };
        run(chosen(&["dropout".to_owned()]).unwrap()[0], &tools, 2)
    }

    #[test]
    fn contenders_take_turns_and_every_other_round_goes_backwards() {
        // The n-th process measures a speed of n.
        let result = measured(
            "n=$(ls \"$(dirname \"$0\")\" | wc -l); touch \"$(dirname \"$0\")/$n\"\n\
             echo \"{\\\"images_per_second\\\": $n}\"",
        );
        assert_eq!(result.failure, None);
        let values = result.contenders.iter().map(|contender| {
            contender.samples.iter().map(|sample| sample.value).collect::<Vec<_>>()
        });
        assert_eq!(values.collect::<Vec<_>>(), [[1.0, 6.0], [2.0, 5.0], [3.0, 4.0]]);
        assert_eq!(result.figures[0].values, [0.5, 6.0 / 5.0]);
    }

    #[test]
    fn a_failing_contender_ends_its_scenario_and_keeps_what_was_measured() {
        let result = measured(
            "case \"$*\" in *burn*) echo 'no burn here' >&2; exit 1;; esac\n\
             echo '{\"images_per_second\": 8}'",
        );
        let failure = result.failure.unwrap();
        assert!(failure.contains("--operators burn"), "{failure}");
        assert!(failure.ends_with("no burn here"), "{failure}");
        assert_eq!(result.figures[0].values, [1.0]);
        assert_eq!(result.figures[1].spread, None);
    }
}
