//! `SHA256SUMS`: what a run's files were when they were stored, as `sha256sum --check` reads it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::error::StoreError;
use super::files;

pub(super) const SUMS_FILE: &str = "SHA256SUMS";

/// The checksums of a folder's files, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums(BTreeMap<String, String>);

impl Sums {
    pub(super) fn add(&mut self, name: &str, bytes: &[u8]) {
        self.0.insert(name.to_owned(), hex(&Sha256::digest(bytes)));
    }

    /// A line per file, in order of the names.
    pub(super) fn to_text(&self) -> String {
        self.0.iter().fold(String::new(), |mut text, (name, sum)| {
            let _ = writeln!(text, "{sum}  {name}");
            text
        })
    }

    pub(super) fn read(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join(SUMS_FILE);
        Self::parse(&path, &files::read(&path)?)
    }

    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, StoreError> {
        let mut sums = BTreeMap::new();
        for (line, number) in text.lines().zip(1..) {
            let entry = line.split_once("  ").filter(|(sum, _)| is_sum(sum));
            let Some((sum, name)) = entry else {
                return Err(StoreError::Parse {
                    path: path.to_owned(),
                    line: number,
                    reason: "expected a SHA-256 and a name".to_owned(),
                });
            };
            sums.insert(name.to_owned(), sum.to_owned());
        }
        Ok(Self(sums))
    }

    /// The checksum of a file, if it has one.
    pub(super) fn of(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// That these bytes are what was stored under that name.
    pub(super) fn check(&self, dir: &Path, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        if self.of(name) == Some(hex(&Sha256::digest(bytes)).as_str()) {
            return Ok(());
        }
        Err(StoreError::Damaged { path: PathBuf::from(dir).join(name) })
    }
}

fn is_sum(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

pub(super) fn hex(digest: &[u8]) -> String {
    digest.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
