//! Checking the cache and reading it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use plateau_record::{DataSet, N_CLASSES};

use crate::cache::{Batch, Cache, RECORD_BYTES, Role};
use crate::checksum::md5_hex;
use crate::error::{DataError, Difference, FileProblem};
use crate::image_set::{Dataset, ImageSet, TestImages, TrainingPool};
use crate::named::{Opened, altered_id, published};
use crate::synthetic::synthetic;

/// How closely files are looked at before they are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Check {
    /// By size and MD5.
    #[default]
    Md5,
    /// By size alone: for worker processes whose parent has just verified the cache.
    Size,
}

/// Checks all files of the cache by size and MD5.
///
/// # Errors
/// [`DataError::Damaged`] with every file that is missing, short or altered.
pub fn verify(cache: &Cache) -> Result<Opened, DataError> {
    let (dir, batches) = (cache.batches_dir(), cache.batches());
    for_each_batch(&dir, batches, Check::Md5, |_, _| Ok(()))?;
    let md5 = batches.iter().map(|batch| (batch.file_name(), batch.md5.clone())).collect();
    Ok(published(cache, md5))
}

/// Checks sizes and labels of all batches in a folder, and tells their MD5s, whatever these are.
pub(crate) fn check_all(
    dir: &Path,
    batches: &[Batch],
) -> Result<BTreeMap<String, String>, DataError> {
    let mut md5 = BTreeMap::new();
    for_each_batch(dir, batches, Check::Size, |batch, contents| {
        let labels = contents.chunks_exact(RECORD_BYTES).map(|record| record[0]);
        if let Some((image, label)) = bad_label(labels) {
            return Err(DataError::BadLabel { path: dir.join(batch.file_name()), image, label });
        }
        md5.insert(batch.file_name(), md5_hex(contents));
        Ok(())
    })?;
    Ok(md5)
}

/// The first label that is no class, and which image has it.
pub(crate) fn bad_label(labels: impl Iterator<Item = u8>) -> Option<(usize, u8)> {
    labels.enumerate().find(|(_, label)| usize::from(*label) >= N_CLASSES)
}

/// Reads CIFAR-10 from the folder of its binary batches, 184 MB. Of the published images the
/// checksums of the result are the published ones; images with the id `altered` must have it.
///
/// # Errors
/// [`DataError::Damaged`] with every file that is missing or damaged; [`DataError::BadLabel`] if
/// an image has a label that is no class; [`DataError::OtherImages`] if altered images are
/// others now.
pub fn load(dir: &Path, altered: Option<&str>, check: Check) -> Result<Dataset, DataError> {
    load_batches(dir, Cache::new("").batches(), altered, check)
}

/// The same, of other batches.
pub(crate) fn load_batches(
    dir: &Path,
    batches: &[Batch],
    altered: Option<&str>,
    check: Check,
) -> Result<Dataset, DataError> {
    // Files of these names may lie in the working directory, which nobody named.
    if dir.as_os_str().is_empty() {
        return Err(DataError::EmptyPath);
    }
    let images_of = |role| {
        let batches = batches.iter().filter(|batch| batch.role == role);
        ImageSet::with_capacity(batches.map(|batch| batch.n_images).sum())
    };
    let (mut training, mut test) = (images_of(Role::Training), images_of(Role::Test));
    let mut md5 = BTreeMap::new();
    let check = if altered.is_some() { Check::Size } else { check };
    for_each_batch(dir, batches, check, |batch, contents| {
        let images = match batch.role {
            Role::Training => &mut training,
            Role::Test => &mut test,
        };
        let sum = if altered.is_some() { md5_hex(contents) } else { batch.md5.clone() };
        md5.insert(batch.file_name(), sum);
        append(images, contents, &dir.join(batch.file_name()))
    })?;
    if let Some(expected) = altered {
        let actual = altered_id(&md5);
        if actual != expected {
            let (dir, expected) = (dir.to_owned(), expected.to_owned());
            return Err(DataError::OtherImages { dir, expected, actual });
        }
    }
    Ok(Dataset {
        set: DataSet::Cifar10,
        training: TrainingPool::new(training),
        test: TestImages::new(test),
        md5,
    })
}

/// The data set of this name: CIFAR-10 from the folder of its batches, or the generated one.
///
/// # Errors
/// Those of [`load()`], for CIFAR-10, and [`DataError::EmptyPath`] without its folder.
pub fn open(
    set: DataSet,
    batches: Option<&Path>,
    altered: Option<&str>,
    check: Check,
) -> Result<Dataset, DataError> {
    match set {
        // Without a folder there is no CIFAR-10.
        DataSet::Cifar10 => load(batches.ok_or(DataError::EmptyPath)?, altered, check),
        DataSet::Synthetic => Ok(synthetic()),
    }
}

/// Reads every batch; calls `use_batch` for those that pass the check, as long as all have.
fn for_each_batch(
    dir: &Path,
    batches: &[Batch],
    check: Check,
    mut use_batch: impl FnMut(&Batch, &[u8]) -> Result<(), DataError>,
) -> Result<(), DataError> {
    let mut problems = Vec::new();
    // One for all: 30 MB of fresh memory for each batch would cost as much as reading it.
    let mut contents = Vec::new();
    for batch in batches {
        match read_batch(dir, batch, check, &mut contents) {
            Ok(()) if problems.is_empty() => use_batch(batch, &contents)?,
            Ok(()) => {}
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(DataError::Damaged { dir: dir.to_owned(), problems })
    }
}

fn read_batch(
    dir: &Path,
    batch: &Batch,
    check: Check,
    contents: &mut Vec<u8>,
) -> Result<(), FileProblem> {
    let file = batch.file_name();
    let size = match read_at_most(&dir.join(&file), batch.bytes(), contents) {
        Ok(read) => read,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(FileProblem::Missing { file });
        }
        Err(error) => return Err(FileProblem::Unreadable { file, error }),
    };
    let difference = if size != batch.bytes() {
        Some(Difference::Size { expected: batch.bytes(), actual: size })
    } else if check == Check::Md5 {
        let actual = md5_hex(contents);
        (actual != batch.md5).then(|| Difference::Md5 {
            bytes: size,
            expected: batch.md5.clone(),
            actual,
        })
    } else {
        None
    };
    match difference {
        Some(difference) => Err(FileProblem::Altered { file, difference }),
        None => Ok(()),
    }
}

/// Replaces `contents` by those of a file, of which no more than `limit` bytes are read;
/// returns the file's size.
fn read_at_most(path: &Path, limit: u64, contents: &mut Vec<u8>) -> io::Result<u64> {
    // Opening a pipe would wait for somebody to write to it.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    contents.clear();
    contents.reserve(size.min(limit) as usize);
    file.take(limit).read_to_end(contents)?;
    // A file that shrinks while it is read is as long as what was read of it.
    Ok(if size <= limit { contents.len() as u64 } else { size })
}

fn append(images: &mut ImageSet, contents: &[u8], path: &Path) -> Result<(), DataError> {
    let records = || contents.chunks_exact(RECORD_BYTES);
    if let Some((image, label)) = bad_label(records().map(|record| record[0])) {
        return Err(DataError::BadLabel { path: path.to_owned(), image, label });
    }
    for record in records() {
        images.push(&record[1..], record[0]);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, Fixture};
    use crate::image_set::Labelled;

    #[test]
    fn whole_cache_is_verified_and_loaded() {
        let fixture = Fixture::filled();
        let verified = verify(&fixture.cache).unwrap();
        let data =
            load_batches(&fixture.cache.batches_dir(), fixture.cache.batches(), None, Check::Md5)
                .unwrap();
        assert_eq!(data.md5, verified.md5);
        assert_eq!(data.md5.len(), 3);
        assert_eq!((data.training.len(), data.test.len()), (4, 2));
        let (label, image) = fixture::image(1, 0);
        assert_eq!((data.training.label(2), data.training.image(2)), (label, image.as_slice()));
        let (label, image) = fixture::image(2, 1);
        assert_eq!((data.test.label(1), data.test.image(1)), (label, image.as_slice()));
    }

    #[test]
    fn all_damage_is_reported_at_once() {
        let fixture = Fixture::filled();
        let path = |name: &str| fixture.cache.batches_dir().join(name);
        fs::remove_file(path("data_batch_1.bin")).unwrap();
        fs::write(path("data_batch_2.bin"), b"short").unwrap();
        let mut contents = fixture::records(2);
        contents[100] ^= 1;
        fs::write(path("test_batch.bin"), contents).unwrap();
        for error in [
            verify(&fixture.cache).unwrap_err(),
            load_batches(&fixture.cache.batches_dir(), fixture.cache.batches(), None, Check::Md5)
                .unwrap_err(),
        ] {
            let DataError::Damaged { problems, .. } = &error else { panic!("{error}") };
            assert!(
                matches!(&problems[0], FileProblem::Missing { file } if file == "data_batch_1.bin")
            );
            assert!(matches!(
                &problems[1],
                FileProblem::Altered {
                    difference: Difference::Size { expected: 6146, actual: 5 },
                    ..
                }
            ));
            assert!(matches!(
                &problems[2],
                FileProblem::Altered { difference: Difference::Md5 { bytes: 6146, .. }, .. }
            ));
            assert!(error.to_string().contains("plateau data fetch"));
        }
    }

    #[test]
    fn files_that_are_too_long_are_refused() {
        let fixture = Fixture::filled();
        let path = fixture.cache.batches_dir().join("test_batch.bin");
        fs::write(path, [fixture::records(2), vec![0]].concat()).unwrap();
        assert!(matches!(
            load_batches(&fixture.cache.batches_dir(), fixture.cache.batches(), None, Check::Size),
            Err(DataError::Damaged { .. })
        ));
    }

    #[test]
    fn size_check_trusts_the_contents_but_not_the_labels() {
        let fixture = Fixture::filled();
        let path = fixture.cache.batches_dir().join("data_batch_1.bin");
        let mut contents = fixture::records(0);
        contents[100] ^= 1;
        fs::write(&path, &contents).unwrap();
        assert!(
            load_batches(&fixture.cache.batches_dir(), fixture.cache.batches(), None, Check::Size)
                .is_ok()
        );
        contents[RECORD_BYTES] = 10;
        fs::write(&path, &contents).unwrap();
        assert!(matches!(
            load_batches(&fixture.cache.batches_dir(), fixture.cache.batches(), None, Check::Size),
            Err(DataError::BadLabel { image: 1, label: 10, .. })
        ));
    }

    #[test]
    fn empty_place_is_reported_as_missing_files() {
        let fixture = Fixture::empty();
        let error = open(DataSet::Cifar10, Some(&fixture.cache.batches_dir()), None, Check::Size)
            .unwrap_err();
        assert!(error.to_string().contains("data_batch_1.bin: missing"), "{error}");
    }

    #[test]
    fn without_a_folder_the_working_directory_is_not_looked_into() {
        for batches in [None, Some(Path::new(""))] {
            let opened = open(DataSet::Cifar10, batches, None, Check::Size);
            assert!(matches!(opened, Err(DataError::EmptyPath)));
        }
    }
}
