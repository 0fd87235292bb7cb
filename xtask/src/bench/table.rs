//! Results as text.

use super::results::{FigureResult, Results, ScenarioResult, Target};
use super::scenario::Unit;
use super::statistics::Spread;

const LABEL_WIDTH: usize = 46;

/// Everything: the machine, then each scenario.
pub(crate) fn whole(results: &Results) -> String {
    let machine = &results.machine;
    let pytorch = reported(results, "pytorch", "version").unwrap_or("not run");
    let instructions = reported(results, "plateau", "instruction_set").unwrap_or("not told");
    let mut text = "Plateau beside its peers: `cargo xtask bench peers`\n\n".to_owned();
    for (name, value) in [
        ("date", machine.date.as_str()),
        ("machine", machine.processor.as_str()),
        ("cores", machine.cores.to_string().as_str()),
        ("system", machine.system.as_str()),
        ("load before", machine.load.as_str()),
        ("rustc", machine.rustc.as_str()),
        ("commit", machine.commit.as_str()),
        ("instructions", instructions),
        ("PyTorch", pytorch),
    ] {
        text += &format!("{name:<14}{value}\n");
    }
    let (rounds, steps) = (results.rounds, results.steps);
    text += &format!("{:<14}rounds: {rounds}, training steps in each: {steps}\n", "measured");
    text += "\nContenders ran in turn, round by round; ratios are taken within each round. A speed is\n\
             that of the median step, from bytes in memory to updated weights.\n\n";
    for result in &results.scenarios {
        text += &scenario(result);
        text.push('\n');
    }
    text
}

/// One scenario: contenders, then figures and their targets.
pub(crate) fn scenario(result: &ScenarioResult) -> String {
    let unit = result.unit;
    let mut text = format!("{}: {}\n", result.name, result.title);
    if !result.note.is_empty() {
        text += &format!("({})\n", result.note);
    }
    text += &row(unit.name(), ["median", "quartiles", "range"].map(str::to_owned), "");
    for contender in &result.contenders {
        let cells = cells(contender.spread, |value| plain(value, unit));
        let remark = contender.not_measured.as_deref();
        let remark = remark.map(|reason| format!("not measured: {reason}")).unwrap_or_default();
        text += &row(&format!("  {}", contender.label), cells, &remark);
    }
    text += &row("figure", Default::default(), "target");
    for figure in &result.figures {
        let written = |value| {
            if figure.is_ratio { format!("{value:.2}") } else { plain(value, unit) }
        };
        let cells = cells(figure.spread, written);
        text += &row(&format!("  {}", figure.label), cells, &target(figure, unit));
    }
    if let Some(failure) = &result.failure {
        text += &format!("failed: {failure}\n");
    }
    text
}

/// A value that stands alone.
pub(crate) fn with_unit(value: f64, unit: Unit) -> String {
    format!("{} {}", plain(value, unit), unit.name())
}

fn plain(value: f64, unit: Unit) -> String {
    match unit {
        Unit::ImagesPerSecond => format!("{value:.0}"),
        Unit::Bytes => format!("{:.0}", value / 1e6),
        Unit::Seconds => format!("{value:.2}"),
    }
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::ImagesPerSecond => "images/s",
            Self::Bytes => "MB",
            Self::Seconds => "s",
        }
    }
}

fn target(figure: &FigureResult, unit: Unit) -> String {
    let wanted = match figure.target {
        None => return String::new(),
        Some(Target::AtLeast(least)) => format!("≥ {least:.1}"),
        Some(Target::AtMost(most)) => match unit {
            Unit::Seconds => format!("≤ {most:.1} s"),
            _ => format!("≤ {}", with_unit(most, unit)),
        },
    };
    match figure.met {
        Some(true) => wanted + ", met",
        Some(false) => wanted + ", missed",
        None => wanted,
    }
}

/// Median, quartiles, range.
fn cells(spread: Option<Spread>, written: impl Fn(f64) -> String) -> [String; 3] {
    let Some(spread) = spread else { return ["–".to_owned(), String::new(), String::new()] };
    let between = |from: f64, to: f64| format!("{} – {}", written(from), written(to));
    [
        written(spread.median),
        between(spread.lower_quartile, spread.upper_quartile),
        between(spread.min, spread.max),
    ]
}

fn row(label: &str, [median, quartiles, range]: [String; 3], last: &str) -> String {
    let line = format!("{label:<LABEL_WIDTH$}{median:>9}{quartiles:>17}{range:>17}  {last}");
    line.trim_end().to_owned() + "\n"
}

/// What the first report of that program says about `key`.
fn reported<'a>(results: &'a Results, program: &str, key: &str) -> Option<&'a str> {
    let contenders = results.scenarios.iter().flat_map(|scenario| &scenario.contenders);
    let samples = contenders.flat_map(|contender| &contender.samples);
    let mut reports = samples.flat_map(|sample| &sample.reports);
    reports.find_map(|report| report[key].as_str().filter(|_| report["program"] == program))
}

#[cfg(test)]
mod tests {
    use super::super::machine::Machine;
    use super::super::results::tests::result;
    use super::*;

    #[test]
    fn speeds_and_ratios_are_in_columns() {
        let rounds: [&[f64]; 3] = [&[3_000.0, 3_200.0], &[1_000.0, 1_600.0], &[500.0, 500.0]];
        let expected = "\
dropout: training step, dropout 0.5, batch 128, one thread
images/s                                         median        quartiles            range
  Plateau                                          3100      3050 – 3150      3000 – 3200
  PyTorch, channels last                           1300      1150 – 1450      1000 – 1600
  Plateau on burn's operators                       500        500 – 500        500 – 500
figure                                                                                     target
  Plateau / PyTorch, channels last                 2.50      2.25 – 2.75      2.00 – 3.00  ≥ 3.0, missed
  Plateau / Plateau on burn's operators            6.20      6.10 – 6.30      6.00 – 6.40
";
        assert_eq!(scenario(&result("dropout", &rounds)), expected);
    }

    #[test]
    fn what_is_not_measured_says_so() {
        let mut missing = result("memory", &[&[], &[950e6]]);
        missing.failure = Some("`plateau train` failed".to_owned());
        let text = scenario(&missing);
        let lines: Vec<&str> = text.lines().skip(2).map(str::trim_end).collect();
        assert!(lines[1].ends_with("–                                    not measured: no data"));
        assert!(lines[2].contains(" 950 "), "{text}");
        assert!(lines[4].ends_with("≤ 400 MB"), "{text}");
        assert!(lines[6].ends_with("failed: `plateau train` failed"), "{text}");
    }

    #[test]
    fn the_head_names_machine_and_versions() {
        let mut scenario = result("dropout", &[&[3.0], &[1.0], &[1.0]]);
        let reports = &mut scenario.contenders[1].samples[0].reports;
        reports.push(serde_json::json!({"program": "pytorch", "version": "9.9"}));
        let machine = Machine::for_tests();
        let text = whole(&Results { machine, rounds: 1, steps: 2, scenarios: vec![scenario] });
        for line in ["machine       Test CPU 9", "PyTorch       9.9", "cores         2"] {
            assert!(text.contains(&format!("{line}\n")), "{text}");
        }
        assert!(text.contains("rounds: 1, training steps in each: 2\n"), "{text}");
    }
}
