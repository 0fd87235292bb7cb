//! What can go wrong.

use plateau_data::DataError;
use plateau_report::ReportError;
use plateau_study::{SpecErrors, StoreError};
use plateau_train::TrainError;

use crate::pictures::PictureError;

/// Why there is no study, no data, no run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The data aren't there, or aren't what they should be.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Neither a home nor a cache folder is set.
    #[error("no place for the data: set PLATEAU_CACHE to a folder")]
    NoCache,
    /// The records can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The images beside the records can't be read.
    #[error(transparent)]
    Pictures(#[from] PictureError),
    /// The folder holds no study.
    #[error("{folder} holds no study: there is no study.toml")]
    NoStudy {
        /// The folder.
        folder: String,
    },
    /// The study has mistakes.
    #[error(transparent)]
    Spec(#[from] SpecErrors),
    /// A run can't be trained.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// The report is not consistent.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The report has no such part.
    #[error("the report has no {kind} `{id}`; there are: {}", known.join(", "))]
    Unknown {
        /// figure, table or experiment.
        kind: &'static str,
        /// What was asked for.
        id: String,
        /// What there is.
        known: Vec<String>,
    },
}
