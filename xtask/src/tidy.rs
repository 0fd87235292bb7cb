//! What no compiler finds: files that grew too long, invariants between crates.

use std::fs;
use std::path::{Path, PathBuf};

/// Longest source file, in lines, tests included.
const MAX_LINES: usize = 600;

/// Which crates may not see which: an invariant of ARCHITECTURE.md each.
const FORBIDDEN: [(&str, &[&str]); 6] = [
    ("kernels", &["plateau", "burn"]),
    ("typeset", &["plateau", "burn"]),
    ("record", &["plateau", "burn"]),
    ("analysis", &["plateau-train", "plateau-model", "plateau-data", "plateau-study", "burn"]),
    (
        "report",
        &["plateau-train", "plateau-model", "plateau-data", "plateau-study", "burn", "typst"],
    ),
    ("study", &["plateau-train", "plateau-model", "plateau-data", "plateau-report", "burn"]),
];

/// What is wrong with the tree.
pub(crate) fn complaints() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut all = Vec::new();
    for file in rust_files(&root.join("crates")).into_iter().chain(rust_files(&root.join("xtask")))
    {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        let lines = text.lines().count();
        if lines > MAX_LINES {
            all.push(format!("{}: {lines} lines, at most {MAX_LINES}", file.display()));
        }
    }
    for (name, forbidden) in FORBIDDEN {
        let manifest = root.join("crates").join(name).join("Cargo.toml");
        match fs::read_to_string(&manifest) {
            Ok(text) => all.extend(dependencies(&text).filter_map(|dependency| {
                let found = forbidden.iter().any(|prefix| dependency.starts_with(prefix));
                found.then(|| format!("crate {name} must not depend on {dependency}"))
            })),
            Err(error) => all.push(format!("{}: {error}", manifest.display())),
        }
    }
    all
}

/// Names in the `[dependencies]` section.
fn dependencies(manifest: &str) -> impl Iterator<Item = &str> {
    let lines = manifest.lines().skip_while(|line| *line != "[dependencies]").skip(1);
    let section = lines.take_while(|line| !line.starts_with('['));
    section.filter_map(|line| line.split_once('=').map(|(name, _)| name.trim()))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_tidy() {
        assert_eq!(complaints(), Vec::<String>::new());
    }

    #[test]
    fn dependencies_end_with_their_section() {
        let manifest = "[dependencies]\na = 1\nb-c = { }\n\n[dev-dependencies]\nd = 1\n";
        assert_eq!(dependencies(manifest).collect::<Vec<_>>(), ["a", "b-c"]);
    }
}
