//! The studies that come with the program.

/// A study that comes with the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What it is for, in a few words.
    pub about: &'static str,
    /// The study file.
    pub source: &'static str,
}

/// All of them.
pub const PRESETS: [Preset; 3] = [
    Preset {
        name: "quick",
        about: "all three experiments on part of CIFAR-10, with a small network, in minutes",
        source: include_str!("../../../../studies/quick.toml"),
    },
    Preset {
        name: "cifar10",
        about: "the full study of CIFAR-10",
        source: include_str!("../../../../studies/cifar10.toml"),
    },
    Preset {
        name: "synthetic",
        about: "all three experiments on generated images, in seconds: a test of the program",
        source: include_str!("../../../../studies/synthetic.toml"),
    },
];

/// The preset of that name.
#[must_use]
pub fn preset(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}
