//! Where the data are, and how they get there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use plateau_data::{Cache, Check, DataError, Dataset, FetchOptions, Progress, fetch};
use plateau_record::DataSet;

use crate::failure::Failure;

/// The word that stands for the generated data set.
pub(crate) const SYNTHETIC: &str = "synthetic";

/// Where CIFAR-10 is kept, and where it comes from if it isn't there.
#[derive(Debug)]
pub(crate) struct Location {
    pub(crate) cache: Cache,
    pub(crate) sources: FetchOptions,
}

impl Location {
    /// From `--data`, else `PLATEAU_DATA`, else the platform's cache folder. A folder with the
    /// binary batches is used where it is; anything else that `--data` names is a source for
    /// the cache.
    pub(crate) fn find(data: Option<&str>) -> Result<Self, Failure> {
        if let Some(path) = data.map(Path::new) {
            if !path.exists() {
                return Err(Failure::input_text(
                    format!("--data {}: there is no such file or folder", path.display()),
                    "name a folder or archive with CIFAR-10, or `--data synthetic`",
                ));
            }
            if let Some(root) = cache_root(path) {
                return Ok(Self { cache: Cache::new(root), sources: FetchOptions::default() });
            }
        }
        let sources = data.map_or_else(FetchOptions::default, FetchOptions::from_path);
        Ok(Self { cache: Cache::new(default_root()?), sources })
    }

    /// Brings the data into the cache if they aren't there, and checks them.
    pub(crate) fn ensure(&self) -> Result<BTreeMap<String, String>, Failure> {
        let mut shown = crate::progress::Fetching::default();
        let fetched = fetch(&self.cache, &self.sources, &mut |progress: Progress| {
            shown.show(&progress);
        });
        shown.finish();
        Ok(fetched.map_err(Failure::other)?.verified.md5)
    }
}

/// Reads the data set; for CIFAR-10 `cache` says where.
pub(crate) fn load(set: DataSet, cache: Option<&Path>) -> Result<Dataset, DataError> {
    // Without a place there is no CIFAR-10: an error that lists the missing files.
    plateau_data::open(set, &Cache::new(cache.unwrap_or(Path::new(""))), Check::Size)
}

/// Makes the data set available and says where: `None` for the generated one.
pub(crate) fn prepare(set: DataSet, data: Option<&str>) -> Result<Option<PathBuf>, Failure> {
    match set {
        DataSet::Synthetic => Ok(None),
        DataSet::Cifar10 => {
            let location = Location::find(data)?;
            location.ensure()?;
            Ok(Some(location.cache.root().to_owned()))
        }
    }
}

/// The root of which `path` is the cache, or the batches' folder.
fn cache_root(path: &Path) -> Option<PathBuf> {
    let has_batches =
        |root: &Path| Cache::new(root).batches_dir().join("data_batch_1.bin").is_file();
    let path = path.canonicalize().ok()?;
    let parent = path.parent().filter(|parent| Cache::new(*parent).batches_dir() == path);
    let roots = [Some(path.as_path()), parent];
    roots.into_iter().flatten().find(|root| has_batches(root)).map(Path::to_owned)
}

fn default_root() -> Result<PathBuf, Failure> {
    plateau::data::cache_root().ok_or_else(|| {
        Failure::input_text(
            "no place for the data: neither HOME nor a cache folder is set".to_owned(),
            "set PLATEAU_DATA to a folder, or give `--data PATH` or `--data synthetic`",
        )
    })
}
