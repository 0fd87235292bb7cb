//! A paper without a page: sections, text with references, figures, tables. What is made of it is
//! the renderers' business: one text, four forms.
//!
//! # Layout
//! - [`markup`]: text with emphasis, code and references; `subscript`
//! - [`numbering`]: which figure is Figure 3; a reference to what isn't there is an error; `label`
//! - [`html`]: one self-contained page, with `style`
//! - [`typst`]: what a typesetter makes the paper from
//! - [`markdown`]: for code hosts
//! - [`notebook`]: for Jupyter; [`rerun`]: its cells that run the program

pub mod html;
mod label;
pub mod markdown;
pub mod markup;
pub mod notebook;
pub mod numbering;
pub mod rerun;
mod style;
mod subscript;
pub mod typst;

use crate::figure::Figure;
use crate::table::Table;

/// Everything a reader sees, in order.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// The title.
    pub title: String,
    /// Lines below the title: data set, seeds, version.
    pub byline: Vec<String>,
    /// What every page says at its top: that the results are preliminary.
    pub mark: Option<String>,
    /// The rest.
    pub blocks: Vec<Block>,
}

/// A part of a document. Text is markup (see [`markup`]).
#[derive(Clone, Debug)]
pub enum Block {
    /// A heading.
    Heading {
        /// 1 for sections, 2 for subsections; 0 for sections without a number, such as the
        /// abstract.
        level: u8,
        /// What references call it.
        id: String,
        /// Its text, plain.
        text: String,
    },
    /// A paragraph.
    Paragraph(String),
    /// A paragraph that nobody should miss.
    Notice(String),
    /// A list without an order.
    Bullets(Vec<String>),
    /// Lines to type.
    Code(String),
    /// A formula on a line of its own.
    Formula(Formula),
    /// A figure with its caption.
    Figure(Box<Figure>),
    /// A table with its caption.
    Table(Box<Table>),
    /// The list of the works that were cited.
    References,
}

/// A formula, in every language that is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Formula {
    /// Plain text, with subscripts as in [`markup`].
    pub text: &'static str,
    /// For Markdown and notebooks.
    pub latex: &'static str,
    /// For the typesetter.
    pub typst: &'static str,
}

impl Document {
    /// A section or subsection.
    pub fn heading(&mut self, level: u8, id: &str, text: impl Into<String>) {
        self.blocks.push(Block::Heading { level, id: id.to_owned(), text: text.into() });
    }

    /// A paragraph; an empty one is left out.
    pub fn paragraph(&mut self, markup: impl Into<String>) {
        let markup = markup.into();
        if !markup.trim().is_empty() {
            self.blocks.push(Block::Paragraph(markup));
        }
    }

    /// A list; an empty one is left out.
    pub fn bullets(&mut self, items: Vec<String>) {
        if !items.is_empty() {
            self.blocks.push(Block::Bullets(items));
        }
    }

    /// A formula.
    pub fn formula(&mut self, formula: Formula) {
        self.blocks.push(Block::Formula(formula));
    }

    /// A figure.
    pub fn figure(&mut self, figure: Figure) {
        self.blocks.push(Block::Figure(Box::new(figure)));
    }

    /// A table.
    pub fn table(&mut self, table: Table) {
        self.blocks.push(Block::Table(Box::new(table)));
    }

    /// Its figures, in order.
    pub fn figures(&self) -> impl Iterator<Item = &Figure> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Figure(figure) => Some(figure.as_ref()),
            _ => None,
        })
    }

    /// Its tables, in order.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Table(table) => Some(table.as_ref()),
            _ => None,
        })
    }
}
