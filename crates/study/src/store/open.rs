//! A study's folder before it is used: whose it is, what stands in it, what its file system can do.

use std::fs;
use std::io;
use std::path::Path;

use plateau_record::StudyRecord;

use super::error::{Action, Context as _, Kind};
use super::sums::{self, Sums};
use super::{
    CHECKPOINTS, DAMAGED, OWN_FILES, RUNS, Store, StoreError, disk, files, is_run_id, lock,
    progress, report, stale,
};
use crate::spec::Study;

impl Store {
    /// Opens the folder of the study of that name, and makes it if it isn't there. Removes what
    /// dead processes left behind.
    ///
    /// # Errors
    /// If the folder holds another study or anything else, or can't be made or read.
    pub fn open(dir: &Path, study_name: &str) -> Result<Self, StoreError> {
        Self::at(dir).check_name(study_name)?;
        Self::make(dir)
    }

    fn make(dir: &Path) -> Result<Self, StoreError> {
        let store = Self::at(dir);
        let runs = store.runs_dir();
        store.disk.create_dir_all(&runs)?;
        stale::remove(&runs)?;
        Ok(store)
    }

    /// The same, for a study: the folder's records must be of its images.
    ///
    /// # Errors
    /// As [`Store::open`], and if the folder's records are of other images.
    pub fn open_for(dir: &Path, study: &Study) -> Result<Self, StoreError> {
        Self::check_for(dir, study)?;
        Self::make(dir)
    }

    /// That a folder, if it is there, is empty or holds this study, on the same images.
    ///
    /// # Errors
    /// If it holds anything else, or can't be read.
    pub fn check_for(dir: &Path, study: &Study) -> Result<(), StoreError> {
        let found = Self::at(dir).check_name(&study.name)?;
        match found {
            Some(found) if (found.data, &found.altered) != (study.data, &study.altered) => {
                Err(StoreError::OtherData {
                    dir: dir.to_owned(),
                    expected: study.data_title(),
                    found: found.data_title(),
                })
            }
            _ => Ok(()),
        }
    }

    /// The study that the folder holds, if it does, which must have that name.
    fn check_name(&self, name: &str) -> Result<Option<StudyRecord>, StoreError> {
        match fs::metadata(&self.dir) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => {
                let error = io::Error::from(io::ErrorKind::NotADirectory);
                return Err(error).context(Action::Read, &self.dir);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).context(Action::Read, &self.dir),
        }
        // One that can't be read is kept aside when it is written anew.
        let found = match self.study() {
            Err(StoreError::Parse { .. }) => None,
            found => found?,
        };
        match &found {
            Some(found) if found.name != name => {
                return Err(StoreError::OtherStudy {
                    dir: self.dir.clone(),
                    expected: name.to_owned(),
                    found: found.name.clone(),
                });
            }
            Some(_) => {}
            None => self.refuse_foreign_files()?,
        }
        self.refuse_other_kinds()?;
        Ok(found)
    }

    /// Tries all that storing takes, before anything is trained, and says what the file system
    /// can't do.
    ///
    /// # Errors
    /// If nothing can be stored there, or no report.
    pub fn probe(&self) -> Result<Lacks, StoreError> {
        self.refuse_other_kinds()?;
        self.disk.create_dir_all(&self.dir)?;
        let report = self.dir.join(report::REPORT);
        let mut lacks = Lacks::default();
        for dir in [&self.dir, &report] {
            if dir.is_dir() {
                lacks.flush |= !disk::probe(dir, &stale::temporary("probe"))?;
            }
        }
        Ok(lacks)
    }

    /// That nothing stands where folders and files of the program belong, but those.
    pub(super) fn refuse_other_kinds(&self) -> Result<(), StoreError> {
        report::refuse_what_is_no_folder(&self.dir.join(report::REPORT))?;
        for name in [RUNS, CHECKPOINTS, DAMAGED] {
            files::refuse_another_kind(&self.dir.join(name), Kind::Folder)?;
        }
        let hidden = [sums::SUMS_FILE, lock::LOCK_FILE, lock::OWNER_FILE, progress::PROGRESS_FILE];
        for name in OWN_FILES.into_iter().chain(hidden) {
            files::refuse_another_kind(&self.dir.join(name), Kind::File)?;
        }
        Ok(())
    }

    /// A folder without `study.toml` is taken if it is empty, or if an execution that was cut
    /// short has left its folder of runs there.
    fn refuse_foreign_files(&self) -> Result<(), StoreError> {
        let names = files::names_in(&self.dir)?;
        if self.runs_dir().is_dir() {
            let runs = files::names_in(&self.runs_dir())?;
            if runs.iter().all(|name| is_run_id(name) || stale::is_run_under_way(name)) {
                return Ok(());
            }
        }
        // Or the first of its files.
        let listed = Sums::read_if_there(&self.dir).ok().flatten();
        let begun = listed.is_some_and(|sums| sums.names().all(|name| OWN_FILES.contains(&name)));
        let is_own = |name: &str| begun && (name == sums::SUMS_FILE || OWN_FILES.contains(&name));
        match names.into_iter().find(|name| !name.starts_with('.') && !is_own(name)) {
            None => Ok(()),
            Some(entry) => Err(StoreError::NotAStudy { dir: self.dir.clone(), entry }),
        }
    }
}

/// What a file system can't do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lacks {
    /// Flush folders: after a power cut, what was stored last may be missing.
    pub flush: bool,
}
