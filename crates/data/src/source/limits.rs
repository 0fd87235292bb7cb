//! Limits on what is read of an archive: a few kilobytes can unpack to gigabytes, and what the
//! readers of archives keep in memory is as long as the archive says.

use std::cell::Cell;
use std::io::{self, Read, Seek, SeekFrom};

use crate::error::DataError;

/// A limit on what is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// The whole archive; the largest unpacks to 186 MB.
    Unpacked,
    /// What describes one file of a tar archive, its name among it: no system has names so long.
    TarHeader,
    /// The list of a zip archive's files: long enough for all 60,000 images as files of their own.
    ZipList,
}

impl Limit {
    const fn bytes(self) -> u64 {
        match self {
            Self::Unpacked => 512 << 20,
            Self::TarHeader => 1 << 20,
            Self::ZipList => 16 << 20,
        }
    }

    fn in_words(self) -> String {
        let mebibytes = self.bytes() >> 20;
        match self {
            Self::Unpacked => format!(
                "it unpacks to more than {mebibytes} MiB, and CIFAR-10 has less: name an archive \
                 with its batches alone, or unpack it, and name the folder"
            ),
            Self::TarHeader => format!(
                "the name or another property of a file in it is longer than {mebibytes} MiB: \
                 download it anew, or make it anew"
            ),
            Self::ZipList => format!(
                "the list of its files is damaged or longer than {mebibytes} MiB: download it \
                 anew, or name an archive with CIFAR-10's batches alone"
            ),
        }
    }
}

/// What may still be read of an archive. To the reader of the archive an excess is an I/O error;
/// [`Limits::explain`] says what it was.
#[derive(Debug)]
pub(crate) struct Limits {
    unpacked_left: Cell<u64>,
    passed_over_left: Cell<u64>,
    /// While a part is read that is kept in memory: its limit, and what is left of it.
    part: Cell<Option<(Limit, u64)>>,
    exceeded: Cell<Option<Limit>>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            unpacked_left: Cell::new(Limit::Unpacked.bytes()),
            passed_over_left: Cell::new(Limit::Unpacked.bytes()),
            part: Cell::new(None),
            exceeded: Cell::new(None),
        }
    }
}

impl Limits {
    pub(crate) fn reader<R>(&self, reader: R) -> Limited<'_, R> {
        Limited { reader, limits: self }
    }

    /// Has `read` read a part that has this limit beside that of the archive.
    pub(crate) fn within<T>(&self, limit: Limit, read: impl FnOnce() -> T) -> T {
        self.part.set(Some((limit, limit.bytes())));
        let value = read();
        self.part.set(None);
        value
    }

    /// Reads what is left of a file, and forgets it.
    pub(crate) fn pass_over(&self, file: impl Read) -> io::Result<()> {
        // The holes of a sparse file take up nothing in the archive, so these count here.
        let left = self.passed_over_left.get();
        let n_bytes = io::copy(&mut file.take(left.saturating_add(1)), &mut io::sink())?;
        self.passed_over_left.set(self.spend(left, n_bytes, Limit::Unpacked)?);
        Ok(())
    }

    fn count(&self, n_bytes: u64) -> io::Result<()> {
        self.unpacked_left.set(self.spend(self.unpacked_left.get(), n_bytes, Limit::Unpacked)?);
        if let Some((limit, left)) = self.part.get() {
            self.part.set(Some((limit, self.spend(left, n_bytes, limit)?)));
        }
        Ok(())
    }

    fn spend(&self, left: u64, n_bytes: u64, limit: Limit) -> io::Result<u64> {
        left.checked_sub(n_bytes).ok_or_else(|| {
            self.exceeded.set(Some(limit));
            io::Error::other(limit.in_words())
        })
    }

    /// The result of reading `place`, with an error that says so if a limit was exceeded.
    pub(crate) fn explain<T>(
        &self,
        place: String,
        result: Result<T, DataError>,
    ) -> Result<T, DataError> {
        result.map_err(|error| match self.exceeded.get() {
            Some(limit) => DataError::Unread { place, reason: limit.in_words() },
            None => error,
        })
    }
}

/// A reader that counts against limits.
pub(crate) struct Limited<'l, R> {
    reader: R,
    limits: &'l Limits,
}

impl<R: Read> Read for Limited<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n_bytes = self.reader.read(buffer)?;
        self.limits.count(n_bytes as u64)?;
        Ok(n_bytes)
    }
}

impl<R: Seek> Seek for Limited<'_, R> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.reader.seek(position)
    }
}
