//! Paths as they stand in arguments and variables.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};

/// The word that stands for the generated data set.
pub(crate) const SYNTHETIC: &str = "synthetic";

/// What `--data` and `PLATEAU_DATA` name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DataArg {
    /// The generated data set.
    Synthetic,
    /// A folder or file.
    Path(PathBuf),
}

/// Reads a path, of whatever bytes the system allows.
pub(crate) fn path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().try_map(|text| expand(text, home()))
}

/// Reads what `--data` names.
pub(crate) fn data() -> impl TypedValueParser<Value = DataArg> {
    OsStringValueParser::new().try_map(read_data)
}

/// What the text of `--data` or `PLATEAU_DATA` names.
pub(crate) fn read_data(text: OsString) -> Result<DataArg, String> {
    if text == SYNTHETIC {
        return Ok(DataArg::Synthetic);
    }
    expand(text, home()).map(DataArg::Path)
}

#[expect(clippy::disallowed_methods, reason = "the program reads the environment")]
fn home() -> Option<OsString> {
    std::env::var_os("HOME").filter(|home| !home.is_empty())
}

/// A path whose `~` the shell has left as it is, as it does after `--out=`.
fn expand(text: OsString, home: Option<OsString>) -> Result<PathBuf, String> {
    if text.is_empty() {
        return Err("expected a path, found nothing".to_owned());
    }
    let path = PathBuf::from(text);
    let Some(first) = path.components().next() else { return Ok(path) };
    let first = first.as_os_str().to_string_lossy().into_owned();
    if first == "~" {
        let home = home.ok_or("there is no home folder to put in place of ~")?;
        let rest: PathBuf = path.components().skip(1).collect();
        return Ok(PathBuf::from(home).join(rest));
    }
    if first.starts_with('~') {
        return Err(format!(
            "only a shell knows the folder of {first}: write it out, or ./{first} for one of that \
             name"
        ));
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_that_the_shell_left_is_put_in() {
        let expand = |text: &str| expand(text.into(), Some("/home/ada".into()));
        assert_eq!(expand("~/results"), Ok("/home/ada/results".into()));
        assert_eq!(expand("~"), Ok("/home/ada".into()));
        assert_eq!(expand("./~/x"), Ok("./~/x".into()));
        assert_eq!(expand("a~b"), Ok("a~b".into()));
        assert_eq!(expand("out/~"), Ok("out/~".into()));
        assert!(expand("~bob/x").unwrap_err().contains("./~bob"));
        assert!(expand("").is_err());
        assert!(super::expand("~".into(), None).is_err());
    }

    #[test]
    fn the_word_for_generated_data_is_no_path() {
        assert_eq!(read_data("synthetic".into()), Ok(DataArg::Synthetic));
        assert_eq!(read_data("./synthetic".into()), Ok(DataArg::Path("./synthetic".into())));
    }
}
