//! `SHA256SUMS`: what files were when they were stored, as `sha256sum --check` reads it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::error::{Action, Context as _, StoreError};
use super::files;

pub(super) const SUMS_FILE: &str = "SHA256SUMS";

/// The checksums of a folder's files, by name: one each, two of a file that is being replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums(BTreeMap<String, Vec<String>>);

/// How a file's content is what was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// To the last byte.
    Same,
    /// With other line ends, as git makes them where it is told to (`core.autocrlf`); these are
    /// the bytes that were stored.
    OtherLineEnds(Vec<u8>),
}

impl Sums {
    pub(super) fn add(&mut self, name: &str, bytes: &[u8]) {
        self.set(name, vec![of(bytes)]);
    }

    /// The checksums that a file may have.
    pub(super) fn set(&mut self, name: &str, sums: Vec<String>) {
        self.0.insert(name.to_owned(), sums);
    }

    /// A line per file, in order of the names.
    pub(super) fn to_text(&self) -> String {
        let lines = self.0.iter().flat_map(|(name, sums)| sums.iter().map(move |sum| (name, sum)));
        lines.fold(String::new(), |mut text, (name, sum)| {
            let _ = writeln!(text, "{sum}  {name}");
            text
        })
    }

    pub(super) fn read(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join(SUMS_FILE);
        Self::parse(&path, &files::read(&path)?)
    }

    pub(super) fn read_if_there(dir: &Path) -> Result<Option<Self>, StoreError> {
        let path = dir.join(SUMS_FILE);
        files::read_if_there(&path)?.map(|text| Self::parse(&path, &text)).transpose()
    }

    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, StoreError> {
        let mut sums: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (line, number) in text.lines().zip(1..) {
            let entry = line.split_once("  ").filter(|(sum, _)| is_sum(sum));
            let Some((sum, name)) = entry else {
                return Err(StoreError::Parse {
                    path: path.to_owned(),
                    line: number,
                    reason: "expected a SHA-256 and a name".to_owned(),
                });
            };
            sums.entry(name.to_owned()).or_default().push(sum.to_owned());
        }
        Ok(Self(sums))
    }

    /// The checksum of a file, if it has one.
    pub(super) fn of(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(|sums| sums.first()).map(String::as_str)
    }

    /// All files that are listed.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Reads every file that is listed and checks it. Returns how many are what was stored, and
    /// what is wrong with the others.
    pub(super) fn check_all(&self, dir: &Path) -> (usize, Vec<StoreError>) {
        let names = self.names().filter(|name| *name != super::ATTRIBUTES_FILE);
        let checked = names.map(|name| {
            let path = dir.join(name);
            let bytes = files::bytes(&path).context(Action::Read, &path);
            self.check(dir, name, &bytes.map_err(StoreError::incomplete)?)
        });
        let (sound, problems): (Vec<_>, Vec<_>) = checked.partition(Result::is_ok);
        (sound.len(), problems.into_iter().filter_map(Result::err).collect())
    }

    /// Whether these bytes are listed under that name.
    pub(super) fn holds(&self, name: &str, bytes: &[u8]) -> bool {
        let sum = of(bytes);
        self.0.get(name).is_some_and(|sums| sums.contains(&sum))
    }

    /// That these bytes are what was stored under that name.
    pub(super) fn check(
        &self,
        dir: &Path,
        name: &str,
        bytes: &[u8],
    ) -> Result<Content, StoreError> {
        if self.holds(name, bytes) {
            return Ok(Content::Same);
        }
        let stored = with_line_feeds(bytes);
        if stored.len() != bytes.len() && self.holds(name, &stored) {
            return Ok(Content::OtherLineEnds(stored));
        }
        Err(StoreError::Damaged { path: PathBuf::from(dir).join(name) })
    }
}

/// Carriage returns before line feeds taken away.
fn with_line_feeds(bytes: &[u8]) -> Vec<u8> {
    let next = bytes.iter().skip(1).map(Some).chain([None]);
    let kept = bytes.iter().zip(next).filter(|pair| !matches!(pair, (b'\r', Some(b'\n'))));
    kept.map(|(byte, _)| *byte).collect()
}

fn is_sum(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// SHA-256 in hexadecimal.
pub(super) fn of(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub(super) fn hex(digest: &[u8]) -> String {
    digest.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
