//! Images for scripts and notebooks.

use std::path::PathBuf;

use plateau_data::{
    Acceptance, Cache, Check, Dataset, FetchOptions, Named, Surroundings, default_cache_dir, fetch,
    load,
};

use crate::Error;

/// CIFAR-10 (Krizhevsky, 2009): 50,000 training and 10,000 test images in ten classes, from the
/// folder or archive that `PLATEAU_DATA` names, else from the cache. What isn't in the cache is
/// fetched first, and every file is checked by its MD5.
///
/// # Errors
/// If what is named doesn't hold the published images, if no source can be reached, or if there
/// is no place for the cache.
pub fn cifar10() -> Result<Dataset, Error> {
    let cache = Cache::new(cache_root().ok_or(Error::NoCache)?);
    #[expect(clippy::disallowed_methods, reason = "for scripts")]
    let named = std::env::var_os("PLATEAU_DATA").filter(|named| !named.is_empty());
    let opened = match named {
        Some(path) => {
            Named::new(PathBuf::from(path)).open(Acceptance::Published, &cache, &mut |_| {})?
        }
        None => fetch(&cache, &FetchOptions::default(), &mut |_| {})?,
    };
    Ok(load(&opened.batches, None, Check::Size)?)
}

/// The generated data set: ten classes of 3×32×32, 5,000 training and 1,000 test images.
#[must_use]
pub fn synthetic() -> Dataset {
    plateau_data::synthetic()
}

/// The cache's folder: what `PLATEAU_CACHE` names, else the platform's; none if neither is set.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "for the program and scripts alike")]
pub fn cache_root() -> Option<PathBuf> {
    if let Some(root) = std::env::var_os("PLATEAU_CACHE").filter(|root| !root.is_empty()) {
        return Some(root.into());
    }
    let variable = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let surroundings = Surroundings {
        home: variable("HOME"),
        xdg_cache_home: variable("XDG_CACHE_HOME"),
        local_app_data: variable("LOCALAPPDATA"),
        ..Surroundings::default()
    };
    default_cache_dir(&surroundings)
}
