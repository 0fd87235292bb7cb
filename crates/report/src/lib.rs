//! Figures, tables, pages: findings in, files' contents out. Pure: nothing is read or written
//! but what is passed in and returned, and equal findings give equal bytes.
//!
//! The report knows neither the data nor the training, so that any report can be written again
//! from the stored records alone.
//!
//! # Layout
//! - [`render()`]: the entry point, from [`ReportInput`] to [`OutputFile`]s
//! - [`place`]: where it stands; `distinct`: which experiments it can hold
//! - [`samples`], [`shown`]: the images it shows, given by the caller; `sheet`
//! - [`figure`]: a small SVG composer; [`figures`]: what is drawn with it
//! - [`table`]: tables for readers and for machines; [`tables`]: which ones there are
//! - [`document`]: sections, text, references; a page, a paper, a notebook
//! - [`evcxr`]: how figures and tables show in a notebook's cell
//! - `paper`: the text; [`references`]: the works it cites
//! - `architecture`: the network's layers and their sizes; `number`: numbers as text
//! - [`id`]: names of figures and tables

mod architecture;
mod distinct;
pub mod document;
pub mod evcxr;
pub mod figure;
pub mod figures;
pub mod id;
mod number;
mod paper;
pub mod place;
pub mod references;
mod render;
pub mod samples;
mod sheet;
pub mod shown;
pub mod table;
pub mod tables;

pub use document::notebook::Statement;
pub use document::typst::TypstPaper;
pub use place::{Origin, Place};
pub use render::{OutputFile, Report, ReportError, ReportInput, render, write};
pub use samples::{SampleClass, SampleError, SampleImages};
pub use shown::ShownImages;
