//! A study: its records, and what they say.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use plateau_analysis::Findings;
use plateau_data::Dataset;
use plateau_model::Weights;
use plateau_record::{Provenance, RunId, RunRecord, Start, StudyRecord};
use plateau_report::document::Document;
use plateau_report::evcxr::show;
use plateau_report::figure::Figure;
use plateau_report::table::Table;
use plateau_report::{Origin, Place, ReportInput, Statement};
use plateau_study::store::{StoredRuns, UnreadableRun};
use plateau_study::{Overrides, Plan, Store};
use plateau_train::{Silent, fit};

use crate::{Error, Pictures, place};

/// A study with its results, opened from its folder or trained here and now.
#[derive(Debug)]
pub struct Study {
    record: StudyRecord,
    runs: BTreeMap<RunId, RunRecord>,
    findings: Findings,
    document: Document,
    statements: Vec<Statement>,
    unreadable: Vec<UnreadableRun>,
}

impl Study {
    /// Opens the folder that `plateau run` wrote.
    ///
    /// # Errors
    /// If it holds no study. Runs and images that can't be read are left out: see
    /// [`Study::unreadable`].
    pub fn open(dir: impl AsRef<Path>) -> Result<Self, Error> {
        let dir = dir.as_ref();
        let store = Store::at(dir);
        let folder = dir.display().to_string();
        let record = store.study()?.ok_or(Error::NoStudy { folder })?;
        let StoredRuns { runs, unreadable, .. } = store.runs()?;
        let (pictures, _) = Pictures::read_what_can_be_read(dir);
        let written = store.written()?;
        let place = place::of(dir, &record, written.as_deref());
        Ok(Self { unreadable, ..Self::new(record, runs, &pictures, &place)? })
    }

    /// Trains all runs of a study written in TOML, one after the other, in this process. Nothing
    /// is stored. For more than a few minutes' worth, `plateau run` uses all cores and can be
    /// continued.
    ///
    /// # Errors
    /// If the study has mistakes, or a run can't be trained.
    pub fn train(toml: &str, data: &Dataset) -> Result<Self, Error> {
        let study = plateau_study::Study::parse(toml, &Overrides::default())?;
        let mut runs: BTreeMap<RunId, RunRecord> = BTreeMap::new();
        let mut weights: BTreeMap<RunId, Weights> = BTreeMap::new();
        loop {
            let plan = Plan::new(&study, &runs);
            // Runs come after those they start from.
            let Some(next) = plan.runs.iter().find(|run| !runs.contains_key(&run.id)) else {
                let place = Place { origin: Origin::Folder, source: None };
                return Self::new(plan.record(&study), runs, &Pictures::default(), &place);
            };
            let parent = match &next.config.start {
                Start::Fresh => None,
                Start::Transfer { parent } => weights.get(parent),
            };
            let trained = fit(&next.config, data, parent, &mut Silent)?;
            weights.insert(next.id.clone(), trained.weights);
            let record = RunRecord {
                id: next.id.clone(),
                config: next.config.clone(),
                provenance: here(data),
                input: Some(trained.input),
                epochs: trained.epochs,
                gradients: trained.gradients,
                range: trained.range,
                predictions: trained.predictions,
                result: trained.result,
            };
            runs.insert(next.id.clone(), record);
        }
    }

    fn new(
        record: StudyRecord,
        runs: BTreeMap<RunId, RunRecord>,
        Pictures { samples, shown }: &Pictures,
        place: &Place,
    ) -> Result<Self, Error> {
        let findings = plateau_analysis::findings(&record, &runs);
        let input = ReportInput {
            study: &record,
            runs: &runs,
            findings: &findings,
            samples: samples.as_ref(),
            shown: shown.as_ref(),
            place,
            notes: &[],
        };
        let (document, statements) = plateau_report::write(&input)?;
        Ok(Self { record, runs, findings, document, statements, unreadable: Vec::new() })
    }

    /// Which runs belong to which question.
    #[must_use]
    pub fn record(&self) -> &StudyRecord {
        &self.record
    }

    /// Runs of the folder that can't be read, and are left out; `plateau run` makes them again.
    #[must_use]
    pub fn unreadable(&self) -> &[UnreadableRun] {
        &self.unreadable
    }

    /// All runs, by id.
    #[must_use]
    pub fn runs(&self) -> &BTreeMap<RunId, RunRecord> {
        &self.runs
    }

    /// What the records say: means, intervals, tests.
    #[must_use]
    pub fn findings(&self) -> &Findings {
        &self.findings
    }

    /// A figure of the report, drawn from the records.
    ///
    /// # Errors
    /// If the report has no figure of that id.
    pub fn figure(&self, id: &str) -> Result<&Figure, Error> {
        let figure = self.document.figures().find(|figure| figure.id == id);
        figure.ok_or_else(|| unknown("figure", id, self.document.figures().map(|f| &f.id)))
    }

    /// A table of the report.
    ///
    /// # Errors
    /// If the report has no table of that id.
    pub fn table(&self, id: &str) -> Result<&Table, Error> {
        let table = self.document.tables().find(|table| table.id == id);
        table.ok_or_else(|| unknown("table", id, self.document.tables().map(|t| &t.id)))
    }

    /// What an experiment found, the first being 1: a sentence per claim, chosen by the tests.
    ///
    /// # Errors
    /// If there is no such experiment, or nothing to say about it yet.
    pub fn statements(&self, experiment: usize) -> Result<Statements, Error> {
        let found = self.statements.iter().find(|s| s.experiment == experiment);
        let known = self.statements.iter().map(|s| s.experiment.to_string());
        let text = found.map(|statement| statement.text.clone());
        text.map(Statements).ok_or_else(|| unknown("experiment", &experiment.to_string(), known))
    }

    /// Shows what the study is as the output of a notebook's cell.
    pub fn evcxr_display(&self) {
        show("text/plain", &self.to_string());
    }
}

impl fmt::Display for Study {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let study = &self.findings.study;
        write!(
            f,
            "{}: {} of {} runs on {}; {} figures, {} tables",
            study.title,
            study.n_stored,
            study.n_runs,
            study.data_title(),
            self.document.figures().count(),
            self.document.tables().count()
        )
    }
}

/// What an experiment found, a line per claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statements(pub String);

impl Statements {
    /// Shows them as the output of a notebook's cell.
    pub fn evcxr_display(&self) {
        show("text/plain", &self.0);
    }
}

impl fmt::Display for Statements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn unknown<S: ToString>(kind: &'static str, id: &str, known: impl Iterator<Item = S>) -> Error {
    Error::Unknown { kind, id: id.to_owned(), known: known.map(|id| id.to_string()).collect() }
}

/// Nothing is stored, so that nobody has to find out where this was.
fn here(data: &Dataset) -> Provenance {
    Provenance {
        program: env!("CARGO_PKG_VERSION").to_owned(),
        commit: "this notebook".to_owned(),
        machine: std::env::consts::ARCH.to_owned(),
        system: std::env::consts::OS.to_owned(),
        instruction_set: "as detected".to_owned(),
        data_md5: data.md5.clone(),
    }
}
