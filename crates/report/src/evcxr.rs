//! How figures and tables show in a notebook: evcxr, the Rust kernel, calls a value's method
//! `evcxr_display` and takes what stands between two marks on standard output for its content.

use crate::figure::Figure;
use crate::table::Table;

/// Shows content of that MIME type as the output of a notebook's cell.
#[expect(clippy::print_stdout, reason = "the kernel reads standard output")]
pub fn show(mime: &str, content: &str) {
    println!("EVCXR_BEGIN_CONTENT {mime}\n{content}\nEVCXR_END_CONTENT");
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
