//! All that the typesetter may see.

use std::collections::HashMap;
use std::path::PathBuf;

use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source as Markup, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt as _, World, WorldExt as _};

use crate::{Source, TypesetError};

/// A world of the files and fonts that were passed in, and nothing else.
pub(crate) struct Closed {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    main: Markup,
    files: HashMap<FileId, Bytes>,
}

impl Closed {
    pub(crate) fn new(source: &Source) -> Result<Self, TypesetError> {
        let passed = source.fonts.iter().copied();
        let fonts: Vec<Font> = passed
            .chain(typst_assets::fonts())
            .flat_map(|font| Font::iter(Bytes::new(font)))
            .collect();
        let files = source
            .files
            .iter()
            .map(|(path, bytes)| Ok((file_id(path)?, Bytes::new(bytes.clone()))));
        Ok(Self {
            library: LazyHash::new(Library::default()),
            book: LazyHash::new(FontBook::from_fonts(&fonts)),
            fonts,
            main: Markup::new(file_id("main.typ")?, source.main.clone()),
            files: files.collect::<Result<_, _>>()?,
        })
    }

    /// A mistake in words, with its line.
    pub(crate) fn describe(&self, problem: &SourceDiagnostic) -> String {
        let range = self.range(problem.span);
        let line = range.and_then(|range| self.main.lines().byte_to_line(range.start));
        let hints = problem.hints.iter().map(|hint| format!(" ({})", hint.v));
        let text = format!("{}{}", problem.message, hints.collect::<String>());
        match line {
            Some(line) => format!("line {}: {text}", line + 1),
            None => text,
        }
    }

    fn not_found(id: FileId) -> FileError {
        FileError::NotFound(PathBuf::from(id.get().vpath().get_without_slash()))
    }
}

fn file_id(path: &str) -> Result<FileId, TypesetError> {
    let inside =
        VirtualPath::new(path).map_err(|_| TypesetError::Path { path: path.to_owned() })?;
    Ok(RootedPath::new(VirtualRoot::Project, inside).intern())
}

impl World for Closed {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    fn main(&self) -> FileId {
        self.main.id()
    }

    fn source(&self, id: FileId) -> FileResult<Markup> {
        if id == self.main.id() { Ok(self.main.clone()) } else { Err(Self::not_found(id)) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        self.files.get(&id).cloned().ok_or_else(|| Self::not_found(id))
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.get(index).cloned()
    }

    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None
    }
}
