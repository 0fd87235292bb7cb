//! All raw values, and the figures made of them.

use serde::Serialize;

use super::contender::Action;
use super::machine::Machine;
use super::measure::{Outcome, Sample};
use super::scenario::{Figure, Scenario, Unit};
use super::statistics::Spread;

/// What is stored.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Results {
    pub(crate) machine: Machine,
    pub(crate) rounds: u32,
    pub(crate) steps: u32,
    pub(crate) scenarios: Vec<ScenarioResult>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct ScenarioResult {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) note: &'static str,
    pub(crate) unit: Unit,
    pub(crate) contenders: Vec<ContenderResult>,
    pub(crate) figures: Vec<FigureResult>,
    /// Why it wasn't run to its end.
    pub(crate) failure: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct ContenderResult {
    pub(crate) label: &'static str,
    /// Of each process.
    pub(crate) command: String,
    pub(crate) processes: usize,
    /// One per round.
    pub(crate) samples: Vec<Sample>,
    pub(crate) spread: Option<Spread>,
    pub(crate) not_measured: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct FigureResult {
    pub(crate) label: String,
    /// Whether it is a quotient of two contenders, or has the scenario's unit.
    pub(crate) is_ratio: bool,
    pub(crate) target: Option<Target>,
    /// One per round.
    pub(crate) values: Vec<f64>,
    pub(crate) spread: Option<Spread>,
    /// Whether the median meets the target.
    pub(crate) met: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Target {
    AtLeast(f64),
    AtMost(f64),
}

impl Target {
    fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
        }
    }
}

impl ContenderResult {
    pub(crate) fn new(label: &'static str, action: Action, command: String) -> Self {
        let processes = if let Action::Speed { processes, .. } = action { processes } else { 1 };
        let samples = Vec::new();
        Self { label, command, processes, samples, spread: None, not_measured: None }
    }

    pub(crate) fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Measured(sample) => self.samples.push(sample),
            Outcome::NotMeasured(reason) => self.not_measured = Some(reason),
        }
    }

    fn values(&self) -> Vec<f64> {
        self.samples.iter().map(|sample| sample.value).collect()
    }
}

impl ScenarioResult {
    /// From all contenders' values. Only rounds in which all that a figure needs was measured
    /// count for it.
    pub(crate) fn new(
        scenario: &Scenario,
        mut contenders: Vec<ContenderResult>,
        failure: Option<String>,
    ) -> Self {
        for contender in &mut contenders {
            contender.spread = Spread::of(&contender.values());
        }
        let figures = scenario.figures.iter().map(|figure| figure_of(figure, &contenders));
        let figures = figures.collect();
        let Scenario { name, title, note, unit, .. } = *scenario;
        Self { name, title, note, unit, contenders, figures, failure }
    }
}

fn figure_of(figure: &Figure, contenders: &[ContenderResult]) -> FigureResult {
    let (label, is_ratio, target, values) = match *figure {
        Figure::Ratio { of, to, at_least } => {
            let [of, to] = [of, to].map(|index| &contenders[index]);
            let rounds = of.samples.iter().zip(&to.samples);
            let ratios = rounds.map(|(of, to)| of.value / to.value).collect();
            (format!("{} / {}", of.label, to.label), true, at_least.map(Target::AtLeast), ratios)
        }
        Figure::Value { of, at_most } => {
            let of = &contenders[of];
            (of.label.to_owned(), false, Some(Target::AtMost(at_most)), of.values())
        }
    };
    let spread = Spread::of(&values);
    let met = target.zip(spread).map(|(target, spread)| target.is_met(spread.median));
    FigureResult { label, is_ratio, target, values, spread, met }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::scenario::chosen;
    use super::*;

    /// A scenario with these values of its contenders, by contender and round.
    pub(crate) fn result(name: &str, values: &[&[f64]]) -> ScenarioResult {
        let scenario = chosen(&[name.to_owned()]).unwrap()[0];
        let contenders = scenario.contenders.iter().zip(values).map(|(contender, values)| {
            let command = format!("run {}", contender.label);
            let mut result = ContenderResult::new(contender.label, contender.action, command);
            for &value in *values {
                result.add(Outcome::Measured(Sample { value, reports: Vec::new() }));
            }
            if values.is_empty() {
                result.add(Outcome::NotMeasured("no data".to_owned()));
            }
            result
        });
        ScenarioResult::new(scenario, contenders.collect(), None)
    }

    #[test]
    fn ratios_are_taken_within_each_round() {
        // The machine slows down from round to round: medians apart would hide that the ratio
        // is the same in all.
        let rounds = [3_200.0, 1_600.0, 800.0];
        let result =
            result("dropout", &[&rounds, &rounds.map(|speed| speed / 4.0), &[800.0, 100.0, 200.0]]);
        let figure = &result.figures[0];
        assert_eq!(figure.label, "Plateau / PyTorch, channels last");
        assert_eq!(figure.values, [4.0, 4.0, 4.0]);
        assert_eq!((figure.target, figure.met), (Some(Target::AtLeast(3.0)), Some(true)));
        let burn = &result.figures[1];
        assert_eq!((burn.values.as_slice(), burn.met), ([4.0, 16.0, 4.0].as_slice(), None));
        assert_eq!(burn.spread.unwrap().median, 4.0);
        assert_eq!(result.contenders[0].spread.unwrap().median, 1_600.0);
    }

    #[test]
    fn targets_may_be_missed_and_values_may_be_missing() {
        let missed = result("memory", &[&[500e6], &[1_000e6]]);
        assert_eq!((missed.figures[0].met, missed.figures[1].values[0]), (Some(false), 0.5));
        let missing = result("memory", &[&[], &[1_000e6]]);
        assert_eq!((missing.figures[0].met, missing.figures[1].spread), (None, None));
    }
}
