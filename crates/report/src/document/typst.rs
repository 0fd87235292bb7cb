//! The paper as Typst markup: what a typesetter makes the PDF from.
//!
//! All text is passed as string literals, so that no sign in it is taken for markup.

use std::fmt::Write as _;

use super::label::{Label, Target};
use super::markup::{Span, parse};
use super::numbering::{Numbering, NumberingError};
use super::subscript::{Piece, pieces};
use super::{Block, Document, Formula};
use crate::figure::Figure;
use crate::figure::font::{REGULAR_TTF, SEMI_BOLD_TTF};
use crate::references::Work;
use crate::table::{Align, Cell, Column, Face, Table};

/// A paper to be typeset.
#[derive(Clone, Debug)]
pub struct TypstPaper {
    /// Typst markup.
    pub main: String,
    /// The figures that it names, as SVG.
    pub files: Vec<(String, Vec<u8>)>,
    /// The fonts of the figures.
    pub fonts: [&'static [u8]; 2],
}

/// Page, columns, type, headings, captions; `note` stands on top of every page.
const PREAMBLE: &str = r##"
#set page(paper: "a4", margin: (x: 18mm, top: 20mm, bottom: 20mm), columns: 2, numbering: "1",
  header: if note != none { align(center, text(8pt, weight: "bold", fill: rgb("#b35900"), note)) })
#set columns(gutter: 7mm)
#set text(font: "Libertinus Serif", size: 9.6pt, lang: "en", hyphenate: true)
#set par(justify: true, leading: 0.56em, spacing: 0.56em, first-line-indent: 1.1em)
#set list(indent: 0.2em, body-indent: 0.5em, spacing: 0.62em, marker: text(size: 0.8em, [•]))
#set enum(indent: 0em, body-indent: 0.5em, spacing: 0.55em)
#show link: set text(fill: rgb("#0b4f7d"))
#show raw: set text(font: "DejaVu Sans Mono", size: 0.8em)
#show heading: set par(justify: false, first-line-indent: 0pt)
#show heading: set text(hyphenate: false)
#show heading.where(level: 1): it => block(above: 1.5em, below: 0.75em, sticky: true,
  text(size: 12pt, weight: "bold", it.body))
#show heading.where(level: 2): it => block(above: 1.2em, below: 0.65em, sticky: true,
  text(size: 10pt, weight: "bold", it.body))
#let caption(label, body) = block(width: 100%, {
  set text(size: 8.4pt)
  set align(left)
  set par(leading: 0.5em, first-line-indent: 0pt)
  strong(label)
  body
})
#let rule(width) = line(length: 100%, stroke: width + rgb("#222"))
#let drawing(path, label, body) = block(width: 100%, breakable: false,
  { image(path, width: 100%); v(0.35em, weak: true); caption(label, body) })
#let tabular(label, body, note: none, size: 8pt, ..cells) = {
  caption(label, body)
  v(0.5em, weak: true)
  set text(size: size, hyphenate: false, number-width: "tabular")
  set par(justify: false, leading: 0.45em, first-line-indent: 0pt)
  align(center, table(stroke: none, inset: (x: 3.5pt, y: 2.1pt), ..cells))
}
#let across(body) = place(auto, scope: "parent", float: true, clearance: 1.4em, body)
#let within(body) = block(above: 1.6em, below: 1.6em, breakable: false, width: 100%, body)
"##;

/// Tables with more columns, or with wider rows, stand across both columns of text.
const NARROW_COLUMNS: usize = 5;
/// Signs in the widest row of a table that fits a column of text.
const NARROW_SIGNS: usize = 58;
/// Signs in a row beyond which a table is set smaller.
const WIDE_SIGNS: usize = 130;

/// The paper.
///
/// # Errors
/// If a reference leads nowhere or an id is used twice.
pub fn paper(document: &Document) -> Result<TypstPaper, NumberingError> {
    let numbering = Numbering::of(document)?;
    let mut main = String::new();
    let note = document.mark.as_deref().map_or("none".to_owned(), literal);
    let _ = writeln!(main, "#let note = {note}");
    let _ = writeln!(main, "#set document(title: {}, date: none)", literal(&document.title));
    main.push_str(PREAMBLE);
    let mut writer = Writer { numbering: &numbering, single_column: false };
    writer.head(&mut main, document)?;
    for block in document.blocks.iter().skip(abstract_end(document)) {
        writer.block(&mut main, block)?;
    }
    let file = |figure: &Figure| (path(figure), figure.to_svg().into_bytes());
    let files = document.figures().map(file).collect();
    Ok(TypstPaper { main, files, fonts: [REGULAR_TTF, SEMI_BOLD_TTF] })
}

fn path(figure: &Figure) -> String {
    format!("figures/{}.svg", figure.id)
}

/// The blocks before the first numbered heading stand above both columns.
fn abstract_end(document: &Document) -> usize {
    let numbered = |block: &Block| matches!(block, Block::Heading { level: 1.., .. });
    document.blocks.iter().position(numbered).unwrap_or(document.blocks.len())
}

struct Writer<'a> {
    numbering: &'a Numbering,
    /// In the appendix, whose long tables break over pages.
    single_column: bool,
}

impl Writer<'_> {
    fn head(&mut self, main: &mut String, document: &Document) -> Result<(), NumberingError> {
        let _ = writeln!(
            main,
            "#place(top, scope: \"parent\", float: true, clearance: 2.2em, block(width: 100%)[\n\
             #align(center, block(width: 88%, {{ set par(justify: false, leading: 0.5em); \
             text(size: 17pt, weight: \"bold\", hyphenate: false, {}) }}))\n#v(0.4em)",
            literal(&document.title)
        );
        for line in &document.byline {
            let _ = writeln!(
                main,
                "#align(center, text(size: 9pt, fill: rgb(\"#555\"), {}))",
                literal(line)
            );
        }
        main.push_str("#v(0.7em)\n#pad(x: 14mm)[\n");
        for block in document.blocks.iter().take(abstract_end(document)) {
            match block {
                Block::Heading { text, .. } => {
                    let _ = writeln!(main, "#align(center, strong({}))", literal(text));
                }
                block => self.block(main, block)?,
            }
        }
        main.push_str("]])\n\n");
        Ok(())
    }

    fn block(&mut self, main: &mut String, block: &Block) -> Result<(), NumberingError> {
        match block {
            Block::Heading { level, id, text } => self.heading(main, *level, id, text),
            Block::Paragraph(markup) => {
                let _ = writeln!(main, "{}\n", self.inline(markup)?);
            }
            Block::Notice(markup) => {
                let _ = writeln!(
                    main,
                    "#block(width: 100%, inset: 6pt, stroke: (left: 2pt + rgb(\"#e69f00\")), \
                     fill: rgb(\"#fff6e5\"))[\n#set par(first-line-indent: 0pt)\n{}]\n",
                    self.inline(markup)?
                );
            }
            Block::Bullets(items) => {
                main.push_str("#list(\n");
                for item in items {
                    let _ = writeln!(main, "  [{}],", self.inline(item)?);
                }
                main.push_str(")\n\n");
            }
            Block::Code(text) => {
                let _ = writeln!(
                    main,
                    "#block(width: 100%, inset: 5pt, fill: rgb(\"#f6f7f9\"), breakable: true, \
                     {{ set par(justify: false); raw({}, block: true) }})\n",
                    literal(text)
                );
            }
            Block::Formula(Formula { typst, .. }) => {
                let _ = writeln!(main, "$ {typst} $\n");
            }
            Block::Figure(figure) => self.figure(main, figure),
            Block::Table(table) => self.table(main, table),
            Block::References => self.references(main),
        }
        Ok(())
    }

    fn heading(&mut self, main: &mut String, level: u8, id: &str, text: &str) {
        if id.starts_with("appendix") && !self.single_column {
            self.single_column = true;
            main.push_str("#pagebreak(weak: true)\n#set page(columns: 1)\n");
        }
        if level == 1 {
            // A section's figures stand in that section.
            main.push_str("#place.flush()\n");
        }
        let number = self.numbering.section(id).unwrap_or_default();
        let _ = writeln!(
            main,
            "#[#heading(level: {level}, {}) #label({})]\n",
            literal(&format!("{number}\u{2002}{text}")),
            literal(&Target::Section.anchor(id)),
        );
    }

    fn figure(&self, main: &mut String, figure: &Figure) {
        let number = self.numbering.figure(&figure.id).unwrap_or_default();
        let _ = writeln!(
            main,
            "#{}[#drawing({}, {}, {}) #label({})]\n",
            if self.single_column { "block" } else { "across" },
            literal(&path(figure)),
            literal(&format!("Figure {number}. {}. ", figure.title)),
            literal(&figure.caption),
            literal(&Target::Figure.anchor(&figure.id)),
        );
    }

    fn table(&self, main: &mut String, table: &Table) {
        let number = self.numbering.table(&table.id).unwrap_or_default();
        let place = match (self.single_column, is_narrow(table)) {
            (true, _) => "block",
            (false, true) => "within",
            (false, false) => "across",
        };
        let size = if row_signs(table) > WIDE_SIGNS { "6.6pt" } else { "8pt" };
        let _ = write!(
            main,
            "#{place}[#[#tabular({}, [{}], size: {size}, columns: {}, align: ({}),\n  \
             table.hline(stroke: 0.8pt),\n  table.header({}),\n  table.hline(stroke: 0.5pt),\n",
            literal(&format!("Table {number}. {}. ", table.title)),
            typeset(&table.caption),
            columns(table),
            table
                .header
                .iter()
                .map(|c| if c.align == Align::Right { "right, " } else { "left, " })
                .collect::<String>(),
            table
                .header
                .iter()
                .map(|c| format!("strong[{}], ", typeset(&c.name)))
                .collect::<String>(),
        );
        for row in &table.rows {
            let cells: Vec<String> = row.iter().map(cell).collect();
            let _ = writeln!(main, "  {},", cells.join(", "));
        }
        let _ = writeln!(
            main,
            "  table.hline(stroke: 0.8pt),\n) #label({})]]\n",
            literal(&Target::Table.anchor(&table.id))
        );
    }

    fn references(&self, main: &mut String) {
        main.push_str("#block({ set text(size: 8.6pt); set par(first-line-indent: 0pt)\nenum(\n");
        main.push_str("  numbering: \"[1]\",\n");
        for work in self.numbering.works() {
            let Work { authors, year, venue, .. } = work;
            let _ = writeln!(
                main,
                "  [#[#{} #emph({}). #label({})]],",
                literal(&format!("{authors} ({year}). {} ", work.sentence())),
                literal(venue),
                literal(&Target::Work.anchor(work.key)),
            );
        }
        main.push_str(")})\n\n");
    }

    /// Markup as Typst content.
    fn inline(&self, markup: &str) -> Result<String, NumberingError> {
        let mut text = String::new();
        for span in parse(markup)? {
            let _ = match span {
                Span::Text(words) => write!(text, "{}", typeset(&words)),
                Span::Emphasis(words) => write!(text, "#emph({});", literal(&words)),
                Span::Code(words) => write!(text, "#raw({});", literal(&words)),
                Span::Reference { kind, id } => {
                    let Label { target, id, text: words } = self.numbering.label(kind, &id)?;
                    let anchor = literal(&target.anchor(&id));
                    match words.rsplit_once(" [") {
                        // The authors are text, the number is the link.
                        Some((authors, number)) => write!(
                            text,
                            "#{};~#link(label({anchor}), {});",
                            literal(authors),
                            literal(&format!("[{number}"))
                        ),
                        None => write!(text, "#link(label({anchor}), {});", literal(&words)),
                    }
                }
            };
        }
        Ok(text)
    }
}

/// Widths of columns: as wide as they need, but long words share what is left.
fn columns(table: &Table) -> String {
    let wide = |column: usize| {
        let signs = table.rows.iter().filter_map(|row| row.get(column));
        signs.map(|cell| cell.text.chars().count()).max().unwrap_or(0) > 44
    };
    let words = |i: usize| table.header[i].align == Align::Left;
    let flexible: Vec<bool> = (0..table.header.len()).map(|i| words(i) && wide(i)).collect();
    let width = |flexible: &bool| if *flexible { "1fr" } else { "auto" };
    let widths: Vec<&str> = flexible.iter().map(width).collect();
    format!("({},)", widths.join(", "))
}

/// Signs of a row that is as wide as each column's widest cell; of a heading, which may be
/// broken, the longest word counts.
fn row_signs(table: &Table) -> usize {
    let of_column = |(i, column): (usize, &Column)| {
        let cells = table.rows.iter().filter_map(|row| row.get(i));
        let cells = cells.map(|cell| cell.text.chars().count());
        let words = column.name.split(' ').map(|word| word.chars().count());
        cells.chain(words).max().unwrap_or(0) + 2
    };
    table.header.iter().enumerate().map(of_column).sum()
}

fn is_narrow(table: &Table) -> bool {
    table.header.len() <= NARROW_COLUMNS && row_signs(table) <= NARROW_SIGNS
}

fn cell(cell: &Cell) -> String {
    let text = literal(&cell.text);
    match cell.face {
        Face::Plain => text,
        Face::Best => format!("strong({text})"),
        Face::Code => format!("raw({text})"),
    }
}

/// Text with its subscripts, as content.
fn typeset(text: &str) -> String {
    let unbroken = text.replace(" %", "\u{a0}%");
    pieces(&unbroken).into_iter().fold(String::new(), |mut content, piece| {
        let _ = match piece {
            Piece::Text(words) => write!(content, "#{};", literal(&words)),
            Piece::Subscript(sign) => write!(content, "#sub({});", literal(&sign.to_string())),
        };
        content
    })
}

/// A string literal.
fn literal(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for sign in text.chars() {
        match sign {
            '"' | '\\' => quoted.extend(['\\', sign]),
            '\n' => quoted.push_str("\\n"),
            // Signs that no page shows.
            sign if sign.is_control() => quoted.push(' '),
            sign => quoted.push(sign),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_sign_of_a_text_is_taken_for_markup() {
        let mut document = Document { title: "50 % \"off\" #x".into(), ..Document::default() };
        document.heading(1, "a", "*A* $b$ [c]");
        document.paragraph("1 < 2 \\* @x #y \\\\ d_z");
        let main = paper(&document).unwrap().main;
        assert!(main.contains(r##""50 % \"off\" #x""##), "{main}");
        assert!(main.contains("\"1\u{2002}*A* $b$ [c]\""), "{main}");
        assert!(main.contains(r##"#"1 < 2 * @x #y \\ d";#sub("z");"##), "{main}");
    }
}
