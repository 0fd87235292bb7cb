//! One self-contained HTML page.

use std::fmt::Write as _;

use super::markup::{ReferenceKind, Span, parse};
use super::numbering::{Numbering, NumberingError};
use super::style::CSS;
use super::subscript::{Piece, pieces};
use super::{Block, Document, Formula};
use crate::figure::Figure;
use crate::figure::canvas::escape;
use crate::figure::font::{REGULAR_WOFF2, SEMI_BOLD_WOFF2};
use crate::figure::image::base64;
use crate::table::Table;

/// Tables with more columns are set smaller.
const MANY_COLUMNS: usize = 8;
/// Tables and figures beyond this many rows may be torn apart on paper.
const MANY_ROWS: usize = 25;

/// The page: style, fonts and figures inside, nothing loaded from elsewhere.
///
/// # Errors
/// If a reference leads nowhere or an id is used twice.
pub fn page(document: &Document) -> Result<String, NumberingError> {
    let numbering = Numbering::of(document)?;
    let mut body = String::new();
    let _ = writeln!(body, "<h1>{}</h1>", escape(&document.title));
    if let Some(mark) = &document.mark {
        let _ = writeln!(body, "<p class=\"mark\">{}</p>", escape(mark));
    }
    let byline: Vec<String> = document.byline.iter().map(|line| escape(line)).collect();
    let _ = writeln!(body, "<p class=\"byline\">{}</p>", byline.join("<br>"));
    let mut contents = Some(contents(document, &numbering));
    for block in &document.blocks {
        // The contents stand before the first numbered section: after the abstract.
        if matches!(block, Block::Heading { level: 1.., .. }) {
            body.push_str(&contents.take().unwrap_or_default());
        }
        write_block(&mut body, block, &numbering)?;
    }
    Ok(format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{}</title>\n<style>{}{CSS}</style>\n</head>\n<body>\n<main>\n{body}</main>\n\
         </body>\n</html>\n",
        escape(&document.title),
        fonts(),
    ))
}

fn fonts() -> String {
    let face = |weight: u16, bytes: &[u8]| {
        format!(
            "@font-face {{ font-family: 'Plateau Sans'; font-weight: {weight}; \
             src: url(data:font/woff2;base64,{}) format('woff2'); }}\n",
            base64(bytes)
        )
    };
    face(400, REGULAR_WOFF2) + &face(600, SEMI_BOLD_WOFF2)
}

/// The table of contents, two levels deep.
fn contents(document: &Document, numbering: &Numbering) -> String {
    let mut html = String::from("<nav aria-label=\"Contents\">\n<ol>\n");
    let mut depth = 0;
    for block in &document.blocks {
        let Block::Heading { level: level @ 1.., id, text } = block else { continue };
        match (depth, *level) {
            (0, _) => {}
            (1, 2) => html.push_str("\n<ol>\n"),
            (2, 1) => html.push_str("</li>\n</ol>\n</li>\n"),
            _ => html.push_str("</li>\n"),
        }
        depth = *level;
        let number = numbering.section(id).unwrap_or_default();
        let (id, text) = (escape(id), escape(text));
        let _ = write!(html, "<li><a href=\"#{id}\">{number}&ensp;{text}</a>");
    }
    html.push_str(match depth {
        0 => "",
        1 => "</li>\n",
        _ => "</li>\n</ol>\n</li>\n",
    });
    html.push_str("</ol>\n</nav>\n");
    html
}

fn write_block(
    html: &mut String,
    block: &Block,
    numbering: &Numbering,
) -> Result<(), NumberingError> {
    match block {
        Block::Heading { level, id, text } => {
            let tag = if *level <= 1 { "h2" } else { "h3" };
            let class = if id.starts_with("appendix") { " class=\"new-page\"" } else { "" };
            let number = numbering
                .section(id)
                .map(|number| format!("<span class=\"number\">{number}</span>"));
            let number = number.unwrap_or_default();
            let (id, text) = (escape(id), escape(text));
            let _ = writeln!(html, "<{tag} id=\"{id}\"{class}>{number}{text}</{tag}>");
        }
        Block::Paragraph(markup) => {
            let _ = writeln!(html, "<p>{}</p>", inline(markup, numbering)?);
        }
        Block::Notice(markup) => {
            let _ = writeln!(html, "<p class=\"notice\">{}</p>", inline(markup, numbering)?);
        }
        Block::Bullets(items) => {
            html.push_str("<ul>\n");
            for item in items {
                let _ = writeln!(html, "<li>{}</li>", inline(item, numbering)?);
            }
            html.push_str("</ul>\n");
        }
        Block::Code(text) => {
            let _ = writeln!(html, "<pre><code>{}</code></pre>", escape(text));
        }
        Block::Formula(Formula { text, .. }) => {
            let _ = writeln!(html, "<p class=\"formula\">{}</p>", typeset(text));
        }
        Block::Figure(figure) => write_figure(html, figure, numbering),
        Block::Table(table) => write_table(html, table, numbering),
        Block::References => {
            html.push_str("<ol class=\"references\">\n");
            for work in numbering.works() {
                let _ = writeln!(
                    html,
                    "<li id=\"ref-{}\">{} ({}). {} <em>{}</em>.</li>",
                    work.key,
                    escape(work.authors),
                    work.year,
                    escape(&work.sentence()),
                    escape(work.venue),
                );
            }
            html.push_str("</ol>\n");
        }
    }
    Ok(())
}

fn write_figure(html: &mut String, figure: &Figure, numbering: &Numbering) {
    let number = numbering.figure(&figure.id).unwrap_or_default();
    let _ = writeln!(
        html,
        "<figure id=\"fig-{}\">\n<div class=\"scroll drawing\">{}</div>\n\
         <figcaption><b>Figure {number}. {}.</b> {}</figcaption>\n</figure>",
        escape(&figure.id),
        figure.to_svg(),
        escape(&figure.title),
        escape(&figure.caption),
    );
}

fn write_table(html: &mut String, table: &Table, numbering: &Numbering) {
    let number = numbering.table(&table.id).unwrap_or_default();
    let wide = if table.header.len() > MANY_COLUMNS { " class=\"wide\"" } else { "" };
    let long = if table.rows.len() > MANY_ROWS { " class=\"long\"" } else { "" };
    let _ = writeln!(
        html,
        "<figure id=\"tab-{}\"{long}>\n<figcaption class=\"above\"><b>Table {number}. {}.</b> {}\
         </figcaption>\n<div class=\"scroll\"><table{wide}>{}</table></div>\n</figure>",
        escape(&table.id),
        escape(&table.title),
        typeset(&table.caption),
        table.to_html(),
    );
}

/// Text with its subscripts.
pub(crate) fn typeset(text: &str) -> String {
    pieces(text).into_iter().fold(String::new(), |mut html, piece| {
        let _ = match piece {
            Piece::Text(words) => write!(html, "{}", escape(&words)),
            Piece::Subscript(sign) => write!(html, "<sub>{}</sub>", escape(&sign.to_string())),
        };
        html
    })
}

/// Markup as HTML.
fn inline(markup: &str, numbering: &Numbering) -> Result<String, NumberingError> {
    let mut html = String::new();
    for span in parse(markup)? {
        let _ = match span {
            Span::Text(text) => write!(html, "{}", typeset(&text)),
            Span::Emphasis(text) => write!(html, "<em>{}</em>", escape(&text)),
            Span::Code(text) => write!(html, "<code>{}</code>", escape(&text)),
            Span::Reference { kind, id } => write!(html, "{}", link(kind, &id, numbering)?),
        };
    }
    Ok(html)
}

fn link(kind: ReferenceKind, id: &str, numbering: &Numbering) -> Result<String, NumberingError> {
    let label = numbering.label(kind, id)?;
    let anchor = label.target.anchor(id);
    Ok(format!("<a href=\"#{}\">{}</a>", escape(&anchor), escape(&label.text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        let mut document = Document { title: "<script>".into(), ..Document::default() };
        document.heading(1, "a", "<b>");
        document.paragraph("1 < 2 & `<i>`");
        let page = page(&document).unwrap();
        assert!(page.contains("<h1>&lt;script&gt;</h1>"));
        assert!(page.contains("&lt;b&gt;</h2>"));
        assert!(page.contains("1 &lt; 2 &amp; <code>&lt;i&gt;</code>"));
        assert!(!page.contains("<script"));
    }
}
