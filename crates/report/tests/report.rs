//! The report of a made-up study: golden files, and what every report must keep to.
//!
//! `PLATEAU_UPDATE_GOLDEN=1 cargo test -p plateau-report` writes the golden files anew;
//! `PLATEAU_SHOW_REPORT=DIR` writes reports there, to be looked at.

mod made_up;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use made_up::MadeUp;
use plateau_analysis::{
    Arm, ExperimentFindings, LearningCurves, SeedStatus, Setting, SweepFindings,
};
use plateau_record::{DataSet, RunId};
use plateau_report::{Origin, OutputFile, Place, Report, ReportInput, id, render};
use resvg::usvg;

#[expect(clippy::disallowed_methods, reason = "how a person asks a test for its files")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn input(made_up: &MadeUp) -> ReportInput<'_> {
    ReportInput {
        study: &made_up.study,
        runs: &made_up.runs,
        findings: &made_up.findings,
        samples: Some(&made_up.samples),
        shown: Some(&made_up.shown),
        place: &PLACE,
        notes: &[],
    }
}

/// Where the committed study's report stands.
static PLACE: LazyLock<Place> = LazyLock::new(|| Place {
    origin: Origin::Preset,
    source: Some("../../../crates/plateau".to_owned()),
});

fn text<'a>(files: &'a [OutputFile], path: &str) -> &'a str {
    let file = files.iter().find(|file| file.path == path);
    std::str::from_utf8(&file.unwrap_or_else(|| panic!("no {path}")).bytes).expect("UTF-8")
}

/// The whole study and its report, rendered once for all tests that only look.
static RENDERED: LazyLock<(MadeUp, Report)> = LazyLock::new(|| {
    let made_up = made_up::study();
    let report = render(&input(&made_up)).expect("a whole study has a report");
    (made_up, report)
});

/// The page without its figures, fonts and style, which would drown the differences.
fn outline(page: &str) -> String {
    let mut outline = String::new();
    let mut rest = page;
    for (open, close) in [("<style>", "</style>")].into_iter().chain([("<svg", "</svg>"); 99]) {
        let Some(start) = rest.find(open) else { break };
        let end = rest[start..].find(close).expect("closed") + start;
        outline.push_str(&rest[..start]);
        outline.push_str(open);
        rest = &rest[end..];
    }
    outline + rest
}

/// The notebook without its figures.
fn without_pictures(notebook: &str) -> String {
    let mut notebook: serde_json::Value = serde_json::from_str(notebook).expect("JSON");
    for cell in notebook["cells"].as_array_mut().expect("cells") {
        for output in cell["outputs"].as_array_mut().into_iter().flatten() {
            if let Some(svg) = output["data"].get_mut("image/svg+xml") {
                *svg = "a figure".into();
            }
        }
    }
    serde_json::to_string_pretty(&notebook).expect("JSON") + "\n"
}

/// Writes a report for a person to look at, if one asked.
fn show(files: &[OutputFile], name: &str) {
    let Some(folder) = variable("PLATEAU_SHOW_REPORT") else { return };
    for file in files {
        let path = Path::new(&folder).join(name).join(&file.path);
        std::fs::create_dir_all(path.parent().expect("in a folder")).expect("made");
        std::fs::write(path, &file.bytes).expect("written");
    }
}

fn assert_golden(name: &str, actual: &str) {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "golden", name].iter().collect();
    if variable("PLATEAU_UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().expect("in a folder")).expect("made");
        std::fs::write(&path, actual).expect("written");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    if let Some((line, (actual, expected))) =
        actual.lines().zip(expected.lines()).enumerate().find(|(_, (a, e))| a != e)
    {
        panic!("{name}, line {}:\n  actual: {actual}\nexpected: {expected}", line + 1);
    }
    assert_eq!(actual.len(), expected.len(), "{name} is longer or shorter than its golden file");
}

#[test]
fn golden_files_are_met() {
    let files = &RENDERED.1.files;
    show(files, "whole");
    assert_golden("report.html", &outline(text(files, "report.html")));
    assert_golden("report.md", text(files, "report.md"));
    assert_golden("paper.typ", &RENDERED.1.paper.main);
    assert_golden("report.ipynb", &without_pictures(text(files, "report.ipynb")));
    for id in [
        "range_test",
        "learning_rate_final",
        "scheduler_comparison",
        "network",
        "confusion",
        "reliability",
        "class_accuracy",
    ] {
        assert_golden(&format!("{id}.svg"), text(files, &format!("figures/{id}.svg")));
    }
    for id in ["layers", "classes", "calibration", "power"] {
        assert_golden(&format!("{id}.csv"), text(files, &format!("tables/{id}.csv")));
    }
}

#[test]
fn equal_findings_give_equal_bytes() {
    let made_up = made_up::study();
    let again = render(&input(&made_up)).unwrap();
    assert!(again.files == RENDERED.1.files);
    assert!(again.paper.main == RENDERED.1.paper.main);
}

#[test]
fn every_figure_is_well_formed_and_every_file_has_its_own_path() {
    let files = &RENDERED.1.files;
    let mut paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    paths.sort_unstable();
    paths.dedup();
    assert_eq!(paths.len(), files.len());
    let svgs: Vec<&OutputFile> = files.iter().filter(|f| f.path.ends_with(".svg")).collect();
    assert_eq!(svgs.len(), 23, "{paths:?}");
    for svg in svgs {
        usvg::Tree::from_data(&svg.bytes, &usvg::Options::default())
            .unwrap_or_else(|error| panic!("{}: {error}", svg.path));
    }
    for csv in files.iter().filter(|file| file.path.ends_with(".csv")) {
        let lines: Vec<_> = text(files, &csv.path).split_terminator("\r\n").collect();
        assert!(lines.len() > 1, "{} is empty", csv.path);
        assert!(lines[0].ends_with(",data"), "{}", csv.path);
    }
}

#[test]
fn the_page_loads_nothing_from_elsewhere_and_its_links_lead_somewhere() {
    let files = &RENDERED.1.files;
    let page = text(files, "report.html");
    for wrong in ["src=\"http", "href=\"http", "url(http", "<script", "<link"] {
        assert!(!page.contains(wrong), "{wrong}");
    }
    let mut ids: Vec<&str> =
        page.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let n_ids = ids.len();
    for link in page.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(ids.contains(&link), "#{link}");
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), n_ids, "an id is used twice");
}

#[test]
fn the_summary_holds_every_claim_s_numbers() {
    let files = &RENDERED.1.files;
    let summary: serde_json::Value = serde_json::from_str(text(files, "summary.json")).unwrap();
    let comparison = &summary["findings"]["experiments"][0]["comparisons"][0];
    assert_eq!(comparison["n_pairs"], 5);
    assert!(comparison["test"]["p_adjusted"].is_number());
    assert_eq!(summary["figures"].as_array().unwrap().len(), 23);
    assert!(summary["study"]["seeds"].is_array());
}

#[test]
fn generated_data_are_named_on_every_figure_and_table() {
    let mut made_up = made_up::study();
    made_up.findings.study.data = DataSet::Synthetic;
    made_up.findings.study.synthetic = true;
    let files = render(&input(&made_up)).unwrap().files;
    for file in files.iter().filter(|f| f.path.ends_with(".svg") || f.path.ends_with(".csv")) {
        assert!(text(&files, &file.path).contains("synthetic data"), "{}", file.path);
    }
    let page = text(&files, "report.html");
    let n_tables = page.matches("<b>Table ").count();
    assert_eq!(page.matches("(synthetic data).</b>").count(), n_tables);
    assert!(!page.contains("a labelled subset of the Tiny Images collection"));
}

/// Leaves nothing of an arm but its plan.
fn forget(arm: &mut Arm) {
    arm.config = None;
    arm.finals = None;
    arm.curves = LearningCurves::default();
    (arm.n_missing, arm.n_finished) = (arm.n_expected, 0);
    for seed in &mut arm.seeds {
        (seed.status, seed.finals, seed.best_validation) = (SeedStatus::Missing, None, None);
    }
}

#[test]
fn a_study_without_results_has_a_report_that_says_so() {
    let mut made_up = made_up::study();
    made_up.runs.clear();
    let findings = &mut made_up.findings;
    findings.study.preliminary = true;
    findings.study.n_stored = 0;
    (findings.best_model, findings.provenances) = (None, Vec::new());
    for experiment in &mut findings.experiments {
        match experiment {
            ExperimentFindings::LearningRate(f) => {
                f.arms.iter_mut().chain(&mut f.scheduled).for_each(forget);
                (f.preliminary, f.range_test, f.best, f.best_rule) = (true, None, None, None);
                (f.checks, f.comparisons) = (Vec::new(), Vec::new());
            }
            ExperimentFindings::Regularisation(f) => {
                f.arms.iter_mut().for_each(forget);
                (f.transfer, f.best, f.comparisons) = (None, None, Vec::new());
            }
            ExperimentFindings::GradientFlow(f) => {
                (f.models, f.windows) = (Vec::new(), Vec::new());
                (f.comparisons, f.performance) = (Vec::new(), Vec::new());
            }
            ExperimentFindings::Sweep(_) => {}
        }
    }
    let files =
        render(&ReportInput { samples: None, shown: None, ..input(&made_up) }).unwrap().files;
    let page = text(&files, "report.html");
    assert!(page.contains("<em>Preliminary:</em> 0 of 70 runs have a result."));
    assert!(page.contains("No rate could be called the best"));
    assert!(!page.contains("NaN") && !page.contains("inf"));
}

#[test]
fn phases_that_wait_have_no_arms_and_a_report_all_the_same() {
    let mut findings = RENDERED.0.findings.clone();
    findings.best_model = None;
    for experiment in &mut findings.experiments {
        match experiment {
            ExperimentFindings::LearningRate(f) => {
                (f.arms, f.scheduled, f.best) = (Vec::new(), Vec::new(), None);
                (f.checks, f.comparisons) = (Vec::new(), Vec::new());
            }
            ExperimentFindings::Regularisation(f) => {
                (f.arms, f.plain, f.best) = (Vec::new(), None, None);
                (f.transfer, f.comparisons, f.trends) = (None, Vec::new(), Vec::new());
            }
            ExperimentFindings::GradientFlow(f) => {
                (f.models, f.layers, f.windows) = (Vec::new(), Vec::new(), Vec::new());
                (f.comparisons, f.performance) = (Vec::new(), Vec::new());
            }
            ExperimentFindings::Sweep(_) => {}
        }
    }
    let files = render(&ReportInput { findings: &findings, ..input(&RENDERED.0) }).unwrap().files;
    let page = text(&files, "report.html");
    for expected in ["No constant rate has been run yet", "No dropout rate has been run yet"] {
        assert!(page.contains(expected), "{expected}");
    }
}

#[test]
fn a_study_may_ask_a_single_question_or_none() {
    let made_up = &RENDERED.0;
    for kept in 0..4 {
        let mut findings = made_up.findings.clone();
        findings.experiments = findings.experiments.into_iter().skip(kept).take(1).collect();
        let files = render(&ReportInput { findings: &findings, ..input(made_up) }).unwrap().files;
        let page = text(&files, "report.html");
        let expected = usize::from(!findings.experiments.is_empty());
        assert_eq!(page.matches("</span>Results of experiment ").count(), expected);
    }
}

#[test]
fn a_sweep_has_figures_and_tables_of_its_own() {
    let mut findings = RENDERED.0.findings.clone();
    let ExperimentFindings::Regularisation(f) = findings.experiments.remove(1) else {
        panic!("the second experiment is on dropout");
    };
    let mut arms = f.arms;
    for (i, arm) in arms.iter_mut().enumerate() {
        (arm.setting, arm.value) = (Setting::Other, i as f64);
        arm.label = format!("cosine from 0.0{i}, dropout 0.{i}");
    }
    findings.experiments = vec![ExperimentFindings::Sweep(SweepFindings {
        preliminary: false,
        phase: "wide & deep".to_owned(),
        choices: Vec::new(),
        arms,
        best: Some(3),
        comparisons: f.comparisons,
    })];
    let files = render(&ReportInput { findings: &findings, ..input(&RENDERED.0) }).unwrap().files;
    let id = |kind| id::of_parts(&["sweep", "wide & deep", kind]);
    let svg = text(&files, &format!("figures/{}.svg", id("final")));
    assert!(svg.contains("cosine"), "{svg}");
    text(&files, &format!("tables/{}.csv", id("arms")));
    show(&files, "sweep");
}

#[test]
fn names_from_outside_are_escaped() {
    let mut made_up = made_up::study();
    made_up.findings.study.title = "<script>alert(1)</script> {figure:x} *".to_owned();
    made_up.findings.study.pending = vec!["<i>{cite:x}*`".to_owned()];
    made_up.findings.study.preliminary = true;
    made_up.findings.runs[0].run = RunId("<b>&".to_owned());
    if let ExperimentFindings::LearningRate(f) = &mut made_up.findings.experiments[0] {
        f.arms[2].label = "rate <0.01> {x} `*".to_owned();
        f.best_rule = Some("{} <u> *".to_owned());
    }
    let files = render(&input(&made_up)).unwrap().files;
    let page = text(&files, "report.html");
    for wrong in ["<script", "<i>", "<u>", "rate <", "<code><b>"] {
        assert!(!page.contains(wrong), "{wrong}");
    }
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt; {figure:x} *"));
}
