//! Subscripts in plain text: `d_z`, `Σ_k`: a single letter after an underscore after a single
//! letter.

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// As it is.
    Text(String),
    /// Lowered.
    Subscript(char),
}

pub(crate) fn pieces(text: &str) -> Vec<Piece> {
    let signs: Vec<char> = text.chars().collect();
    let at = |i: usize| signs.get(i).copied().unwrap_or(' ');
    let mut pieces = Vec::new();
    let mut start = 0;
    let push = |pieces: &mut Vec<Piece>, signs: &[char]| {
        if !signs.is_empty() {
            pieces.push(Piece::Text(signs.iter().collect()));
        }
    };
    for i in 1..signs.len() {
        let subscript = at(i) == '_'
            && at(i - 1).is_alphabetic()
            && at(i + 1).is_alphabetic()
            && !at(i + 2).is_alphanumeric()
            && !(i >= 2 && at(i - 2).is_alphanumeric());
        if subscript {
            push(&mut pieces, &signs[start..i]);
            pieces.push(Piece::Subscript(at(i + 1)));
            start = i + 2;
        }
    }
    push(&mut pieces, &signs[start..]);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_letters_become_subscripts_and_names_do_not() {
        let text = |words: &str| Piece::Text(words.to_owned());
        assert_eq!(
            pieces("d_z < Σ_k x"),
            [text("d"), Piece::Subscript('z'), text(" < Σ"), Piece::Subscript('k'), text(" x")]
        );
        assert_eq!(pieces("range_test a_b1 my_x"), [text("range_test a_b1 my_x")]);
        assert_eq!(pieces(""), []);
    }
}
