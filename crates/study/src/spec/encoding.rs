//! The text of a study file, in the encodings that editors and shells leave.

/// More than any study file has; what is larger isn't one.
pub const MAX_STUDY_BYTES: u64 = 32 << 20;

/// Why bytes are no text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodingError {
    /// Neither UTF-8 nor UTF-16.
    #[error(
        "line {line} has the byte 0x{byte:02x}, which is not UTF-8: save the file as UTF-8 in your \
         editor"
    )]
    NotUtf8 {
        /// The line, from 1.
        line: usize,
        /// The first byte at fault.
        byte: u8,
    },
    /// UTF-16 that is cut short, or has half a character.
    #[error("the file begins as UTF-16 does, and isn't: save it as UTF-8 in your editor")]
    NotUtf16,
}

/// UTF-8, with or without a byte-order mark, and UTF-16, as Windows' shells write it.
///
/// # Errors
/// If the bytes are neither.
pub fn decode(bytes: &[u8]) -> Result<String, EncodingError> {
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        // Without a mark: the first character of a study file is one of ASCII.
        [1..=0x7f, 0, ..] => utf16(bytes, u16::from_le_bytes),
        [0, 1..=0x7f, ..] => utf16(bytes, u16::from_be_bytes),
        _ => utf8(bytes),
    }
}

fn utf8(bytes: &[u8]) -> Result<String, EncodingError> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => {
            let (before, rest) = bytes.split_at(error.valid_up_to());
            Err(EncodingError::NotUtf8 {
                line: before.iter().filter(|byte| **byte == b'\n').count() + 1,
                byte: rest.first().copied().unwrap_or_default(),
            })
        }
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, EncodingError> {
    let (units, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(EncodingError::NotUtf16);
    }
    let units: Vec<u16> = units.iter().map(|pair| unit(*pair)).collect();
    String::from_utf16(&units).map_err(|_| EncodingError::NotUtf16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encodings_of_editors_and_shells_are_read() {
        let text = "title = \"Größe 図 🦀\"\r\n";
        let little = || text.encode_utf16().flat_map(u16::to_le_bytes);
        let big = || text.encode_utf16().flat_map(u16::to_be_bytes);
        let forms: [Vec<u8>; 6] = [
            text.as_bytes().to_vec(),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            [0xff, 0xfe].into_iter().chain(little()).collect(),
            [0xfe, 0xff].into_iter().chain(big()).collect(),
            little().collect(),
            big().collect(),
        ];
        for bytes in forms {
            assert_eq!(decode(&bytes).as_deref(), Ok(text), "{:x?}", &bytes[..4]);
        }
        assert_eq!(decode(b""), Ok(String::new()));
    }

    #[test]
    fn other_encodings_are_named_with_their_line() {
        let latin = b"name = \"a\"\ntitle = \"Gr\xf6\xdfe\"\n";
        assert_eq!(decode(latin), Err(EncodingError::NotUtf8 { line: 2, byte: 0xf6 }));
        assert_eq!(decode(b"\xff\xfea\0b"), Err(EncodingError::NotUtf16));
        assert_eq!(decode(b"\xff\xfe\x00\xd8"), Err(EncodingError::NotUtf16));
    }
}
