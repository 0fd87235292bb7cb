//! Where and when a comparison was made.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

/// Details that can't be found out are the empty string.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Machine {
    /// UTC, as year-month-day.
    pub(crate) date: String,
    pub(crate) processor: String,
    /// Part of the folder's name.
    #[serde(skip)]
    slug: String,
    pub(crate) cores: usize,
    pub(crate) system: String,
    /// Mean number of running processes over 1, 5 and 15 minutes before.
    pub(crate) load: String,
    pub(crate) rustc: String,
    /// With "-modified" if files differ from it.
    pub(crate) commit: String,
}

impl Machine {
    pub(crate) fn look(root: &Path) -> Self {
        let processor = Processor::look();
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        Self {
            date: today(),
            processor: processor.to_string(),
            slug: processor.slug(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            system: output(root, &["uname", "-s", "-r", "-m"]),
            load: load.split_whitespace().take(3).collect::<Vec<_>>().join(" "),
            rustc: output(root, &["rustc", "--version"]),
            commit: output(
                root,
                &["git", "describe", "--always", "--abbrev=12", "--dirty=-modified"],
            ),
        }
    }

    /// Of a folder in benches/runs.
    pub(crate) fn folder_name(&self) -> String {
        format!("{}-{}", self.date, self.slug)
    }

    #[cfg(test)]
    pub(crate) fn for_tests() -> Self {
        Self {
            date: "2026-03-01".to_owned(),
            processor: "Test CPU 9".to_owned(),
            slug: "test-9".to_owned(),
            cores: 2,
            system: "Linux".to_owned(),
            load: "0.1 0.1 0.1".to_owned(),
            rustc: "rustc 1.95".to_owned(),
            commit: "abc".to_owned(),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Processor {
    model: String,
    /// Virtual machines often hide the rest of the name.
    generation: Option<&'static str>,
}

impl Processor {
    fn look() -> Self {
        Self::parse(&fs::read_to_string("/proc/cpuinfo").unwrap_or_default())
    }

    fn parse(information: &str) -> Self {
        let field = |name: &str| {
            let mut fields = information.lines().filter_map(|line| line.split_once(':'));
            fields.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim())
        };
        let number = |name| field(name).and_then(|value| value.parse::<u32>().ok());
        let model = field("model name").unwrap_or(std::env::consts::ARCH).to_owned();
        let is_amd = field("vendor_id") == Some("AuthenticAMD");
        let numbers = number("cpu family").zip(number("model")).filter(|_| is_amd);
        let generation = numbers.and_then(|(family, model)| zen(family, model));
        Self { model, generation }
    }

    /// "AMD EPYC 7B13 64-Core Processor" of the third generation becomes "epyc-7b13-zen3".
    fn slug(&self) -> String {
        const IDLE: [&str; 5] = ["amd", "intel", "cpu", "processor", "with"];
        let name = self.model.to_lowercase().replace("(r)", " ").replace("(tm)", " ");
        let name = name.split('@').next().unwrap_or_default();
        let words = name.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        let telling = words
            .filter(|word| !word.is_empty() && !IDLE.contains(word) && !word.ends_with("-core"));
        telling.chain(self.generation).collect::<Vec<_>>().join("-")
    }
}

impl std::fmt::Display for Processor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.generation {
            Some(generation) => write!(f, "{} ({generation})", self.model),
            None => write!(f, "{}", self.model),
        }
    }
}

/// AMD's microarchitecture by CPUID family and model.
fn zen(family: u32, model: u32) -> Option<&'static str> {
    match (family, model) {
        (0x17, 0x00..=0x2f) => Some("zen1"),
        (0x17, _) => Some("zen2"),
        (0x19, 0x10..=0x1f | 0x60..=0x7f | 0xa0..=0xaf) => Some("zen4"),
        (0x19, _) => Some("zen3"),
        (0x1a, _) => Some("zen5"),
        _ => None,
    }
}

fn output(folder: &Path, words: &[&str]) -> String {
    let run = Command::new(words[0]).args(&words[1..]).current_dir(folder).output();
    let text = run.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.unwrap_or_default()
}

fn today() -> String {
    const SECONDS_PER_DAY: u64 = 86_400;
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    date(since.as_secs() / SECONDS_PER_DAY)
}

/// The date that many days after 1970-01-01.
fn date(days: u64) -> String {
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let (mut year, mut rest) = (1970, days);
    loop {
        let length = if is_leap(year) { 366 } else { 365 };
        if rest < length {
            break;
        }
        rest -= length;
        year += 1;
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if rest < length {
            break;
        }
        rest -= length;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}", rest + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_know_leap_years() {
        for (days, expected) in [
            (0, "1970-01-01"),
            (11_016, "2000-02-29"),
            (11_017, "2000-03-01"),
            (20_513, "2026-03-01"),
            (20_818, "2026-12-31"),
            (20_819, "2027-01-01"),
        ] {
            assert_eq!(date(days), expected);
        }
    }

    #[test]
    fn slugs_keep_what_tells_processors_apart() {
        let amd =
            "vendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 1\nmodel name\t: AMD EPYC\n";
        assert_eq!(Processor::parse(amd).slug(), "epyc-zen3");
        assert_eq!(Processor::parse(amd).to_string(), "AMD EPYC (zen3)");
        let desktop = amd.replace("EPYC", "Ryzen 9 5950X 16-Core Processor");
        assert_eq!(Processor::parse(&desktop).slug(), "ryzen-9-5950x-zen3");
        let intel = "vendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 143\n\
                     model name\t: Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz\n";
        assert_eq!(Processor::parse(intel).slug(), "xeon-platinum-8481c");
        assert_eq!(Processor::parse("").slug(), std::env::consts::ARCH.replace('_', "-"));
    }

    #[test]
    fn generations_differ_by_model() {
        assert_eq!(zen(0x19, 0x01), Some("zen3"));
        assert_eq!(zen(0x19, 0x11), Some("zen4"));
        assert_eq!(zen(0x06, 0x8f), None);
    }
}
