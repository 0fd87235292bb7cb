//! Where the images of a command are: what `--data` or `PLATEAU_DATA` names, else the cache.
//!
//! **What is named is used, or refused by name**; nothing is ever written to it. Only the cache
//! is written to, whose folder `PLATEAU_CACHE` may name.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use plateau_data::{
    Acceptance, Cache, Check, DataError, Dataset, FetchOptions, Named, Opened, Progress, fetch,
};
use plateau_record::DataSet;

use crate::args::DataSourceArgs;
use crate::failure::Failure;
use crate::output::say;
use crate::paths::{self, DataArg};

/// What the user named.
#[derive(Debug)]
pub(crate) struct Place {
    /// `--data` or `PLATEAU_DATA`.
    pub(crate) by: &'static str,
    pub(crate) path: PathBuf,
}

/// Where the images come from.
#[derive(Debug)]
pub(crate) enum Source {
    Synthetic,
    Named(Place),
    Cache,
}

impl Source {
    /// What the flag says, else the variable, else the cache.
    pub(crate) fn find(flag: Option<&DataArg>) -> Result<Self, Failure> {
        let (by, named) = match flag {
            Some(named) => ("--data", Some(named.clone())),
            None => ("PLATEAU_DATA", variable("PLATEAU_DATA")?),
        };
        Ok(match named {
            None => Self::Cache,
            Some(DataArg::Synthetic) => Self::Synthetic,
            Some(DataArg::Path(path)) => Self::Named(Place { by, path }),
        })
    }
}

fn variable(name: &str) -> Result<Option<DataArg>, Failure> {
    #[expect(clippy::disallowed_methods, reason = "the program reads the environment")]
    let value: Option<OsString> = std::env::var_os(name).filter(|value| !value.is_empty());
    let read = value.map(paths::read_data).transpose();
    read.map_err(|problem| Failure::input_text(format!("{name}: {problem}"), "set it anew"))
}

/// The images of a study or run, as far as they are known before anything is fetched.
#[derive(Debug)]
pub(crate) enum Images {
    /// Generated: in no file.
    Synthetic,
    /// Opened and checked where they were named.
    Opened(Opened),
    /// In the cache, once they are there.
    Cached,
}

impl Images {
    /// Of a data set. What is named is opened and checked.
    pub(crate) fn find(set: DataSet, args: &DataSourceArgs) -> Result<Self, Failure> {
        let acceptance =
            if args.accept_altered { Acceptance::Altered } else { Acceptance::Published };
        let source = Source::find(args.data.as_ref())?;
        if args.accept_altered && !matches!(source, Source::Named(_)) {
            return Err(Failure::input_text(
                "--accept-altered has no effect where no images are named".to_owned(),
                "name them with --data PATH, or leave it out",
            ));
        }
        match (set, source) {
            (DataSet::Synthetic, Source::Named(place)) if place.by == "--data" => {
                Err(Failure::input_text(
                    format!(
                        "--data {} has no effect: the images of this study are generated",
                        place.path.display()
                    ),
                    "leave it out, or ask for data = \"cifar10\" in the study",
                ))
            }
            (DataSet::Synthetic, _) => Ok(Self::Synthetic),
            (DataSet::Cifar10, Source::Named(place)) => {
                let cache = cache();
                // Without a cache, what needs no conversion can be used all the same.
                let cache = cache.unwrap_or_else(|_| Cache::new(""));
                open(&place, acceptance, &cache).map(Self::Opened)
            }
            (DataSet::Cifar10, Source::Synthetic) => Err(Failure::input_text(
                "synthetic data are named, and these runs are of CIFAR-10".to_owned(),
                "name a folder or archive with CIFAR-10, or nothing for the cache",
            )),
            (DataSet::Cifar10, Source::Cache) => Ok(Self::Cached),
        }
    }

    /// Which images, where they are not the published ones.
    pub(crate) fn altered(&self) -> Option<String> {
        match self {
            Self::Opened(opened) => opened.altered.clone(),
            Self::Synthetic | Self::Cached => None,
        }
    }

    /// Brings the images into the cache if that is where they belong and they aren't there.
    pub(crate) fn prepare(self) -> Result<Prepared, Failure> {
        match self {
            Self::Synthetic => Ok(Prepared { batches: None, altered: None }),
            Self::Opened(Opened { batches, altered, .. }) => {
                Ok(Prepared { batches: Some(batches), altered })
            }
            Self::Cached => {
                let opened = fetch_into(&cache()?)?;
                Ok(Prepared { batches: Some(opened.batches), altered: None })
            }
        }
    }
}

/// Images that can be read.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    /// The folder of their batches, if they are in files.
    pub(crate) batches: Option<PathBuf>,
    altered: Option<String>,
}

impl Prepared {
    pub(crate) fn load(&self, set: DataSet) -> Result<Dataset, DataError> {
        load(set, self.batches.as_deref(), self.altered.as_deref())
    }
}

/// Reads a data set; of one in files, `batches` is their folder, which was checked before.
pub(crate) fn load(
    set: DataSet,
    batches: Option<&Path>,
    altered: Option<&str>,
) -> Result<Dataset, DataError> {
    plateau_data::open(set, batches, altered, Check::Size)
}

/// Opens and checks what the user named.
pub(crate) fn open(
    place: &Place,
    acceptance: Acceptance,
    cache: &Cache,
) -> Result<Opened, Failure> {
    let opened = told(|progress| Named::new(&place.path).open(acceptance, cache, progress));
    opened.map_err(|error| refuse(place, error))
}

/// Checks what the user named, and puts it into the cache.
pub(crate) fn import(place: &Place, cache: &Cache) -> Result<Opened, Failure> {
    let imported = told(|progress| Named::new(&place.path).import(cache, progress));
    imported.map_err(|error| refuse(place, error))
}

/// Brings CIFAR-10 into the cache, unless it is there.
pub(crate) fn fetch_into(cache: &Cache) -> Result<Opened, Failure> {
    told(|progress| fetch(cache, &sources(), progress)).map_err(Failure::other)
}

/// What is tried, with the certificates that the user's system is told to trust.
fn sources() -> FetchOptions {
    #[expect(clippy::disallowed_methods, reason = "the program reads the environment")]
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let of_npm = variable("NODE_EXTRA_CA_CERTS");
    let certificates = variable("SSL_CERT_FILE").filter(|_| of_npm.is_none());
    FetchOptions { certificates: certificates.map(PathBuf::from), ..FetchOptions::default() }
}

fn refuse(place: &Place, error: DataError) -> Failure {
    let mut failure = Failure::input(error);
    failure.add_help(&format!(
        "{} names it; nothing else is used in its place. To have CIFAR-10 fetched into a folder, \
         set PLATEAU_CACHE to it; for generated images, give `--data synthetic`",
        place.by
    ));
    failure
}

fn told<T>(
    job: impl FnOnce(&mut dyn FnMut(Progress)) -> Result<T, DataError>,
) -> Result<T, DataError> {
    let mut shown = crate::progress::Fetching::default();
    let outcome = job(&mut |progress: Progress| shown.show(&progress));
    shown.finish();
    outcome
}

/// The cache.
pub(crate) fn cache() -> Result<Cache, Failure> {
    if let Some(named) = variable("PLATEAU_CACHE")? {
        let root = match named {
            DataArg::Path(root) => root,
            DataArg::Synthetic => PathBuf::from(paths::SYNTHETIC),
        };
        if root.exists() && !root.is_dir() {
            return Err(Failure::input_text(
                format!("PLATEAU_CACHE names {}, which is not a folder", root.display()),
                "set it to a folder; a file or archive with images is named by --data",
            ));
        }
        return Ok(Cache::new(root));
    }
    let root = plateau::data::cache_root().ok_or_else(|| {
        Failure::input_text(
            "no place for the data: neither HOME nor a cache folder is set".to_owned(),
            "set PLATEAU_CACHE to a folder, or give `--data PATH` or `--data synthetic`",
        )
    })?;
    Ok(Cache::new(root))
}

/// Says once that images are used that aren't the published ones.
pub(crate) fn warn_of_altered(images: &Images) {
    if let Images::Opened(Opened { altered: Some(id), batches, .. }) = images {
        say(format_args!(
            "the images in {} are not the published ones (MD5 of their MD5s: {id}); their runs \
             are kept apart from others",
            batches.display()
        ));
    }
}
