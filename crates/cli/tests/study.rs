//! The whole way of a study on generated data: every file, twice the same bits.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use common::{json_lines, plateau, records, succeed};
use plateau_model::Weights;
use plateau_record::{RunConfig, Start};
use serde_json::Value;

const FIGURES: [&str; 20] = [
    "batch_norm_comparison",
    "batch_norm_curves",
    "class_balance",
    "confusion",
    "dropout_curves",
    "dropout_final",
    "gradient_abs_mean",
    "gradient_abs_std",
    "gradient_heatmap",
    "gradient_mean",
    "gradient_std",
    "learning_rate_curves",
    "learning_rate_final",
    "network",
    "range_test",
    "sample_images",
    "scheduler_comparison",
    "scheduler_curves",
    "transfer_comparison",
    "transfer_curves",
];

#[test]
fn a_study_leaves_every_file_and_the_same_bits_with_one_job_and_two() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    let last_line = |jobs: &str, out: &str| -> Value {
        let out = succeed(folder, &["run", "synthetic", "--jobs", jobs, "--out", out, "--json"]);
        serde_json::from_str(out.lines().last().unwrap()).unwrap()
    };
    let one = last_line("1", "one");
    assert_eq!(one["complete"], true, "{one}");
    let two = last_line("2", "two");
    assert_eq!(one["ran"], two["ran"]);
    let (first, second) = (records(&folder.join("one")), records(&folder.join("two")));
    assert!(first.keys().eq(second.keys()));
    for (file, bytes) in &first {
        assert!(*bytes == second[file], "{file} differs between --jobs 1 and --jobs 2");
    }
    check_runs(&folder.join("one"));
    check_transfer(&folder.join("one"));
    check_report(&folder.join("one"));

    // Once more on the same folder: nothing left to do, and the same report from the records.
    let again = last_line("2", "one");
    assert_eq!((again["ran"].as_u64(), again["complete"].as_bool()), (Some(0), Some(true)));
    let page = fs::read(folder.join("one/report/report.html")).unwrap();
    fs::remove_dir_all(folder.join("one/report")).unwrap();
    succeed(folder, &["report", "one"]);
    assert!(fs::read(folder.join("one/report/report.html")).unwrap() == page);
}

fn check_runs(study: &Path) {
    let stored = fs::read_to_string(study.join("study.toml")).unwrap();
    assert!(stored.lines().any(|line| line == "pending = []"), "all phases are resolved");
    for run in fs::read_dir(study.join("runs")).unwrap().map(|run| run.unwrap().path()) {
        let head: Value = serde_json::from_slice(&fs::read(run.join("run.json")).unwrap()).unwrap();
        let config: RunConfig = serde_json::from_value(head["config"].clone()).unwrap();
        assert_eq!(config.id().0, run.file_name().unwrap().to_str().unwrap());
        for key in ["program", "commit", "machine", "system", "instruction_set", "data_md5"] {
            assert!(!head["provenance"][key].is_null(), "{key} is recorded");
        }
        let result: Value =
            serde_json::from_slice(&fs::read(run.join("result.json")).unwrap()).unwrap();
        assert_eq!(result["status"]["kind"], "finished");
        let epochs = json_lines(&run.join("epochs.jsonl"));
        let gradients = json_lines(&run.join("gradients.jsonl"));
        let range = json_lines(&run.join("range.jsonl"));
        if range.is_empty() {
            let n_epochs = config.epochs.0 as usize;
            assert_eq!(epochs.len(), n_epochs + 1, "one line per epoch, and the untrained state");
            let n_trained =
                if config.start == Start::Fresh { config.network.n_layers() } else { 2 };
            assert_eq!(gradients.len(), n_epochs * n_trained * 2, "weights and biases apart");
            let confusion = result["test"]["confusion"].as_array().unwrap();
            let images: u64 = confusion
                .iter()
                .flat_map(|row| row.as_array().unwrap())
                .map(|n| n.as_u64().unwrap())
                .sum();
            assert_eq!((confusion.len(), images), (10, 1000));
        } else {
            assert!(
                epochs.is_empty() && result["test"].is_null(),
                "range tests look at no test data"
            );
        }
    }
}

/// Frozen layers do not change by a bit; re-initialised ones do.
fn check_transfer(study: &Path) {
    let mut n_transfers = 0;
    for run in fs::read_dir(study.join("runs")).unwrap().map(|run| run.unwrap().path()) {
        let head: Value = serde_json::from_slice(&fs::read(run.join("run.json")).unwrap()).unwrap();
        let config: RunConfig = serde_json::from_value(head["config"].clone()).unwrap();
        let Start::Transfer { parent } = &config.start else { continue };
        n_transfers += 1;
        let weights = |folder: &Path| {
            let bytes = fs::read(folder.join("weights.safetensors")).unwrap();
            Weights::from_safetensors(&bytes).unwrap().0
        };
        let (own, parents) = (weights(&run), weights(&study.join("runs").join(&parent.0)));
        for (name, tensor) in &own {
            let same = *tensor == parents[name];
            assert_eq!(same, name.starts_with("conv"), "{name}");
        }
    }
    assert!(n_transfers > 0);
}

fn check_report(study: &Path) {
    let report = study.join("report");
    let stems = |folder: &str, extension: &str| -> BTreeMap<String, u64> {
        let files = fs::read_dir(report.join(folder)).unwrap().map(|file| file.unwrap());
        files
            .filter(|file| file.path().extension().is_some_and(|e| e == extension))
            .map(|file| {
                let stem = file.path().file_stem().unwrap().to_string_lossy().into_owned();
                (stem, file.metadata().unwrap().len())
            })
            .collect()
    };
    let (svg, png) = (stems("figures", "svg"), stems("figures", "png"));
    for figure in FIGURES {
        assert!(svg.get(figure).is_some_and(|bytes| *bytes > 1000), "{figure}.svg: {svg:?}");
        assert!(png.get(figure).is_some_and(|bytes| *bytes > 1000), "{figure}.png");
    }
    assert!(stems("tables", "csv").len() >= 5);
    let page = fs::read_to_string(report.join("report.html")).unwrap();
    assert!(page.matches("synthetic data").count() > FIGURES.len() / 2, "the data set's name");
    assert!(!page.contains("http-equiv") && !page.contains("<script"), "one plain file");
    let summary: Value =
        serde_json::from_slice(&fs::read(report.join("summary.json")).unwrap()).unwrap();
    assert_eq!(summary["findings"]["experiments"].as_array().unwrap().len(), 3);
}

#[test]
fn a_study_that_belongs_to_another_folder_is_refused_by_name() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    fs::create_dir(folder.join("other")).unwrap();
    let study = "name = \"other\"\ntitle = \"Other\"\ndata = \"synthetic\"\nseeds = 1\n\
                 [network]\nchannels = [4]\nhidden = 8\n[training]\nbatch_size = 32\nepochs = 1\noptimizer = { kind = \"sgd\", momentum = 0.9 }\n\
                 [[experiment]]\nkind = \"sweep\"\nphase = \"rates\"\n\
                 [phase.rates]\nsplit = { train = 200, validation = 100 }\nrate = [0.01, 0.02]\n";
    fs::write(folder.join("other.toml"), study).unwrap();
    succeed(folder, &["run", "other.toml", "--out", "out"]);
    let refused = plateau(folder, &["run", "synthetic", "--out", "out"]);
    let message = String::from_utf8_lossy(&refused.stderr).replace('\n', " ");
    assert_eq!(refused.status.code(), Some(2), "{message}");
    assert!(message.contains("`other`") && message.contains("`synthetic`"), "{message}");
}

#[test]
fn the_studies_in_the_documents_can_be_planned() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    for document in [include_str!("../../../README.md"), include_str!("../../../studies/README.md")]
    {
        let study = document.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
        fs::write(folder.join("study.toml"), study).unwrap();
        let plan = succeed(folder, &["plan", "study.toml", "--json"]);
        let plan: Value = serde_json::from_str(&plan).unwrap();
        assert!(plan["runs"].as_u64().unwrap() >= 10, "{plan}");
        assert_eq!(plan["phases"][0]["state"], "resolved");
    }
}
