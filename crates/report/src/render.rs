//! From a study to its report's files.

use std::collections::BTreeMap;

use plateau_analysis::Findings;
use plateau_record::{RunId, RunRecord, StudyRecord};
use serde::Serialize;

use crate::distinct::distinct;
use crate::document::notebook::Statement;
use crate::document::numbering::NumberingError;
use crate::document::typst::TypstPaper;
use crate::document::{Document, html, markdown, notebook, typst};
use crate::figure::RasterError;
use crate::paper;
use crate::place::Place;
use crate::samples::SampleImages;
use crate::shown::ShownImages;

/// PNG pixels per CSS pixel: 300 dots per inch at 160 mm.
const PNG_SCALE: f32 = 3.0;

/// Everything that a report is made from.
#[derive(Clone, Copy, Debug)]
pub struct ReportInput<'a> {
    /// What was asked.
    pub study: &'a StudyRecord,
    /// What was measured.
    pub runs: &'a BTreeMap<RunId, RunRecord>,
    /// What it says.
    pub findings: &'a Findings,
    /// What the data look like; without them the report does without those figures.
    pub samples: Option<&'a SampleImages>,
    /// The test images that the findings name; without them, likewise.
    pub shown: Option<&'a ShownImages>,
    /// Where it stands.
    pub place: &'a Place,
    /// Sentences on runs that were left out, since their files are damaged.
    pub notes: &'a [String],
}

/// A file of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputFile {
    /// Relative to the report's folder, with forward slashes.
    pub path: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The text refers to what isn't there.
    #[error("the report's text is not consistent")]
    Numbering(#[from] NumberingError),
    /// A figure could not be rasterised.
    #[error("a figure could not be drawn")]
    Raster(#[from] RasterError),
    /// The sample images could not be encoded.
    #[error("the sample images could not be encoded")]
    Samples(#[from] png::EncodingError),
    /// The summary could not be written.
    #[error("the summary could not be written as JSON")]
    Summary(#[from] serde_json::Error),
}

/// `summary.json`: all that the report claims.
#[derive(Serialize)]
struct Summary<'a> {
    /// Version of the stored format.
    format: u32,
    /// The study as resolved: phases, groups, choices.
    study: &'a StudyRecord,
    /// Means, intervals, tests, choices, by experiment.
    findings: &'a Findings,
    /// Figures in the order of their numbers.
    figures: Vec<Entry<'a>>,
    /// Tables in the order of their numbers.
    tables: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    id: &'a str,
    title: &'a str,
}

/// A report in all its forms.
#[derive(Clone, Debug)]
pub struct Report {
    /// `report.html`, `report.md`, `report.ipynb`, `summary.json`, `figures/*.svg`,
    /// `figures/*.png`, `tables/*.csv`, in this order.
    pub files: Vec<OutputFile>,
    /// The paper, to be typeset.
    pub paper: TypstPaper,
}

/// Writes the report.
///
/// # Errors
/// If the text refers to a figure, table, section or work that isn't there, or if a figure cannot
/// be drawn.
pub fn render(input: &ReportInput<'_>) -> Result<Report, ReportError> {
    let distinct = distinct(input.findings);
    let input = &ReportInput { findings: &distinct.findings, ..*input };
    let paper = paper::write(input, &distinct.left_out)?;
    let document = &paper.document;
    let file = |path: String, bytes: Vec<u8>| OutputFile { path, bytes };
    let summary = Summary {
        format: input.study.format,
        study: input.study,
        findings: input.findings,
        figures: document.figures().map(|f| Entry { id: &f.id, title: &f.title }).collect(),
        tables: document.tables().map(|t| Entry { id: &t.id, title: &t.title }).collect(),
    };
    let notebook = notebook::notebook(document, &paper.statements, &paper.rerun)?;
    let mut files = vec![
        file("report.html".to_owned(), html::page(document)?.into_bytes()),
        file("report.md".to_owned(), markdown::page(document)?.into_bytes()),
        file("report.ipynb".to_owned(), notebook),
        file("summary.json".to_owned(), serde_json::to_vec_pretty(&summary)?),
    ];
    for figure in document.figures() {
        files.push(file(format!("figures/{}.svg", figure.id), figure.to_svg().into_bytes()));
        files.push(file(format!("figures/{}.png", figure.id), figure.to_png(PNG_SCALE)?));
    }
    let tables = document.tables().map(|table| (&table.id, &table.csv));
    for (id, csv) in tables.chain(paper.csvs.iter().map(|(id, csv)| (id, csv))) {
        files.push(file(format!("tables/{id}.csv"), csv.render().into_bytes()));
    }
    Ok(Report { files, paper: typst::paper(document)? })
}

/// The report's document, and what each experiment found: for notebooks.
///
/// # Errors
/// As [`render`].
pub fn write(input: &ReportInput<'_>) -> Result<(Document, Vec<Statement>), ReportError> {
    let distinct = distinct(input.findings);
    let input = ReportInput { findings: &distinct.findings, ..*input };
    let paper = paper::write(&input, &distinct.left_out)?;
    Ok((paper.document, paper.statements))
}
