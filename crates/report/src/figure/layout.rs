//! Small multiples: panels of equal size on a grid.

use super::WIDTH;
use super::canvas::Frame;

/// A grid of equal panels that fills the width of the figure.
#[derive(Clone, Copy, Debug)]
pub struct Grid {
    /// Panels side by side.
    pub columns: usize,
    /// Panels above each other.
    pub rows: usize,
    /// Height of each panel.
    pub panel_height: f64,
    /// Room left of the first column, for the vertical axis.
    pub left: f64,
    /// Room right of the last column, for direct labels.
    pub right: f64,
    /// Room above the first row, for legend and titles.
    pub top: f64,
    /// Room below the last row, for the horizontal axis.
    pub bottom: f64,
    /// Room between columns.
    pub column_gap: f64,
    /// Room between rows.
    pub row_gap: f64,
}

impl Default for Grid {
    fn default() -> Self {
        Self {
            columns: 1,
            rows: 1,
            panel_height: 150.0,
            left: 46.0,
            right: 10.0,
            top: 24.0,
            bottom: 38.0,
            column_gap: 22.0,
            row_gap: 30.0,
        }
    }
}

impl Grid {
    /// The frame of one panel.
    #[must_use]
    pub fn frame(&self, row: usize, column: usize) -> Frame {
        let gaps = self.column_gap * self.columns.saturating_sub(1) as f64;
        let width = (WIDTH - self.left - self.right - gaps) / self.columns.max(1) as f64;
        Frame {
            x: self.left + column as f64 * (width + self.column_gap),
            y: self.top + row as f64 * (self.panel_height + self.row_gap),
            width,
            height: self.panel_height,
        }
    }

    /// Height of the figure.
    #[must_use]
    pub fn height(&self) -> f64 {
        self.frame(self.rows.saturating_sub(1), 0).bottom() + self.bottom
    }
}
