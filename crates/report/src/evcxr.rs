//! How figures and tables show in a notebook: evcxr, the Rust kernel, calls a value's method
//! `evcxr_display` and takes what stands between two marks on standard output for its content.

use std::io::Write as _;

use crate::figure::Figure;
use crate::table::Table;

/// Shows content of that MIME type as the output of a notebook's cell. If nobody listens to
/// standard output any more, nothing is shown.
pub fn show(mime: &str, content: &str) {
    let text = format!("EVCXR_BEGIN_CONTENT {mime}\n{content}\nEVCXR_END_CONTENT\n");
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

impl Figure {
    /// Shows the figure as the output of a notebook's cell.
    pub fn evcxr_display(&self) {
        show("image/svg+xml", &self.to_svg());
    }
}

impl Table {
    /// Shows the table as the output of a notebook's cell.
    pub fn evcxr_display(&self) {
        show("text/html", &format!("<table>{}</table>", self.to_html()));
    }
}
