//! What a file is, by its first bytes: its name may say anything.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::error::DataError;

/// As many bytes as a tar header has.
pub(crate) const HEAD_BYTES: usize = 512;

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Gzip,
    Tar,
    Zip,
    /// Known, and not read: what it is, and what to do.
    Other(&'static str, &'static str),
    /// What lies in place of a file that is to be fetched yet, whatever that file is.
    StandIn(&'static str, &'static str),
    Unknown,
}

const UNPACK: &str = "unpack it, and name the folder";
const FOLDER: &str = "name the folder with all batches";
const NO_DATA: &str = "name a folder or archive with CIFAR-10";

/// Beginnings of files that people name by mistake.
const BEGINNINGS: [(&[u8], &str, &str); 16] = [
    (b"\xfd7zXZ\0", "an xz archive", UNPACK),
    (b"BZh", "a bzip2 archive", UNPACK),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", UNPACK),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", "name CIFAR-10's own batches"),
    (b"\x93NUMPY", "a NumPy array", "name CIFAR-10's own batches"),
    (b"PAR1", "a Parquet file", "name CIFAR-10's own batches"),
    (b"\x89PNG\r\n\x1a\n", "a PNG picture", NO_DATA),
    (b"\xff\xd8\xff", "a JPEG picture", NO_DATA),
    (b"%PDF-", "a PDF document", NO_DATA),
    (b"\x7fELF", "a program", NO_DATA),
    (b"\x80\x02", "a pickle: one batch of several", FOLDER),
    (b"\x80\x03", "a pickle: one batch of several", FOLDER),
    (b"\x80\x04", "a pickle: one batch of several", FOLDER),
    (b"\x80\x05", "a pickle: one batch of several", FOLDER),
];

const LOGIN: &str = "a web page, perhaps of a download that asked for a login";

/// Beginnings of what lies in place of a file; letters are compared in lower case.
const STAND_INS: [(&[u8], &str, &str); 3] = [
    (
        b"version https://git-lfs.github.com/spec/",
        "a pointer to a file that Git LFS keeps, not the file itself",
        "get the file with `git lfs pull`",
    ),
    (b"<!doctype html", LOGIN, "download it anew"),
    (b"<html", LOGIN, "download it anew"),
];

impl Kind {
    pub(crate) fn of_file(path: &Path) -> io::Result<Self> {
        Ok(Self::of(&head(&mut File::open(path)?)?))
    }

    pub(crate) fn of(head: &[u8]) -> Self {
        if head.starts_with(b"\x1f\x8b") {
            return Self::Gzip;
        }
        if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
            return Self::Zip;
        }
        let begins = |beginning: &[u8]| {
            head.get(..beginning.len()).is_some_and(|head| head.eq_ignore_ascii_case(beginning))
        };
        if let Some((_, what, advice)) = STAND_INS.iter().find(|(beginning, ..)| begins(beginning))
        {
            return Self::StandIn(what, advice);
        }
        if is_tar(head) {
            return Self::Tar;
        }
        let known = BEGINNINGS.iter().find(|(beginning, ..)| head.starts_with(beginning));
        if let Some((_, what, advice)) = known {
            return Self::Other(what, advice);
        }
        if head.is_empty() {
            return Self::Other("an empty file", NO_DATA);
        }
        let is_text = |text: &str| text.chars().all(|c| !c.is_control() || c.is_whitespace());
        // The head may end within a character.
        let whole = match std::str::from_utf8(head) {
            Ok(text) => Some(text),
            Err(error) if head.len() - error.valid_up_to() < 4 => {
                std::str::from_utf8(&head[..error.valid_up_to()]).ok()
            }
            Err(_) => None,
        };
        if whole.is_some_and(is_text) {
            return Self::Other("a text", NO_DATA);
        }
        Self::Unknown
    }

    /// An error if a stand-in lies at `place`, with these first bytes.
    pub(crate) fn refuse_stand_in(head: &[u8], place: &str) -> Result<(), DataError> {
        match Self::of(head) {
            kind @ Self::StandIn(..) => {
                Err(DataError::NoData { place: place.to_owned(), found: kind.to_string() })
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn is_archive(self) -> bool {
        matches!(self, Self::Gzip | Self::Tar | Self::Zip)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gzip => f.write_str("a gzip file"),
            Self::Tar => f.write_str("a tar archive"),
            Self::Zip => f.write_str("a zip archive"),
            Self::Other(what, advice) | Self::StandIn(what, advice) => {
                write!(f, "{what}: {advice}")
            }
            Self::Unknown => write!(f, "a file of unknown kind: {NO_DATA}"),
        }
    }
}

/// The first bytes, as many as there are.
pub(crate) fn head(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    reader.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// Whether it is a tar header: its checksum is the sum of its bytes, with spaces in its own place.
fn is_tar(head: &[u8]) -> bool {
    let Some(head) = head.first_chunk::<HEAD_BYTES>() else { return false };
    let written = head[148..156].iter().map(|&byte| char::from(byte));
    let digits: String = written.filter(char::is_ascii_digit).collect();
    let sum: u32 = (0_usize..)
        .zip(head)
        .map(|(i, &byte)| if (148..156).contains(&i) { 32 } else { u32::from(byte) })
        .sum();
    u32::from_str_radix(&digits, 8).is_ok_and(|written| written == sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_first_bytes() {
        assert_eq!(Kind::of(b"\x1f\x8b\x08"), Kind::Gzip);
        assert_eq!(Kind::of(b"PK\x03\x04"), Kind::Zip);
        assert!(matches!(Kind::of("Grüße\n".as_bytes()), Kind::Other("a text", _)));
        assert!(matches!(Kind::of(&"ü".as_bytes()[..1]), Kind::Other(..)));
        assert!(matches!(Kind::of(b""), Kind::Other("an empty file", _)));
        assert_eq!(Kind::of(&[6, 0, 1, 255, 254]), Kind::Unknown);
        assert!(matches!(Kind::of(b"<!DOCTYPE HTML>\n"), Kind::StandIn(..)));
        assert!(matches!(
            Kind::of(b"version https://git-lfs.github.com/spec/v1\n"),
            Kind::StandIn(..)
        ));
        assert!(matches!(Kind::of(b"version https"), Kind::Other("a text", _)));
        assert_eq!(Kind::of(&[0; HEAD_BYTES]), Kind::Unknown);
        let mut header = tar::Header::new_old();
        header.set_size(5);
        header.set_cksum();
        assert_eq!(Kind::of(header.as_bytes()), Kind::Tar);
    }
}
