//! A table with two faces: rounded for readers, exact for machines.

use std::fmt::Write as _;

use crate::document::html::typeset;
use crate::figure::canvas::escape;

/// A table.
#[derive(Clone, Debug)]
pub struct Table {
    /// File name without extension, and what the text refers to.
    pub id: String,
    /// What it shows, in a few words.
    pub title: String,
    /// What its numbers mean.
    pub caption: String,
    /// Names of the columns.
    pub header: Vec<Column>,
    /// One cell per column.
    pub rows: Vec<Vec<Cell>>,
    /// The same and more, exact.
    pub csv: Csv,
}

/// A column's name and side.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name, with the unit.
    pub name: String,
    /// Numbers stand right, words left.
    pub align: Align,
}

/// On which side cells stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Some columns of words.
pub fn words(names: &[&str]) -> Vec<Column> {
    names.iter().map(|name| Column { name: (*name).to_owned(), align: Align::Left }).collect()
}

/// Some columns of numbers.
pub fn numbers(names: &[&str]) -> Vec<Column> {
    names.iter().map(|name| Column { name: (*name).to_owned(), align: Align::Right }).collect()
}

/// A cell for readers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Its text.
    pub text: String,
    /// How it is set.
    pub face: Face,
}

/// How a cell is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// As it is.
    Plain,
    /// Bold: the best of its column.
    Best,
    /// As code.
    Code,
}

impl Cell {
    /// Plain text.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), face: Face::Plain }
    }

    /// Text as code.
    pub fn code(text: impl Into<String>) -> Self {
        Self { text: text.into(), face: Face::Code }
    }
}

impl Table {
    /// Marks the best cell of a column, by values that are better the higher they are. Nothing
    /// is marked if there is only one row.
    pub fn mark_best(&mut self, column: usize, values: &[Option<f64>]) {
        let best = values
            .iter()
            .enumerate()
            .filter_map(|(row, value)| value.map(|value| (row, value)))
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
        if let Some((row, _)) = best.filter(|_| values.len() > 1)
            && let Some(cell) = self.rows.get_mut(row).and_then(|row| row.get_mut(column))
        {
            cell.face = Face::Best;
        }
    }

    /// The inside of an HTML `table` element.
    #[must_use]
    pub fn to_html(&self) -> String {
        let class = |column: usize| match self.header.get(column).map(|column| column.align) {
            Some(Align::Right) => " class=\"right\"",
            _ => "",
        };
        let mut html = String::from("\n<thead><tr>");
        for (i, column) in self.header.iter().enumerate() {
            let _ = write!(html, "<th scope=\"col\"{}>{}</th>", class(i), typeset(&column.name));
        }
        html.push_str("</tr></thead>\n<tbody>\n");
        for row in &self.rows {
            html.push_str("<tr>");
            for (i, cell) in row.iter().enumerate() {
                let text = escape(&cell.text);
                let text = match cell.face {
                    Face::Plain => text,
                    Face::Best => format!("<b>{text}</b>"),
                    Face::Code => format!("<code>{text}</code>"),
                };
                let _ = write!(html, "<td{}>{text}</td>", class(i));
            }
            html.push_str("</tr>\n");
        }
        html.push_str("</tbody>\n");
        html
    }
}

/// Comma-separated values (RFC 4180).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Csv {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Csv {
    /// No rows yet.
    #[must_use]
    pub fn new(header: &[&str]) -> Self {
        Self { header: header.iter().map(|name| (*name).to_owned()).collect(), rows: Vec::new() }
    }

    /// Adds a row.
    ///
    /// # Panics
    /// If it has not one field per column: a defect of this crate.
    pub fn push(&mut self, row: Vec<String>) {
        assert_eq!(row.len(), self.header.len(), "one field per column {:?}", self.header);
        self.rows.push(row);
    }

    /// Adds a column with the same field in every row.
    pub fn push_column(&mut self, name: &str, field: &str) {
        self.header.push(name.to_owned());
        for row in &mut self.rows {
            row.push(field.to_owned());
        }
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The file's content, lines ended by CR LF.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = String::new();
        for row in std::iter::once(&self.header).chain(&self.rows) {
            for (i, field) in row.iter().enumerate() {
                if i > 0 {
                    text.push(',');
                }
                push_field(&mut text, field);
            }
            text.push_str("\r\n");
        }
        text
    }
}

/// A number in its shortest exact form; empty if absent.
#[must_use]
pub fn exact(value: Option<f64>) -> String {
    /// Beyond these, decimals would be mostly zeros.
    const DECIMALS: std::ops::Range<f64> = 1e-20..1e21;
    match value.filter(|value| value.is_finite()) {
        Some(value) if value == 0.0 || DECIMALS.contains(&value.abs()) => value.to_string(),
        Some(value) => format!("{value:e}"),
        None => String::new(),
    }
}

fn push_field(text: &mut String, field: &str) {
    if field.contains([',', '"', '\r', '\n']) {
        text.push('"');
        text.push_str(&field.replace('"', "\"\""));
        text.push('"');
    } else {
        text.push_str(field);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_where_rfc_4180_says_so() {
        let mut csv = Csv::new(&["a", "b,c"]);
        csv.push(vec!["say \"hi\"".into(), "1\n2".into()]);
        csv.push(vec!["plain".into(), exact(Some(0.1 + 0.2))]);
        assert_eq!(
            [0.0, 1e-13, -1e300, f64::NAN].map(|x| exact(Some(x))),
            ["0", "0.0000000000001", "-1e300", ""]
        );
        let expected = "a,\"b,c\"\r\n\"say \"\"hi\"\"\",\"1\n2\"\r\nplain,0.30000000000000004\r\n";
        assert_eq!(csv.render(), expected);
    }

    #[test]
    fn the_best_is_marked_once() {
        let mut table = Table {
            id: "t".into(),
            title: String::new(),
            caption: String::new(),
            header: numbers(&["x"]),
            rows: ["1", "3", "3"].map(|text| vec![Cell::new(text)]).to_vec(),
            csv: Csv::default(),
        };
        table.mark_best(0, &[Some(1.0), Some(3.0), Some(3.0)]);
        let faces: Vec<Face> = table.rows.iter().map(|row| row[0].face).collect();
        assert_eq!(faces, [Face::Plain, Face::Best, Face::Plain]);
    }

    #[test]
    fn cells_are_escaped() {
        let table = Table {
            id: "t".into(),
            title: String::new(),
            caption: String::new(),
            header: words(&["<x>"]),
            rows: vec![vec![Cell::new("a<b")]],
            csv: Csv::default(),
        };
        assert!(table.to_html().contains("<td>a&lt;b</td>"));
        assert!(table.to_html().contains("&lt;x&gt;"));
    }
}
