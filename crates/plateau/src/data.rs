//! CIFAR-10 from the cache, or fetched into it.

use std::path::PathBuf;

use plateau_data::{
    Cache, Check, Dataset, FetchOptions, Surroundings, default_cache_dir, fetch, load,
};

use crate::Error;

/// CIFAR-10 (Krizhevsky, 2009): 50,000 training and 10,000 test images in ten classes, from the
/// folder that `PLATEAU_DATA` names, else from the platform's cache folder. What isn't there is
/// fetched first, and every file is checked by its MD5.
///
/// # Errors
/// If no source can be reached, or there is no place for the data.
pub fn cifar10() -> Result<Dataset, Error> {
    let cache = Cache::new(cache_root().ok_or(Error::NoCache)?);
    fetch(&cache, &FetchOptions::default(), &mut |_| {})?;
    Ok(load(&cache, Check::Size)?)
}

/// The folder that `PLATEAU_DATA` names, else the platform's cache folder; none if neither is set.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "for the program and scripts alike")]
pub fn cache_root() -> Option<PathBuf> {
    if let Some(root) = std::env::var_os("PLATEAU_DATA").filter(|root| !root.is_empty()) {
        return Some(root.into());
    }
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let surroundings = Surroundings {
        home: variable("HOME"),
        xdg_cache_home: variable("XDG_CACHE_HOME"),
        local_app_data: variable("LOCALAPPDATA"),
        ..Surroundings::default()
    };
    default_cache_dir(&surroundings)
}
