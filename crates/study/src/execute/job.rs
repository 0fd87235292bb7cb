//! What passes between the executor and a worker: JSON, one value per line.

use std::io::{self, BufRead};
use std::path::PathBuf;

use plateau_record::{Epoch, Performance, RunConfig, RunId};
use serde::{Deserialize, Serialize};

/// The first line on a worker's standard input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// The run.
    pub config: RunConfig,
    /// The study's folder, in which the run is to be stored.
    #[serde(with = "path")]
    pub store: PathBuf,
    /// Folder of the data set's batches, if it is one of files.
    #[serde(with = "path::optional")]
    pub data: Option<PathBuf>,
    /// Threads to compute with.
    pub threads: usize,
    /// Seconds after which a checkpoint is left within an epoch, too.
    pub checkpoint_seconds: f64,
}

impl Job {
    /// Reads the job from a worker's standard input. What remains of the input is to be
    /// watched by [`wait_for_end`].
    ///
    /// # Errors
    /// If there is no line, or it isn't a job.
    pub fn read(input: &mut dyn BufRead) -> io::Result<Self> {
        let mut line = String::new();
        input.read_line(&mut line)?;
        Ok(serde_json::from_str(&line)?)
    }

    pub(super) fn to_line(&self) -> serde_json::Result<String> {
        serde_json::to_string(self).map(|json| json + "\n")
    }
}

/// What the executor writes to a worker that is to end.
pub(super) const STOP_LINE: &str = "stop\n";

/// Waits until the worker is to end: the executor says so, or is gone. To be called with what
/// remains of the input.
pub fn wait_for_end(input: &mut dyn BufRead) {
    let mut line = String::new();
    while line != STOP_LINE {
        line.clear();
        // Whether it ended or failed: nobody wants this run any more.
        if !matches!(input.read_line(&mut line), Ok(1..)) {
            return;
        }
    }
}

/// A line on a worker's standard output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Message {
    /// Some steps are done: a few times per second at most.
    Progress {
        /// Steps done of the run.
        step: u64,
        /// Steps of the whole run.
        of: u64,
    },
    /// An epoch is done and evaluated.
    Epoch {
        /// Which.
        epoch: Epoch,
        /// Epochs of the run.
        of: Epoch,
        /// Speed of its training steps.
        images_per_second: f64,
        /// Training metrics after it.
        train: Performance,
        /// Validation metrics after it.
        validation: Performance,
    },
    /// The run goes on from a checkpoint.
    Resumed {
        /// Steps that were done before.
        step: u64,
    },
    /// Something that the user should know.
    Notice {
        /// In words.
        text: String,
    },
    /// The run was stopped, past a checkpoint if it could: because the executor wanted it, or
    /// somebody else.
    Stopped,
    /// The disk took no more: the study can't go on.
    DiskFailed {
        /// On what, and why.
        reason: String,
    },
    /// The run is stored.
    Done {
        /// Its id.
        id: RunId,
    },
}

impl Message {
    /// The line to print, without its end.
    ///
    /// # Errors
    /// Never, in practice: every message can be written as JSON.
    pub fn to_line(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }
}

/// Paths in JSON: as text, or, where they aren't Unicode, as bytes.
mod path {
    use std::path::{Path, PathBuf};

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Written {
        Text(String),
        Bytes(Vec<u8>),
    }

    impl Written {
        #[cfg(unix)]
        fn of(path: &Path) -> Option<Self> {
            use std::os::unix::ffi::OsStrExt as _;
            let text = path.to_str().map(|text| Self::Text(text.to_owned()));
            text.or_else(|| Some(Self::Bytes(path.as_os_str().as_bytes().to_vec())))
        }

        #[cfg(not(unix))]
        fn of(path: &Path) -> Option<Self> {
            path.to_str().map(|text| Self::Text(text.to_owned()))
        }

        #[cfg(unix)]
        fn path(self) -> Option<PathBuf> {
            use std::os::unix::ffi::OsStringExt as _;
            Some(match self {
                Self::Text(text) => text.into(),
                Self::Bytes(bytes) => std::ffi::OsString::from_vec(bytes).into(),
            })
        }

        #[cfg(not(unix))]
        fn path(self) -> Option<PathBuf> {
            match self {
                Self::Text(text) => Some(text.into()),
                Self::Bytes(_) => None,
            }
        }
    }

    const NOT_UNICODE: &str = "a path that isn't Unicode";

    fn written<E: serde::ser::Error>(path: &Path) -> Result<Written, E> {
        Written::of(path).ok_or_else(|| E::custom(NOT_UNICODE))
    }

    fn read<E: serde::de::Error>(written: Written) -> Result<PathBuf, E> {
        written.path().ok_or_else(|| E::custom(NOT_UNICODE))
    }

    pub(super) fn serialize<S: Serializer>(path: &Path, to: S) -> Result<S::Ok, S::Error> {
        written::<S::Error>(path)?.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<PathBuf, D::Error> {
        read(Written::deserialize(from)?)
    }

    pub(super) mod optional {
        use super::{Deserialize, Deserializer, PathBuf, Serialize, Serializer, Written};

        pub(in super::super) fn serialize<S: Serializer>(
            path: &Option<PathBuf>,
            to: S,
        ) -> Result<S::Ok, S::Error> {
            let written = path.as_deref().map(super::written::<S::Error>).transpose()?;
            written.serialize(to)
        }

        pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
            from: D,
        ) -> Result<Option<PathBuf>, D::Error> {
            Option::<Written>::deserialize(from)?.map(super::read).transpose()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn paths_that_are_not_unicode_reach_a_worker() {
        use std::os::unix::ffi::OsStringExt as _;
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Paths {
            #[serde(with = "path")]
            store: PathBuf,
            #[serde(with = "path::optional")]
            data: Option<PathBuf>,
        }
        let odd = PathBuf::from(std::ffi::OsString::from_vec(b"out-\xff".to_vec()));
        for data in [None, Some(odd.clone()), Some("plain".into())] {
            let paths = Paths { store: odd.clone(), data };
            let json = serde_json::to_string(&paths).unwrap();
            assert_eq!(serde_json::from_str::<Paths>(&json).unwrap(), paths);
        }
        let json = serde_json::to_string(&Paths { store: "x".into(), data: None }).unwrap();
        assert_eq!(json, r#"{"store":"x","data":null}"#);
    }
}
