//! Images in channels-last memory, with or without a border of zeros around them.

/// Images `[height + 2·border, width + 2·border, channels]`, one after the other. A border of 1
/// is the padding of a 3×3 convolution; kernels write the inside only, and rely on the border
/// that the buffer's maker left zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Framed {
    /// Rows inside the border.
    pub height: usize,
    /// Columns inside the border.
    pub width: usize,
    /// Floats per pixel.
    pub channels: usize,
    /// Pixels on each side.
    pub border: usize,
}

impl Framed {
    /// Images without a border.
    #[must_use]
    pub fn dense(height: usize, width: usize, channels: usize) -> Self {
        Self { height, width, channels, border: 0 }
    }

    /// Images padded for a 3×3 convolution.
    #[must_use]
    pub fn padded(height: usize, width: usize, channels: usize) -> Self {
        Self { height, width, channels, border: 1 }
    }

    /// Floats from one row to the next.
    #[must_use]
    pub fn row_len(self) -> usize {
        (self.width + 2 * self.border) * self.channels
    }

    /// Floats of one image, border included.
    #[must_use]
    pub fn image_len(self) -> usize {
        (self.height + 2 * self.border) * self.row_len()
    }

    /// Pixels of one image inside the border.
    #[must_use]
    pub fn n_pixels(self) -> usize {
        self.height * self.width
    }

    /// Where the pixel in `row` and `column`, counted inside the border, begins in its image.
    #[must_use]
    pub fn pixel(self, row: usize, column: usize) -> usize {
        (row + self.border) * self.row_len() + (column + self.border) * self.channels
    }

    /// Images in a buffer of `len` floats.
    ///
    /// # Panics
    /// If it isn't a whole number.
    #[must_use]
    pub fn n_images(self, len: usize) -> usize {
        let n_images = len.checked_div(self.image_len()).unwrap_or(0);
        assert_eq!(len, n_images * self.image_len(), "whole images {self:?}");
        n_images
    }
}
