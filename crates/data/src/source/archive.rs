//! Archives with batches in any form: tar files, plain or gzipped, and zip files, whatever their
//! names and the folders in them.
//!
//! Nothing is ever unpacked to a path that an archive names: entries of known names are read
//! into memory, all others are passed over.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use tar::{Archive, EntryType};
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use crate::cache::Batch;
use crate::error::DataError;
use crate::source::intake::{Converted, Form, Intake, Part};
use crate::source::kind::{HEAD_BYTES, Kind, head};
use crate::source::limits::{Limit, Limits};

/// More folders with batches in them than any archive has.
const MAX_FOLDERS: usize = 4;

/// Longer than the path of any file may be on Linux.
const MAX_NAME_BYTES: usize = 4096;

/// Reads the batches of the archive at `path`, called `place` in errors.
pub(crate) fn read(path: &Path, place: &str, batches: &[Batch]) -> Result<Converted, DataError> {
    let opening = |source| DataError::Io { action: "open", path: path.into(), source };
    let file = File::open(path).map_err(opening)?;
    read_from(BufReader::new(file), place, batches)
}

/// The same, of an archive's bytes.
pub(crate) fn read_from(
    mut archive: impl Read + Seek,
    place: &str,
    batches: &[Batch],
) -> Result<Converted, DataError> {
    let reading = |source| DataError::Io { action: "read", path: place.into(), source };
    let first = head(&mut archive).map_err(reading)?;
    archive.rewind().map_err(reading)?;
    let entries = Entries { place, batches, folders: BTreeMap::new() };
    match Kind::of(&first) {
        Kind::Tar => entries.of_tar(archive),
        Kind::Zip => entries.of_zip(archive),
        Kind::Gzip => {
            let mut unpacked = MultiGzDecoder::new(archive);
            let inner = head(&mut unpacked).map_err(reading)?;
            match Kind::of(&inner) {
                Kind::Tar => entries.of_tar(Cursor::new(inner).chain(unpacked)),
                kind => {
                    let advice = if kind.is_archive() { ": unpack it, and name that" } else { "" };
                    let found = format!("a gzip file of {kind}{advice}");
                    Err(DataError::NoData { place: place.to_owned(), found })
                }
            }
        }
        kind => Err(DataError::NoData { place: place.to_owned(), found: one_batch(kind, &first) }),
    }
}

/// A binary batch can't be told from other bytes, but by its label.
fn one_batch(kind: Kind, head: &[u8]) -> String {
    if kind == Kind::Unknown && head.len() == HEAD_BYTES && head[0] < 10 {
        return "a file of unknown kind, perhaps one batch of several: name the folder with all \
                batches"
            .to_owned();
    }
    kind.to_string()
}

/// The batches that were read so far, by form and the folder that they lie in.
struct Entries<'a> {
    place: &'a str,
    batches: &'a [Batch],
    folders: BTreeMap<(Form, String), Intake<'a>>,
}

impl Entries<'_> {
    fn of_tar(self, archive: impl Read) -> Result<Converted, DataError> {
        let (place, limits) = (self.place.to_owned(), Limits::default());
        let result = self.of_tar_within(&limits, limits.reader(archive));
        limits.explain(place, result)
    }

    fn of_tar_within(
        mut self,
        limits: &Limits,
        archive: impl Read,
    ) -> Result<Converted, DataError> {
        let place = self.place.to_owned();
        let reading = |source: io::Error| DataError::Io {
            action: "read the archive",
            path: place.clone().into(),
            source,
        };
        let mut archive = Archive::new(archive);
        let mut entries = archive.entries().map_err(reading)?;
        while let Some(entry) = limits.within(Limit::TarHeader, || entries.next()) {
            let mut entry = entry.map_err(reading)?;
            let kind = entry.header().entry_type();
            if matches!(kind, EntryType::Regular | EntryType::Continuous) {
                let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
                if let Some(whole) = self.take(&name, &mut entry)? {
                    return Ok(whole);
                }
            }
            // Otherwise its contents would be read as part of the next header.
            limits.pass_over(entry).map_err(reading)?;
        }
        self.finish()
    }

    fn of_zip(mut self, archive: impl Read + Seek) -> Result<Converted, DataError> {
        let place = self.place.to_owned();
        let reading = |error: ZipError| DataError::Io {
            action: "read the archive",
            path: place.clone().into(),
            source: io::Error::other(error),
        };
        let limits = Limits::default();
        let opened = limits.within(Limit::ZipList, || ZipArchive::new(limits.reader(archive)));
        let mut archive = limits.explain(place.clone(), opened.map_err(reading))?;
        for index in 0..archive.len() {
            let raw = archive.by_index_raw(index).map_err(reading)?;
            let (name, is_file) = (raw.name().map_err(reading)?.into_owned(), raw.is_file());
            if !is_file || place_of(self.batches, &name).is_none() {
                continue;
            }
            if raw.encrypted() {
                let reason = format!("{name} in it has a password: unpack it, and name the folder");
                return Err(DataError::Unread { place, reason });
            }
            let method = raw.compression();
            if !matches!(method, CompressionMethod::Stored | CompressionMethod::Deflated) {
                let reason = format!(
                    "{name} in it is compressed by the method {method}, and of those of zip files \
                     only Deflate is known: unpack it, and name the folder"
                );
                return Err(DataError::Unread { place, reason });
            }
            drop(raw);
            let entry = archive.by_index(index).map_err(reading)?;
            let taken = self.take(&name, entry);
            if let Some(whole) = limits.explain(place.clone(), taken)? {
                return Ok(whole);
            }
        }
        self.finish()
    }

    /// Takes an entry, if its name is known; returns the batches once one folder has them all.
    fn take(&mut self, name: &str, entry: impl Read) -> Result<Option<Converted>, DataError> {
        let Some((folder, form, part)) = place_of(self.batches, name) else { return Ok(None) };
        let key = (form, folder);
        if !self.folders.contains_key(&key) && self.folders.len() == MAX_FOLDERS {
            return Ok(None);
        }
        let batches = self.batches;
        let intake = self.folders.entry(key.clone()).or_insert_with(|| Intake::new(batches, form));
        intake.take(part, &format!("{name} in {}", self.place), entry)?;
        if !intake.is_complete() {
            return Ok(None);
        }
        let whole = self.folders.remove(&key).map(|intake| intake.finish(self.place));
        whole.transpose()
    }

    /// No folder has all batches.
    fn finish(self) -> Result<Converted, DataError> {
        match self.folders.into_iter().next() {
            Some((_, intake)) => intake.finish(self.place),
            None => Err(DataError::NoData {
                place: self.place.to_owned(),
                found: "an archive without CIFAR-10's batches".to_owned(),
            }),
        }
    }
}

/// The folder, form and part of an entry; none of names that no publisher gives, and of those
/// that lead out of the archive.
fn place_of(batches: &[Batch], name: &str) -> Option<(String, Form, Part)> {
    let name = name.strip_prefix("./").unwrap_or(name);
    let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
    let leads_out = name.starts_with('/') || folder.split('/').any(|part| part == "..");
    if name.len() > MAX_NAME_BYTES || leads_out || folder.split('/').any(|part| part == "__MACOSX")
    {
        return None;
    }
    let (form, part) = Part::of(batches, file)?;
    Some((folder.to_owned(), form, part))
}
