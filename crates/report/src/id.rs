//! Ids of figures and tables from their parts: names of files, targets of references.

use sha2::{Digest as _, Sha256};

/// No id is longer, in bytes: with an ending, all file systems take it as a name.
const MOST: usize = 100;

/// The parts joined by underscores.
///
/// Other parts give another id, even where file systems take small and capital letters for the
/// same: if anything had to be replaced or left out, or if there are capitals, a hash of the
/// parts stands at the end.
#[must_use]
pub fn of_parts(parts: &[&str]) -> String {
    let whole = parts.join("_");
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    if whole.len() <= MOST && whole.chars().all(is_plain) {
        return whole;
    }
    // Unlike the joined parts, this tells where one ends.
    let digest = Sha256::digest(format!("{parts:?}"));
    let hash: String = digest[..4].iter().map(|byte| format!("{byte:02x}")).collect();
    let letter = |c: char| if is_plain(c.to_ascii_lowercase()) { c } else { '_' };
    let room = MOST - 1 - hash.len();
    let shortened: String = whole.chars().map(letter).take(room).collect();
    format!("{shortened}_{hash}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_parts_are_joined_as_they_are() {
        assert_eq!(of_parts(&["sweep", "batch-size", "final"]), "sweep_batch-size_final");
    }

    #[test]
    fn ids_are_names_of_files_that_differ_by_more_than_capitals() {
        let long = "x".repeat(240);
        let longer = "x".repeat(241);
        let names = ["rate", "Rate", "RATE", "a b", "a.b", "a/b", "..", "é", "", &long, &longer];
        let mut ids: Vec<String> =
            names.iter().map(|name| of_parts(&["sweep", name, "final"])).collect();
        for id in &ids {
            assert!(id.len() <= MOST, "{id}");
            assert!(id.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)), "{id}");
        }
        ids.iter_mut().for_each(|id| *id = id.to_ascii_lowercase());
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), names.len());
    }
}
