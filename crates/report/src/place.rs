//! Where a report stands, and what follows for the commands and paths in it.

/// What the report says of where it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// How the study is named to the program.
    pub origin: Origin,
    /// The program's source seen from the report's folder, for the notebook; none if it isn't
    /// known.
    pub source: Option<String>,
}

/// How the study is named to the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// By its name: it comes with the program.
    #[default]
    Preset,
    /// By the folder of its records, in which the study is kept as it was written.
    Folder,
}
