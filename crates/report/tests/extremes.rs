//! Reports of studies with extreme results, from records to pages: no number in them may be
//! impossible, and nothing may keep a report from being written.

mod records;

use plateau_analysis::findings;
use plateau_record::{DataSet, ExperimentRecord, StudyRecord};
use plateau_report::{Origin, Place, Report, ReportInput, id, render};
use records::{Made, Reached};

fn report(made: &Made) -> Report {
    report_at(made, &Place::default(), &[])
}

fn report_at(made: &Made, place: &Place, notes: &[String]) -> Report {
    let findings = findings(&made.study, &made.runs);
    let (study, runs) = (&made.study, &made.runs);
    let input =
        ReportInput { study, runs, findings: &findings, samples: None, shown: None, place, notes };
    render(&input).expect("every study has a report")
}

fn text<'a>(report: &'a Report, path: &str) -> &'a str {
    let file = report.files.iter().find(|file| file.path == path);
    std::str::from_utf8(&file.unwrap_or_else(|| panic!("no {path}")).bytes).expect("UTF-8")
}

/// All numbers of a text, with true minus signs read as such.
fn numbers(text: &str) -> Vec<f64> {
    let text = text.replace('−', "-");
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-');
    text.split(|c| !is_part(c)).filter_map(|word| word.trim_end_matches('.').parse().ok()).collect()
}

/// What a figure says.
fn words_of(svg: &str) -> Vec<&str> {
    let ends = svg.split("</text>").filter(|part| part.contains("<text "));
    ends.filter_map(|part| part.rsplit('>').next()).collect()
}

fn assert_possible(report: &Report, case: &str) {
    for file in &report.files {
        let path = &file.path;
        let Ok(text) = std::str::from_utf8(&file.bytes) else { continue };
        // Neither in the embedded fonts nor in the pictures.
        let said = match path.as_str() {
            "report.html" => continue,
            path if path.ends_with(".svg") => {
                for word in ["NaN", "inf ", "\"inf"] {
                    assert!(!text.contains(word), "{case}, {path}: {word}");
                }
                words_of(text).join("\n")
            }
            "report.ipynb" => continue,
            _ => text.to_owned(),
        };
        for word in said.split(|c: char| !(c.is_alphanumeric() || "−-.".contains(c))) {
            let wrong = ["NaN", "nan", "inf", "−inf", "-inf", "-0", "−0", "-0.0", "−0.00", "-0.00"];
            assert!(!wrong.contains(&word), "{case}, {path}: {word}");
            let digits = word.chars().filter(char::is_ascii_digit).count();
            let is_exact = path.ends_with(".csv") || path.ends_with(".json");
            assert!(is_exact || digits <= 16 || word.len() == 16, "{case}, {path}: {word}");
        }
    }
    let page = text(report, "report.md");
    for (before, _) in page.match_indices(" %").chain(page.match_indices("\u{a0}%")) {
        let start = page[..before].rfind(|c: char| !(c.is_ascii_digit() || ".−".contains(c)));
        let number = &page[start.map_or(0, |i| i + 1)..before].trim_start_matches('\u{a0}');
        let value = numbers(number).first().copied().unwrap_or(0.0);
        assert!((-100.0..=100.0).contains(&value), "{case}: {number} %");
    }
    for name in ["dropout_final", "class_accuracy", "reliability", "confusion"] {
        let path = format!("figures/{name}.svg");
        let Some(file) = report.files.iter().find(|file| file.path == path) else { continue };
        for word in words_of(std::str::from_utf8(&file.bytes).expect("UTF-8")) {
            for number in numbers(word) {
                assert!((-100.0..=100.0).contains(&number), "{case}, {name}: {word}");
            }
        }
    }
    assert_tables_are_possible(report, case);
}

fn assert_tables_are_possible(report: &Report, case: &str) {
    for file in report.files.iter().filter(|file| file.path.ends_with(".csv")) {
        let csv = std::str::from_utf8(&file.bytes).expect("UTF-8");
        let mut lines = csv.lines();
        let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
        for line in lines {
            // No field before these has a comma but labels in quotes.
            let fields: Vec<&str> = line.split(',').collect();
            if fields.len() != header.len() {
                continue;
            }
            let field = |name: &str| {
                let column = header.iter().position(|column| *column == name);
                column.map(|column| fields[column])
            };
            let limits = match field("metric").or_else(|| field("measure")) {
                Some("test_accuracy" | "train_accuracy" | "validation_accuracy") => (0.0, 1.0),
                Some("train_loss" | "validation_loss" | "test_loss") => (0.0, f64::MAX),
                Some("gap" | "test_gap" | "test-accuracy" | "calibration-error") => (-1.0, 1.0),
                Some("generalisation-gap" | "test-gap") => (-2.0, 2.0),
                _ => (f64::MIN, f64::MAX),
            };
            for name in ["mean", "difference", "ci95_lower", "ci95_upper"] {
                let value = field(name).and_then(|value| value.parse::<f64>().ok());
                let within = value.is_none_or(|value| value >= limits.0 && value <= limits.1);
                assert!(within, "{case}, {}: {name} in {line}", file.path);
            }
            let p = field("p").and_then(|p| p.parse::<f64>().ok());
            assert!(p.is_none_or(|p| p > 0.0 && p <= 1.0), "{case}, {}: {line}", file.path);
            let n = field("n").and_then(|n| n.parse::<u32>().ok());
            if n == Some(1) && header.contains(&"sd") {
                assert_eq!(field("ci95_lower"), Some(""), "{case}: {line}");
            }
        }
    }
}

/// What runs reach, by seed and place among all settings.
type Course = fn(u64, usize) -> Reached;

const COURSES: [(&str, Course); 7] = [
    ("nothing", |_, _| Reached { accuracy: 0.0, loss: 2.4, gradient: 1e-3 }),
    ("all", |_, _| Reached { accuracy: 1.0, loss: 0.0, gradient: 0.0 }),
    ("wild", |seed, i| Reached {
        accuracy: ((seed as usize + i) % 2) as f64,
        loss: 0.5 + seed as f64,
        gradient: 10_f64.powi(-(seed as i32) * 9),
    }),
    ("half of the seeds", |seed, i| Reached {
        accuracy: if seed == 1 { 0.613 } else { 0.999 - 0.01 * i as f64 },
        loss: 0.1 * seed as f64,
        gradient: 1e-4,
    }),
    ("huge", |seed, i| Reached {
        accuracy: 0.1,
        loss: 1e30 * (seed + i as u64) as f64,
        gradient: 1e30,
    }),
    ("tiny", |seed, _| Reached { accuracy: 0.9, loss: 1e-30 * seed as f64, gradient: 1e-30 }),
    ("beyond single precision", |seed, i| Reached {
        accuracy: 0.2 + 0.1 * (seed as f64),
        loss: if i.is_multiple_of(2) { 1e300 } else { 1e-300 },
        gradient: if i.is_multiple_of(2) { 1e140 } else { 5e-324 },
    }),
];

#[test]
fn no_report_holds_an_impossible_number() {
    for n_seeds in [1, 2, 3] {
        for (name, course) in COURSES {
            let made = records::study(n_seeds, &[1e-12, 0.00003, 0.1], course);
            assert_possible(&report(&made), &format!("{name}, {n_seeds} seeds"));
        }
    }
}

#[test]
fn rates_of_any_size_are_written_as_people_write_them() {
    let course = COURSES[3].1;
    for rates in [&[1e300, 1e-300, 1e6][..], &[0.01, 0.01], &[0.03], &[5e-324, 1e308]] {
        let made = records::study(2, rates, course);
        let report = report(&made);
        assert_possible(&report, &format!("{rates:?}"));
        let page = text(&report, "report.md");
        assert!(!page.contains("00000000"), "{rates:?}");
    }
    let page = report(&records::study(2, &[1e300, 1e-12, 0.00003], course));
    let page = text(&page, "report.md");
    for expected in ["rate 1e300", "rate 1e-12", "rate 0.00003"] {
        assert!(page.contains(expected), "{expected}");
    }
}

#[test]
fn of_two_experiments_of_a_kind_the_first_is_written_up_and_a_notice_tells_so() {
    let mut made = records::study(2, &[0.01, 0.1], COURSES[3].1);
    let experiments = &mut made.study.experiments;
    let doubled: Vec<ExperimentRecord> = experiments.clone();
    experiments.splice(1..1, doubled);
    let n_distinct = experiments.len() / 2;
    let report = report(&made);
    let page = text(&report, "report.md");
    assert_eq!(page.matches(" is left out: a report holds one of its kind").count(), n_distinct);
    let sections = page.matches(" Results of experiment ").count();
    assert_eq!(sections, n_distinct, "{page}");
    assert!(page.contains("The study’s experiment number 6 (dropout) is left out"), "{page}");
    let summary: serde_json::Value = serde_json::from_str(text(&report, "summary.json")).unwrap();
    assert_eq!(summary["findings"]["experiments"].as_array().unwrap().len(), n_distinct);
}

#[test]
fn phases_with_long_names_or_names_alike_but_for_capitals_have_files_of_their_own() {
    let mut made = records::study(1, &[0.01, 0.1], COURSES[3].1);
    let phase = made.study.phases[0].clone();
    let names = ["n".repeat(240), "Rates".to_owned(), "rates".to_owned(), "a/b".to_owned()];
    for name in &names {
        let mut phase = phase.clone();
        phase.name.clone_from(name);
        made.study.phases.push(phase);
        made.study.experiments.push(ExperimentRecord::Sweep { phase: name.clone() });
    }
    let report = report(&made);
    let mut paths: Vec<String> =
        report.files.iter().map(|file| file.path.to_ascii_lowercase()).collect();
    paths.sort_unstable();
    let n = paths.len();
    paths.dedup();
    assert_eq!(paths.len(), n);
    assert!(paths.iter().all(|path| path.len() < 120 && path.matches('/').count() < 2));
    text(&report, &format!("figures/{}.svg", id::of_parts(&["sweep", &names[0], "final"])));
}

#[test]
fn a_study_without_experiments_or_runs_has_a_report() {
    let mut made = records::study(1, &[0.01], COURSES[3].1);
    made.study.experiments.clear();
    let notebook = report(&made);
    assert!(text(&notebook, "report.ipynb").contains("Training::of(network)"));
    made.runs.clear();
    made.study.phases.clear();
    let notebook = report(&made);
    assert!(!text(&notebook, "report.ipynb").contains("Training::of(network)"));
}

fn forms(report: &Report) -> [&str; 4] {
    [
        text(report, "report.html"),
        text(report, "report.md"),
        text(report, "report.ipynb"),
        &report.paper.main,
    ]
}

#[test]
fn notes_on_runs_left_out_stand_in_all_forms() {
    let made = records::study(1, &[0.01, 0.1], COURSES[3].1);
    let notes = ["run *0123* is left out: `result.json` {ends}\nearly <b>".to_owned()];
    let report = report_at(&made, &Place::default(), &notes);
    for form in forms(&report) {
        assert!(form.contains("is left out: "), "{form}");
        assert!(!form.contains("<em>0123</em>"));
    }
    assert!(!text(&report, "report.html").contains("early <b>"));
}

#[test]
fn a_study_kept_in_its_folder_is_made_again_from_there() {
    let mut made = records::study(1, &[0.01, 0.1], COURSES[3].1);
    made.study.name = "mine".to_owned();
    let folder = Place { origin: Origin::Folder, source: None };
    let report = report_at(&made, &folder, &[]);
    let page = text(&report, "report.md");
    assert!(
        page.contains("```\nplateau run . --out ../mine-again\nplateau report .\n```"),
        "{page}"
    );
    assert!(page.contains("`study-as-written.toml`"));
    let notebook = text(&report, "report.ipynb");
    assert!(notebook.contains("// :dep plateau = ") && !notebook.contains("\":dep plateau"));
    let preset = report_at(&made, &Place::default(), &[]);
    let preset = text(&preset, "report.md");
    assert!(preset.contains("```\nplateau run mine\nplateau report plateau-out/mine\n```"));
}

#[test]
fn altered_images_are_named_wherever_the_data_are() {
    let mut made = records::study(1, &[0.01, 0.1], COURSES[3].1);
    made.study.altered = Some("0123abcd".to_owned());
    let report = report(&made);
    let page = text(&report, "report.md");
    assert!(page.contains("*CIFAR-10, altered, "), "{page}");
    assert!(page.contains("not the published images") && page.contains("`0123abcd`"));
    assert!(page.contains("--data PATH --accept-altered"));
    assert!(text(&report, "tables/dropout_arms.csv").contains("\"CIFAR-10, altered\""));
    assert!(text(&report, "figures/dropout_final.svg").contains("CIFAR-10, altered"));
}

#[test]
fn a_last_batch_of_one_that_batch_norm_leaves_out_is_told_of() {
    let mut made = records::study(1, &[0.01, 0.1], COURSES[3].1);
    assert!(!text(&report(&made), "report.md").contains("the last of the epoch’s order"));
    for run in made.runs.values_mut().filter(|run| run.config.network.batch_norm) {
        (run.config.data.split.train_images, run.config.batch_size) = (1000, 3);
    }
    assert!(text(&report(&made), "report.md").contains("the last of the epoch’s order"));
}

#[test]
fn the_notebook_trains_on_generated_images_where_the_study_did() {
    let mut made = records::study(1, &[0.01, 0.1], COURSES[3].1);
    made.study.data = DataSet::Synthetic;
    let report = report(&made);
    let notebook = text(&report, "report.ipynb");
    assert!(notebook.contains("let data: Dataset = synthetic();"), "{notebook}");
    assert!(notebook.contains("image().block(8).fully_connected(16).activation(Activation::Tanh)"));
}

const TITLES: [&str; 10] = [
    "学习 深度网络",
    "دراسة صغيرة",
    "👩‍🔬 studies 🦀",
    "e\u{301}\u{302}\u{303} z\u{335}",
    "bell\u{7} null\u{0} line\nbreak\r\ttab \u{1b}[31m",
    "*a* _b_ `c` #d $e$ @f <g> &h; &lt; \\i [j](k) ![l](m) ~n~ |o| {figure:p} \"q\" 'r' //s /* t",
    "#panic(\"x\") $ ) ] } \\",
    "\u{202e}backwards\u{2066} \u{feff}\u{ffff}",
    "",
    "```",
];

#[test]
fn no_title_breaks_any_form_of_a_report() {
    let made = records::study(1, &[0.01, 0.1], COURSES[3].1);
    for title in TITLES {
        let study = StudyRecord { title: title.to_owned(), ..made.study.clone() };
        let report = report(&Made { study, runs: made.runs.clone() });
        let page = text(&report, "report.html");
        assert_eq!(page.matches("<h1>").count(), 1);
        assert!(!page.contains("<g>"), "{title}");
        let markdown = text(&report, "report.md");
        assert_eq!(markdown.lines().filter(|line| line.starts_with("# ")).count(), 1, "{title}");
        let notebook: serde_json::Value =
            serde_json::from_str(text(&report, "report.ipynb")).expect("JSON");
        assert!(notebook["cells"].as_array().is_some_and(|cells| cells.len() > 10));
        let source = plateau_typeset::Source {
            main: report.paper.main,
            files: report.paper.files,
            fonts: report.paper.fonts.to_vec(),
        };
        let pdf = plateau_typeset::pdf(&source)
            .unwrap_or_else(|error| panic!("the title {title:?} breaks the paper: {error}"));
        assert!(pdf.bytes.starts_with(b"%PDF-"));
        let lacks = pdf.missing.contains(&'学') || pdf.missing.contains(&'🦀');
        assert_eq!(lacks, title.contains('学') || title.contains('🦀'), "{:?}", pdf.missing);
    }
}
