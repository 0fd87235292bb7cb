//! The report as a Jupyter notebook (nbformat 4.5): the text in between, figures and tables as
//! outputs of the Rust cells that draw them again.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Value, json};

use super::markdown;
use super::numbering::{Numbering, NumberingError};
pub use super::rerun::Rerun;
use super::{Block, Document};
use crate::figure::Figure;
use crate::table::Table;

/// A claim to be stated by a cell of its own, after the heading of that id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The heading's id.
    pub section: String,
    /// Number of the experiment, from 1.
    pub experiment: usize,
    /// What is stated.
    pub text: String,
}

/// The notebook as JSON.
///
/// # Errors
/// If a reference leads nowhere or an id is used twice.
pub fn notebook(
    document: &Document,
    statements: &[Statement],
    rerun: &Rerun,
) -> Result<Vec<u8>, NumberingError> {
    let numbering = Numbering::of(document)?;
    let mut cells = Cells::default();
    cells.text(&markdown::head(document));
    cells.text(INTRODUCTION);
    cells.code("setup", &rerun.setup(), None);
    cells.code("open", OPEN, None);
    let training = rerun.training();
    let training_after = training_after(document);
    for block in &document.blocks {
        match block {
            Block::Figure(figure) => {
                cells.text(&markdown::anchor(super::label::Target::Figure, &figure.id));
                let code = format!("study.figure({:?})?", figure.id);
                cells.code(&format!("figure-{}", figure.id), &code, Some(drawing(figure)));
                cells.text(&markdown::figure_caption(figure, &numbering));
            }
            Block::Table(table) => {
                cells.text(&markdown::table_caption(table, &numbering));
                let code = format!("study.table({:?})?", table.id);
                cells.code(&format!("table-{}", table.id), &code, Some(html(table)));
            }
            block => cells.text(&markdown::prose(block, &numbering)?),
        }
        let Block::Heading { id, .. } = block else { continue };
        if training_after == Some(id) && !training.is_empty() {
            cells.text(TRAINING);
            for (name, code) in &training {
                cells.code(name, code, None);
            }
        }
        for statement in statements.iter().filter(|statement| statement.section == *id) {
            let code = format!("study.statements({})?", statement.experiment);
            let output = json!({ "text/plain": lines(&statement.text) });
            cells.code(&format!("statements-{}", statement.experiment), &code, Some(output));
        }
    }
    let notebook = Notebook {
        cells: cells.finish(),
        metadata: json!({
            "kernelspec": { "display_name": "Rust", "language": "rust", "name": "rust" },
            "language_info": {
                "codemirror_mode": "rust",
                "file_extension": ".rs",
                "mimetype": "text/rust",
                "name": "rust",
            },
        }),
        nbformat: 4,
        nbformat_minor: 5,
    };
    let mut bytes =
        serde_json::to_vec_pretty(&notebook).expect("a notebook is always representable");
    bytes.push(b'\n');
    Ok(bytes)
}

const INTRODUCTION: &str = "\
This notebook is the report, alive: its cells are Rust, they open the study's records, draw every \
figure and table again, state the findings, and train the network anew on a few images. The text \
and the numbers in it are those of the report. `notebooks/README.md` in the program's source says \
how to install the kernel; the first cell compiles the program, which takes some minutes the first \
time.\n\n";

const OPEN: &str = "\
// The study's folder holds the records of all runs; its report is in the folder of this notebook.
let study: Study = Study::open(\"..\")?;
study";

/// The heading after which the network is trained: the first experiment's, else the last of the
/// method that every report has.
fn training_after(document: &Document) -> Option<&String> {
    ["experiment-1", "optimiser"].into_iter().find_map(|wanted| {
        document.blocks.iter().find_map(|block| match block {
            Block::Heading { id, .. } if id == wanted => Some(id),
            _ => None,
        })
    })
}

const TRAINING: &str = "\
The same network, built and trained here and now, on few images and for few epochs (change the \
numbers and run the cells again). What these cells show comes from no record, and is there once \
they have run:\n\n";

#[derive(Serialize)]
struct Notebook {
    cells: Vec<Cell>,
    metadata: Value,
    nbformat: u8,
    nbformat_minor: u8,
}

#[derive(Serialize)]
#[serde(tag = "cell_type", rename_all = "lowercase")]
enum Cell {
    Markdown {
        id: String,
        metadata: Empty,
        source: Vec<String>,
    },
    Code {
        execution_count: Option<u32>,
        id: String,
        metadata: Empty,
        outputs: Vec<Value>,
        source: Vec<String>,
    },
}

/// `{}`.
#[derive(Serialize)]
struct Empty {}

/// Cells under construction: neighbouring texts share one.
#[derive(Default)]
struct Cells {
    done: Vec<Cell>,
    text: String,
    n_texts: u32,
    n_codes: u32,
    /// Ids of the code cells.
    ids: BTreeSet<String>,
}

impl Cells {
    fn text(&mut self, markdown: &str) {
        // A section begins a cell of its own.
        if markdown.starts_with("<a id") && markdown.contains("\n#") {
            self.flush();
        }
        self.text.push_str(markdown);
    }

    fn flush(&mut self) {
        let text = std::mem::take(&mut self.text);
        if text.trim().is_empty() {
            return;
        }
        self.n_texts += 1;
        self.done.push(Cell::Markdown {
            id: format!("text-{}", self.n_texts),
            metadata: Empty {},
            source: lines(text.trim_end()),
        });
    }

    /// `output` is what the cell shows, by type.
    fn code(&mut self, id: &str, source: &str, output: Option<Value>) {
        self.flush();
        self.n_codes += 1;
        let id = self.id(id);
        let count = output.is_some().then_some(self.n_codes);
        let outputs = output.into_iter().map(|data| {
            json!({
                "data": data,
                "execution_count": count,
                "metadata": {},
                "output_type": "execute_result",
            })
        });
        self.done.push(Cell::Code {
            execution_count: count,
            id,
            metadata: Empty {},
            outputs: outputs.collect(),
            source: lines(source),
        });
    }

    /// An id that no other cell has.
    fn id(&mut self, id: &str) -> String {
        let id = cell_id(id);
        if self.ids.insert(id.clone()) {
            return id;
        }
        let id = numbered(&id, self.n_codes);
        self.ids.insert(id.clone());
        id
    }

    fn finish(mut self) -> Vec<Cell> {
        self.flush();
        self.done
    }
}

/// Letters in a cell's id, as nbformat demands.
const MOST: usize = 64;

/// Letters, digits and hyphens, so many at most.
fn cell_id(id: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    id.chars().map(letter).take(MOST).collect()
}

/// The id with a number that makes it another.
fn numbered(id: &str, number: u32) -> String {
    let number = format!("-{number}");
    let shortened: String = id.chars().take(MOST - number.len()).collect();
    shortened + &number
}

fn drawing(figure: &Figure) -> Value {
    json!({ "image/svg+xml": lines(&figure.to_svg()), "text/plain": [figure.title] })
}

fn html(table: &Table) -> Value {
    let page = format!("<table>{}</table>", table.to_html());
    json!({ "text/html": lines(&page), "text/plain": [table.title] })
}

/// Lines with their ends, as nbformat has them.
fn lines(text: &str) -> Vec<String> {
    text.split_inclusive('\n').map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_have_ids_that_nbformat_takes() {
        assert_eq!(cell_id("figure-range_test"), "figure-range-test");
        let mut cells = Cells::default();
        let ids: Vec<String> = (0..12).map(|_| cells.id(&"figure-é".repeat(20))).collect();
        assert!(ids.iter().all(|id| id.len() <= 64), "{ids:?}");
        cells.n_codes = 12;
        assert!(cells.id(&"figure-é".repeat(20)).ends_with("-12"));
    }

    #[test]
    fn texts_are_joined_and_sections_begin_cells() {
        let mut document = Document { title: "T".into(), ..Document::default() };
        document.heading(1, "a", "A");
        document.paragraph("One.");
        document.paragraph("Two.");
        document.heading(1, "results-1", "B");
        let statement =
            Statement { section: "results-1".into(), experiment: 1, text: "It is.\nSo.".into() };
        let bytes = notebook(&document, &[statement], &Rerun::default()).unwrap();
        let json: Value = serde_json::from_slice(&bytes).unwrap();
        let cells = json["cells"].as_array().unwrap();
        let kinds: Vec<&str> = cells.iter().map(|c| c["cell_type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["markdown", "code", "code", "markdown", "markdown", "code"]);
        assert_eq!(cells[3]["source"][1], "## 1 A\n");
        assert_eq!(cells[5]["source"], json!(["study.statements(1)?"]));
        assert_eq!(cells[5]["outputs"][0]["data"]["text/plain"], json!(["It is.\n", "So."]));
        assert_eq!(json["nbformat_minor"], 5);
    }
}
