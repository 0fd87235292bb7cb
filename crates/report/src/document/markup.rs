//! Text with emphasis, code and references.
//!
//! `*emphasis*`, `` `code` ``, `{figure:range_test}`, `{table:runs}`, `{section:data}`,
//! `{cite:smith2017}` (Smith, 2017) and `{textcite:smith2017}` Smith (2017). A backslash takes
//! the next sign as it is; [`plain`] puts them where they are needed.

/// A piece of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Span {
    /// As it is.
    Text(String),
    /// Emphasised.
    Emphasis(String),
    /// Code.
    Code(String),
    /// A reference.
    Reference {
        /// What is referred to.
        kind: ReferenceKind,
        /// Its id.
        id: String,
    },
}

/// What a reference refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferenceKind {
    /// A figure of this document.
    Figure,
    /// A table of this document.
    Table,
    /// A section of this document.
    Section,
    /// A published work, in parentheses.
    Cite,
    /// A published work, as part of the sentence.
    TextCite,
}

impl ReferenceKind {
    fn parse(name: &str) -> Option<Self> {
        match name {
            "figure" => Some(Self::Figure),
            "table" => Some(Self::Table),
            "section" => Some(Self::Section),
            "cite" => Some(Self::Cite),
            "textcite" => Some(Self::TextCite),
            _ => None,
        }
    }
}

/// Markup that is not closed, or a reference of no known kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text “{text}” has markup that is not closed or not known: {what}")]
pub struct MarkupError {
    /// The whole text.
    pub text: String,
    /// What is wrong.
    pub what: String,
}

/// Text that stands for itself, whatever signs it holds.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut markup = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '*' | '`' | '{' | '}' | '\\') {
            markup.push('\\');
        }
        markup.push(c);
    }
    markup
}

/// A text from outside as one line: what would break it or change how the rest is read (control
/// characters, ends of lines, switches of the writing direction) becomes a space.
#[must_use]
pub fn one_line(text: &str) -> String {
    let breaks = |c: char| {
        c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            || matches!(c, '\u{feff}' | '\u{fffe}' | '\u{ffff}')
    };
    let spaced: String = text.chars().map(|c| if breaks(c) { ' ' } else { c }).collect();
    spaced.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The words of a text, without emphasis; references are left out.
///
/// # Errors
/// As [`parse`].
pub fn words(markup: &str) -> Result<String, MarkupError> {
    let spans = parse(markup)?.into_iter().map(|span| match span {
        Span::Text(text) | Span::Emphasis(text) | Span::Code(text) => text,
        Span::Reference { .. } => String::new(),
    });
    Ok(spans.collect())
}

/// Splits markup into spans.
///
/// # Errors
/// If something is not closed, or a reference is of no known kind.
pub fn parse(markup: &str) -> Result<Vec<Span>, MarkupError> {
    let error = |what: &str| MarkupError { text: markup.to_owned(), what: what.to_owned() };
    let mut spans = Vec::new();
    let mut text = String::new();
    let mut rest = markup.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => text.extend(rest.next()),
            '*' | '`' | '{' => {
                if !text.is_empty() {
                    spans.push(Span::Text(std::mem::take(&mut text)));
                }
                let close = if c == '{' { '}' } else { c };
                let inner = until(&mut rest, close).ok_or_else(|| error(&format!("“{c}”")))?;
                spans.push(match c {
                    '*' => Span::Emphasis(inner),
                    '`' => Span::Code(inner),
                    _ => reference(&inner).ok_or_else(|| error(&inner))?,
                });
            }
            c => text.push(c),
        }
    }
    if !text.is_empty() {
        spans.push(Span::Text(text));
    }
    Ok(spans)
}

/// Takes all up to the closing sign; `None` if there is none.
fn until(rest: &mut std::str::Chars<'_>, close: char) -> Option<String> {
    let mut inner = String::new();
    loop {
        match rest.next()? {
            '\\' => inner.push(rest.next()?),
            c if c == close => return Some(inner),
            c => inner.push(c),
        }
    }
}

fn reference(inner: &str) -> Option<Span> {
    let (kind, id) = inner.split_once(':')?;
    Some(Span::Reference { kind: ReferenceKind::parse(kind)?, id: id.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_becomes_spans() {
        let spans = parse("see {figure:a}, *now* `x*y`").unwrap();
        let reference = Span::Reference { kind: ReferenceKind::Figure, id: "a".into() };
        assert_eq!(
            spans,
            [
                Span::Text("see ".into()),
                reference,
                Span::Text(", ".into()),
                Span::Emphasis("now".into()),
                Span::Text(" ".into()),
                Span::Code("x*y".into()),
            ]
        );
    }

    #[test]
    fn plain_text_comes_back_as_it_was() {
        let text = r"a*b {figure:x} `c` \ <d>";
        assert_eq!(parse(&plain(text)).unwrap(), [Span::Text(text.into())]);
        assert_eq!(parse(&format!("*{}*", plain(text))).unwrap(), [Span::Emphasis(text.into())]);
    }

    #[test]
    fn a_text_of_many_lines_becomes_one_and_keeps_its_words() {
        assert_eq!(one_line("a\r\nb\u{7}\tc\u{202e}d \u{e9}\u{301}"), "a b c d \u{e9}\u{301}");
        assert_eq!(one_line("as it was"), "as it was");
    }

    #[test]
    fn mistakes_are_errors() {
        for wrong in ["*a", "{figure:a", "{fig:a}", "`"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
