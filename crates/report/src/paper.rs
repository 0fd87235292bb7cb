//! The report's text: findings in, a document out. Every number comes from the findings or from
//! the records' configurations; which sentence stands is decided by the tests.
//!
//! # Layout
//! - [`claims`], [`gradient_claims`]: sentences about comparisons, chosen by the test's outcome
//! - [`settings`]: what the runs' configurations have in common
//! - [`summary`] (the abstract and the findings), [`introduction`], [`methodology`], [`experiments`]
//! - [`learning_rate`], [`regularisation`], [`gradient_flow`], [`sweep`]: results
//! - [`overall`]: the best model; [`further`]: calibration, classes, mistakes, power
//! - [`discussion`], [`flow`] (its part on gradients), [`improvements`]; [`appendix`]

mod appendix;
mod claims;
mod discussion;
mod experiments;
mod flow;
mod further;
mod gradient_claims;
mod gradient_flow;
mod improvements;
mod introduction;
mod learning_rate;
mod methodology;
mod overall;
mod regularisation;
mod settings;
mod summary;
mod sweep;

use plateau_analysis::{Arm, ExperimentFindings, Findings};

use crate::document::Document;
use crate::document::markup::{one_line, plain, words};
use crate::document::notebook::{Rerun, Statement};
use crate::document::numbering::NumberingError;
use crate::figure::Figure;
use crate::number::{count, plural};
use crate::table::{Csv, Table};
use crate::{ReportError, ReportInput};
use settings::Settings;

/// The document, and tables that only machines read.
#[derive(Debug)]
pub(crate) struct Paper {
    pub(crate) document: Document,
    /// What each experiment found, to be stated by a notebook's cells.
    pub(crate) statements: Vec<Statement>,
    /// What a notebook needs to run.
    pub(crate) rerun: Rerun,
    pub(crate) csvs: Vec<(String, Csv)>,
}

/// A paper under construction.
struct Writer<'a> {
    input: &'a ReportInput<'a>,
    findings: &'a Findings,
    settings: Settings<'a>,
    document: Document,
    csvs: Vec<(String, Csv)>,
}

/// Writes the whole report; `left_out` are sentences (markup) on experiments that it lacks.
///
/// # Errors
/// If the images cannot be encoded, or the text is not consistent.
pub(crate) fn write(input: &ReportInput<'_>, left_out: &[String]) -> Result<Paper, ReportError> {
    let mut writer = Writer {
        input,
        findings: input.findings,
        settings: Settings::of(input),
        document: Document::default(),
        csvs: Vec::new(),
    };
    writer.head();
    summary::write_abstract(&mut writer, left_out);
    introduction::write(&mut writer);
    summary::write_findings(&mut writer);
    methodology::write(&mut writer)?;
    writer.results();
    further::write(&mut writer)?;
    discussion::write(&mut writer);
    appendix::write(&mut writer);
    writer.csv("learning_curves", crate::tables::curves::curves(&writer.all_arms()));
    let statements = statements(writer.findings)?;
    let rerun = writer.rerun();
    Ok(Paper { document: writer.document, statements, rerun, csvs: writer.csvs })
}

impl Writer<'_> {
    fn head(&mut self) {
        let study = &self.findings.study;
        self.document.title = one_line(&study.title);
        let altered = study.altered.as_ref();
        let mut byline = vec![format!(
            "{}, {} ({} with results)",
            study.data_title(),
            plural(study.n_runs, "run"),
            count(study.n_stored as u64)
        )];
        byline.extend(altered.map(|id| format!("Not the published images, but those of id {id}")));
        if let Some(provenance) = self.findings.provenances.first() {
            let commit: String = provenance.commit.chars().take(12).collect();
            byline.push(format!("Plateau {}, commit {commit}", provenance.program));
        }
        self.document.byline = byline;
        self.document.mark = study.preliminary.then(|| {
            format!(
                "Preliminary: {} of {} have a result",
                study.n_stored,
                plural(study.n_runs, "run")
            )
        });
    }

    fn results(&mut self) {
        for (i, experiment) in self.findings.experiments.iter().enumerate() {
            let title = format!("Results of experiment {}: {}", i + 1, title(experiment));
            self.document.heading(1, &results_id(i), title);
            if experiment.preliminary() {
                self.notice(
                    "Runs of this experiment are still missing: its results are preliminary.",
                );
            }
            match experiment {
                ExperimentFindings::LearningRate(f) => learning_rate::write(self, f),
                ExperimentFindings::Regularisation(f) => regularisation::write(self, f),
                ExperimentFindings::GradientFlow(f) => gradient_flow::write(self, f),
                ExperimentFindings::Sweep(f) => sweep::write(self, f),
            }
        }
        overall::write(self);
    }

    /// Adds a figure; generated and altered data are named on it.
    fn figure(&mut self, figure: Figure) {
        self.document.figure(match self.findings.study.data_mark() {
            Some(mark) => figure.marked(&mark),
            None => figure,
        });
    }

    /// Adds figures.
    fn figures(&mut self, figures: Vec<Figure>) {
        for figure in figures {
            self.figure(figure);
        }
    }

    /// Adds a table; generated and altered data are named on it. A table without rows is left out.
    fn table(&mut self, mut table: Table) {
        if table.rows.is_empty() {
            return;
        }
        let study = &self.findings.study;
        if let Some(mark) = study.data_mark() {
            table.title = format!("{} ({mark})", table.title);
        }
        table.csv.push_column("data", &study.data_title());
        self.document.table(table);
    }

    /// Adds numbers for machines only.
    fn csv(&mut self, id: &str, mut csv: Csv) {
        if !csv.is_empty() {
            csv.push_column("data", &self.findings.study.data_title());
            self.csvs.push((id.to_owned(), csv));
        }
    }

    fn notice(&mut self, markup: impl Into<String>) {
        self.document.blocks.push(crate::document::Block::Notice(markup.into()));
    }

    /// What a notebook needs to open the study, and to train its network on its data.
    fn rerun(&self) -> Rerun {
        let study = &self.findings.study;
        Rerun {
            source: self.input.place.source.clone(),
            data: study.data,
            altered: study.altered.is_some(),
            network: self.settings.first().map(|config| config.network.clone()),
        }
    }

    /// Every arm of every experiment, each once.
    fn all_arms(&self) -> Vec<&Arm> {
        let mut arms: Vec<&Arm> = Vec::new();
        for arm in self.findings.experiments.iter().flat_map(arms_of) {
            if !arms.iter().any(|known| known.phase == arm.phase && known.label == arm.label) {
                arms.push(arm);
            }
        }
        arms
    }
}

/// The arms of an experiment, in the order of the report.
fn arms_of(experiment: &ExperimentFindings) -> Vec<&Arm> {
    match experiment {
        ExperimentFindings::LearningRate(f) => f.arms.iter().chain(&f.scheduled).collect(),
        ExperimentFindings::Regularisation(f) => {
            let pairs = f.transfer.iter().flat_map(|transfer| &transfer.pairs);
            f.arms.iter().chain(pairs.map(|pair| &pair.transferred)).collect()
        }
        ExperimentFindings::GradientFlow(f) => f.models.iter().map(|model| &model.arm).collect(),
        ExperimentFindings::Sweep(f) => f.arms.iter().collect(),
    }
}

/// What each experiment found, in plain text, a line per claim.
///
/// # Errors
/// If the text of a claim is not consistent.
fn statements(findings: &Findings) -> Result<Vec<Statement>, ReportError> {
    let mut statements = Vec::new();
    for (i, experiment) in findings.experiments.iter().enumerate() {
        let mut lines = Vec::new();
        for claim in summary::claims(experiment) {
            lines.push(words(&claim).map_err(NumberingError::from)?);
        }
        if !lines.is_empty() {
            let (section, text) = (results_id(i), lines.join("\n"));
            statements.push(Statement { section, experiment: i + 1, text });
        }
    }
    Ok(statements)
}

/// The id of an experiment's results section.
fn results_id(index: usize) -> String {
    format!("results-{}", index + 1)
}

/// What an experiment is called.
pub(crate) fn title(experiment: &ExperimentFindings) -> String {
    match experiment {
        ExperimentFindings::LearningRate(_) => "learning rate".to_owned(),
        ExperimentFindings::Regularisation(f) if f.transfer.is_some() => {
            "dropout and transfer".to_owned()
        }
        ExperimentFindings::Regularisation(_) => "dropout".to_owned(),
        ExperimentFindings::GradientFlow(_) => "gradient flow and batch normalisation".to_owned(),
        ExperimentFindings::Sweep(f) => format!("the phase “{}”", f.phase),
    }
}

/// A rule in words as the analysis wrote it, as a sentence.
fn rule_end(rule: &str) -> String {
    plain(&format!("{}.", rule.trim().trim_end_matches('.')))
}
