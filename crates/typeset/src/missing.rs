//! Letters that no font has.

use std::collections::BTreeSet;

use typst::layout::{Frame, FrameItem};
use typst_layout::PagedDocument;

/// The letters that became the box which every font has for what it lacks, ascending.
pub(crate) fn letters(document: &PagedDocument) -> Vec<char> {
    let mut letters = BTreeSet::new();
    for page in document.pages() {
        collect(&page.frame, &mut letters);
    }
    letters.into_iter().collect()
}

fn collect(frame: &Frame, letters: &mut BTreeSet<char>) {
    for (_, item) in frame.items() {
        match item {
            FrameItem::Group(group) => collect(&group.frame, letters),
            FrameItem::Text(text) => {
                let boxes = text.glyphs.iter().filter(|glyph| glyph.id == 0);
                let behind = boxes.filter_map(|glyph| text.text.get(glyph.range()));
                letters.extend(behind.flat_map(str::chars).filter(|letter| has_a_shape(*letter)));
            }
            _ => {}
        }
    }
}

/// Whether a sign can be seen: others may be boxes to the typesetter, and yet nobody misses them.
fn has_a_shape(letter: char) -> bool {
    let joins = matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}');
    let varies = matches!(letter, '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e01ef}');
    !(letter.is_control() || letter.is_whitespace() || joins || varies)
}
