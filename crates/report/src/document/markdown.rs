//! The report as Markdown, for code hosts: figures are links, tables are pipe tables, formulas
//! are LaTeX between dollar signs.

use std::fmt::Write as _;

use super::label::Target;
use super::markup::{Span, parse};
use super::numbering::{Numbering, NumberingError};
use super::subscript::{Piece, pieces};
use super::{Block, Document, Formula};
use crate::figure::Figure;
use crate::references::Work;
use crate::table::{Align, Cell, Face, Table};

/// The whole report, to stand beside `figures/`.
///
/// # Errors
/// If a reference leads nowhere or an id is used twice.
pub fn page(document: &Document) -> Result<String, NumberingError> {
    let numbering = Numbering::of(document)?;
    let mut text = head(document);
    for block in &document.blocks {
        match block {
            Block::Figure(figure) => {
                text.push_str(&figure_link(figure));
                text.push_str(&figure_caption(figure, &numbering));
            }
            Block::Table(table) => {
                text.push_str(&table_caption(table, &numbering));
                text.push_str(&pipe_table(table));
            }
            block => text.push_str(&prose(block, &numbering)?),
        }
    }
    Ok(text)
}

/// Title and byline.
pub(super) fn head(document: &Document) -> String {
    let mut text = format!("# {}\n\n", escape(&document.title));
    if let Some(mark) = &document.mark {
        let _ = writeln!(text, "**{}**\n", escape(mark));
    }
    let byline: Vec<String> = document.byline.iter().map(|line| escape(line)).collect();
    let _ = writeln!(text, "*{}*\n", byline.join(" · "));
    text
}

/// A block that is neither figure nor table.
pub(super) fn prose(block: &Block, numbering: &Numbering) -> Result<String, NumberingError> {
    let mut text = String::new();
    match block {
        Block::Heading { level, id, text: words } => {
            let marks = "#".repeat(usize::from(*level).max(1) + 1);
            let number =
                numbering.section(id).map(|number| format!("{number} ")).unwrap_or_default();
            let _ = writeln!(text, "{}", anchor(Target::Section, id));
            let _ = writeln!(text, "{marks} {number}{}\n", escape(words));
        }
        Block::Paragraph(markup) => {
            let _ = writeln!(text, "{}\n", inline(markup, numbering)?);
        }
        Block::Notice(markup) => {
            let _ = writeln!(text, "> {}\n", inline(markup, numbering)?);
        }
        Block::Bullets(items) => {
            for item in items {
                let _ = writeln!(text, "- {}", inline(item, numbering)?);
            }
            text.push('\n');
        }
        Block::Code(code) => {
            let fence = "`".repeat(longest_run(code).max(2) + 1);
            let _ = writeln!(text, "{fence}\n{code}\n{fence}\n");
        }
        Block::Formula(Formula { latex, .. }) => {
            let _ = writeln!(text, "$$\n{latex}\n$$\n");
        }
        Block::References => {
            for (work, number) in numbering.works().zip(1..) {
                let Work { key, authors, year, venue, .. } = work;
                let _ = writeln!(
                    text,
                    "{number}. {}{} ({year}). {} *{}*.",
                    anchor(Target::Work, key),
                    escape(authors),
                    escape(&work.sentence()),
                    escape(venue)
                );
            }
            text.push('\n');
        }
        Block::Figure(_) | Block::Table(_) => {}
    }
    Ok(text)
}

fn figure_link(figure: &Figure) -> String {
    let Figure { id, title, .. } = figure;
    format!(
        "{}\n[![{}](figures/{id}.png)](figures/{id}.svg)\n\n",
        anchor(Target::Figure, id),
        escape(title)
    )
}

pub(super) fn figure_caption(figure: &Figure, numbering: &Numbering) -> String {
    let number = numbering.figure(&figure.id).unwrap_or_default();
    format!("**Figure {number}. {}.** {}\n\n", escape(&figure.title), escape(&figure.caption))
}

pub(super) fn table_caption(table: &Table, numbering: &Numbering) -> String {
    let number = numbering.table(&table.id).unwrap_or_default();
    format!(
        "{}\n**Table {number}. {}.** {}\n\n",
        anchor(Target::Table, &table.id),
        escape(&table.title),
        typeset(&table.caption)
    )
}

fn pipe_table(table: &Table) -> String {
    let mut text = String::new();
    let names: Vec<String> = table.header.iter().map(|column| typeset(&column.name)).collect();
    let rules = table.header.iter().map(|column| match column.align {
        Align::Left => ":--",
        Align::Right => "--:",
    });
    let _ = writeln!(text, "| {} |", names.join(" | "));
    let _ = writeln!(text, "| {} |", rules.collect::<Vec<_>>().join(" | "));
    for row in &table.rows {
        let cells: Vec<String> = row.iter().map(cell).collect();
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text.push('\n');
    text
}

fn cell(cell: &Cell) -> String {
    match cell.face {
        Face::Plain => escape(&cell.text),
        Face::Best => format!("**{}**", escape(&cell.text)),
        Face::Code => code_span(&cell.text).replace('|', "\\|"),
    }
}

/// A place to link to.
pub(super) fn anchor(target: Target, id: &str) -> String {
    format!("<a id=\"{}\"></a>", target.anchor(id))
}

/// Markup as Markdown.
fn inline(markup: &str, numbering: &Numbering) -> Result<String, NumberingError> {
    let mut text = String::new();
    for span in parse(markup)? {
        let _ = match span {
            Span::Text(words) => write!(text, "{}", typeset(&words)),
            Span::Emphasis(words) => write!(text, "*{}*", escape(&words)),
            Span::Code(words) => write!(text, "{}", code_span(&words)),
            Span::Reference { kind, id } => {
                let label = numbering.label(kind, &id)?;
                let anchor = label.target.anchor(&id);
                write!(text, "[{}](#{anchor})", escape(&label.text))
            }
        };
    }
    Ok(text)
}

fn typeset(text: &str) -> String {
    pieces(text).into_iter().fold(String::new(), |mut markdown, piece| {
        let _ = match piece {
            Piece::Text(words) => write!(markdown, "{}", escape(&words)),
            Piece::Subscript(sign) => write!(markdown, "<sub>{sign}</sub>"),
        };
        markdown
    })
}

/// Text that stands for itself.
fn escape(text: &str) -> String {
    let mut markdown = String::with_capacity(text.len());
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        let is_markup =
            matches!(sign, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '$' | '#');
        // As in `&lt;`.
        let begins_a_sign =
            sign == '&' && signs.peek().is_some_and(|next| next.is_alphanumeric() || *next == '#');
        if is_markup || begins_a_sign {
            markdown.push('\\');
        }
        markdown.push(sign);
    }
    markdown
}

/// Text as code: between more backticks than it has in a row.
fn code_span(text: &str) -> String {
    let text = super::markup::one_line(text);
    match longest_run(&text) {
        0 => format!("`{text}`"),
        n => {
            let fence = "`".repeat(n + 1);
            format!("{fence} {text} {fence}")
        }
    }
}

/// The most backticks in a row.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_sign_of_a_text_is_taken_for_markup() {
        let mut document = Document { title: "<b> &lt; A & B".into(), ..Document::default() };
        document.heading(1, "a", "a_b");
        document.paragraph("x | y {section:a} *e* $5 `a\\`b`");
        let page = page(&document).unwrap();
        assert!(page.starts_with("# \\<b\\> \\&lt; A & B\n"), "{page}");
        assert!(page.contains("`` a`b ``"), "{page}");
        assert!(page.contains("<a id=\"a\"></a>\n## 1 a\\_b\n"), "{page}");
        assert!(page.contains("x \\| y [Section\u{a0}1](#a) *e* \\$5"), "{page}");
    }
}
