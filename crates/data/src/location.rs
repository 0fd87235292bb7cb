//! Where the cache is if the user names no place.

use std::path::PathBuf;

/// What the program knows about the machine it runs on.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The kind of operating system.
    pub platform: Platform,
    /// The user's home folder: `HOME`.
    pub home: Option<PathBuf>,
    /// `XDG_CACHE_HOME`.
    pub xdg_cache_home: Option<PathBuf>,
    /// `LOCALAPPDATA`.
    pub local_app_data: Option<PathBuf>,
}

/// A kind of operating system, by where it keeps caches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// Linux and the rest.
    Unix,
    /// macOS.
    MacOs,
    /// Windows.
    Windows,
}

impl Default for Platform {
    /// The one that this program was built for.
    fn default() -> Self {
        if cfg!(windows) {
            Self::Windows
        } else if cfg!(target_os = "macos") {
            Self::MacOs
        } else {
            Self::Unix
        }
    }
}

/// Where the cache is if the user names no place: `~/.cache/plateau` (or within
/// `XDG_CACHE_HOME`, if that is an absolute path), `~/Library/Caches/plateau` on macOS,
/// `%LOCALAPPDATA%\plateau\cache` on Windows. `None` if the surroundings don't tell.
#[must_use]
pub fn default_cache_dir(surroundings: &Surroundings) -> Option<PathBuf> {
    let home = surroundings.home.as_ref();
    match surroundings.platform {
        Platform::Unix => {
            let xdg = surroundings.xdg_cache_home.clone().filter(|path| path.is_absolute());
            Some(xdg.or_else(|| Some(home?.join(".cache")))?.join("plateau"))
        }
        Platform::MacOs => Some(home?.join("Library/Caches/plateau")),
        Platform::Windows => {
            Some(surroundings.local_app_data.as_ref()?.join("plateau").join("cache"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_cache_follows_each_platform() {
        let mut surroundings = Surroundings {
            platform: Platform::Unix,
            home: Some("/home/ada".into()),
            xdg_cache_home: None,
            local_app_data: Some("/local".into()),
        };
        let dir = |surroundings: &Surroundings| default_cache_dir(surroundings);
        assert_eq!(dir(&surroundings), Some("/home/ada/.cache/plateau".into()));
        surroundings.xdg_cache_home = Some("relative".into());
        assert_eq!(dir(&surroundings), Some("/home/ada/.cache/plateau".into()));
        surroundings.xdg_cache_home = Some(std::env::temp_dir());
        assert_eq!(dir(&surroundings), Some(std::env::temp_dir().join("plateau")));
        surroundings.platform = Platform::MacOs;
        assert_eq!(dir(&surroundings), Some("/home/ada/Library/Caches/plateau".into()));
        surroundings.platform = Platform::Windows;
        assert_eq!(dir(&surroundings), Some("/local/plateau/cache".into()));
        assert_eq!(default_cache_dir(&Surroundings::default()), None);
    }
}
