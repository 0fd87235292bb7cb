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

    /// Sets the borders of some images to zero.
    ///
    /// # Panics
    /// If they are not whole images.
    pub fn clear_borders(self, images: &mut [f32]) {
        let n_images = self.n_images(images.len());
        let side = self.border * self.channels;
        let top = self.border * self.row_len();
        for image in images.chunks_exact_mut(self.image_len().max(1)).take(n_images) {
            let (above, rest) = image.split_at_mut(top);
            let (rows, below) = rest.split_at_mut(self.height * self.row_len());
            above.fill(0.0);
            below.fill(0.0);
            for row in rows.chunks_exact_mut(self.row_len().max(1)) {
                let (left, inside) = row.split_at_mut(side);
                left.fill(0.0);
                inside[self.width * self.channels..].fill(0.0);
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn borders_are_cleared_and_nothing_else() {
        let shape = Framed::padded(2, 3, 2);
        let mut images = vec![1.0; 2 * shape.image_len()];
        shape.clear_borders(&mut images);
        let inside: usize = images.iter().filter(|x| **x == 1.0).count();
        assert_eq!(inside, 2 * shape.n_pixels() * shape.channels);
        for image in images.chunks(shape.image_len()) {
            for (row, column) in (0..2).flat_map(|row| (0..3).map(move |column| (row, column))) {
                let pixel = shape.pixel(row, column);
                assert_eq!(image[pixel..pixel + 2], [1.0, 1.0]);
            }
        }
        let mut images = vec![1.0; 12];
        Framed::dense(2, 3, 2).clear_borders(&mut images);
        assert_eq!(images, [1.0; 12]);
    }
}
