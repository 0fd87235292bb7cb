//! The report as a Jupyter notebook (nbformat 4.5): the text in between, figures and tables as
//! outputs of the Rust cells that draw them again.

use serde::Serialize;
use serde_json::{Value, json};

use super::markdown;
use super::numbering::{Numbering, NumberingError};
use super::{Block, Document};
use crate::figure::Figure;
use crate::table::Table;

/// Where the program's source is, seen from a report's folder: a study's folder is two below
/// the checkout, its report one more.
const SOURCE: &str = "../../../crates/plateau";

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
pub fn notebook(document: &Document, statements: &[Statement]) -> Result<Vec<u8>, NumberingError> {
    let numbering = Numbering::of(document)?;
    let mut cells = Cells::default();
    cells.text(&markdown::head(document));
    cells.text(INTRODUCTION);
    cells.code("setup", &SETUP.replace("SOURCE", SOURCE), None);
    cells.code("open", OPEN, None);
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
        if id == TRAINING_AFTER {
            cells.text(TRAINING);
            for (name, code) in TRAINING_CELLS {
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

const SETUP: &str = "\
// The program's source, seen from the folder of this notebook.
:dep plateau = { path = \"SOURCE\" }
use plateau::prelude::*;";

const OPEN: &str = "\
// The study's folder holds the records of all runs; its report is in the folder of this notebook.
let study: Study = Study::open(\"..\")?;
study";

/// The heading after which the network is trained.
const TRAINING_AFTER: &str = "experiment-1";

const TRAINING: &str = "\
The same network, built and trained here and now, on few images and for few epochs (change the \
numbers and run the cells again). What these cells show comes from no record, and is there once \
they have run:\n\n";

const TRAINING_CELLS: [(&str, &str); 3] = [
    (
        "network",
        "\
let network: Network = image().block(32).block(64).block(128).fully_connected(256).logits();
layers(&network)",
    ),
    (
        "train",
        "\
let data: Dataset = cifar10()?;
let run: Training = Training::of(network).images(4_000, 1_000).epochs(5).rate(0.02).cosine();
let trained: Trained = run.train(&data)?;
trained.curves()",
    ),
    ("trained", "trained"),
];

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
            id: cell_id(id, self.n_codes),
            metadata: Empty {},
            outputs: outputs.collect(),
            source: lines(source),
        });
    }

    fn finish(mut self) -> Vec<Cell> {
        self.flush();
        self.done
    }
}

/// Letters, digits and hyphens, 64 of them at most, as nbformat demands; names from a study file
/// may be longer.
fn cell_id(id: &str, number: u32) -> String {
    const MOST: usize = 64;
    let id: String = id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    if id.len() <= MOST { id } else { format!("{}-{number}", &id[..MOST - 8]) }
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
        assert_eq!(cell_id("figure-range_test", 3), "figure-range-test");
        let long = cell_id(&"figure-é".repeat(20), 12);
        assert!(long.len() <= 64 && long.ends_with("-12"), "{long}");
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
        let bytes = notebook(&document, &[statement]).unwrap();
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
