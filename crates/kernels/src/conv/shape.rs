use crate::Isa;

/// Sizes of one block. All lengths are counts of elements.
///
/// Fields can't be changed once checked: the kernels' proofs of safety need that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvBlock {
    pub(crate) c_in: usize,
    pub(crate) c_out: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
    isa: Isa,
}

/// Largest extent: no product of sizes overflows 64 bits.
const MAX_EXTENT: usize = (1 << 15) - 1;
/// Largest image and weight, in floats: positions in a list of images fit 31 bits.
const MAX_LEN: usize = 1 << 26;

impl ConvBlock {
    /// A block on the fastest instruction set here.
    pub fn new(c_in: usize, c_out: usize, height: usize, width: usize) -> Self {
        Self::with_isa(Isa::detect(), c_in, c_out, height, width)
    }

    /// A block on the given instruction set.
    pub fn with_isa(isa: Isa, c_in: usize, c_out: usize, height: usize, width: usize) -> Self {
        let block = Self { c_in, c_out, height, width, isa };
        assert!(c_in > 0 && c_out > 0, "a block needs channels: {block:?}");
        let largest = c_in.max(c_out).max(height).max(width);
        assert!(largest <= MAX_EXTENT, "too large: {block:?}");
        assert!(block.padded_len().max(block.weight_len()) <= MAX_LEN, "too large: {block:?}");
        block
    }

    /// Channels of the input.
    pub fn c_in(&self) -> usize {
        self.c_in
    }

    /// Channels of the output.
    pub fn c_out(&self) -> usize {
        self.c_out
    }

    /// Rows of an image, border not counted.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Columns of an image, border not counted.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The instruction set whose kernels run.
    pub fn isa(&self) -> Isa {
        self.isa
    }

    /// Rows after pooling.
    pub fn pooled_height(&self) -> usize {
        self.height / 2
    }

    /// Columns after pooling.
    pub fn pooled_width(&self) -> usize {
        self.width / 2
    }

    /// Pooling windows of an image.
    pub fn n_cells(&self) -> usize {
        self.pooled_height() * self.pooled_width()
    }

    /// Floats of a row of a padded image.
    pub fn padded_row(&self) -> usize {
        (self.width + 2) * self.c_in
    }

    /// Floats of a padded image: `[height + 2, width + 2, c_in]`.
    pub fn padded_len(&self) -> usize {
        (self.height + 2) * self.padded_row()
    }

    /// Floats of a row of the kernel: `[3, c_in]`.
    pub fn kernel_row(&self) -> usize {
        3 * self.c_in
    }

    /// Floats of the weights: `[c_out, 3, 3, c_in]`.
    pub fn weight_len(&self) -> usize {
        self.c_out * 3 * self.kernel_row()
    }

    /// Floats of a pooled image, and bytes of its winners:
    /// `[pooled_height, pooled_width, c_out]`.
    pub fn pooled_len(&self) -> usize {
        self.n_cells() * self.c_out
    }

    /// Position, in a padded image, of the first float that the window's first
    /// pixel sees.
    pub(crate) fn cell_origin(&self, cell_y: usize, cell_x: usize) -> usize {
        2 * cell_y * self.padded_row() + 2 * cell_x * self.c_in
    }

    /// From the window's first pixel to each of the four.
    pub(crate) fn pixel_steps(&self) -> [usize; 4] {
        [0, self.c_in, self.padded_row(), self.padded_row() + self.c_in]
    }

    /// Number of images in `padded`.
    pub(crate) fn count_images(&self, padded: &[f32]) -> usize {
        let n_images = padded.len() / self.padded_len();
        assert_eq!(padded.len(), n_images * self.padded_len(), "whole padded images: {self:?}");
        n_images
    }
}

/// Where pooled images `[pooled_height, pooled_width, c_out]` lie in a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Position of the first value of the first image.
    pub offset: usize,
    /// From one row to the next.
    pub row: usize,
    /// From one image to the next.
    pub image: usize,
}

impl Placement {
    /// One after the other, without borders.
    pub fn dense(block: &ConvBlock) -> Self {
        Self { offset: 0, row: block.pooled_width() * block.c_out, image: block.pooled_len() }
    }

    /// Inside the borders of the padded images that the next block reads.
    pub fn padded(block: &ConvBlock) -> Self {
        let row = (block.pooled_width() + 2) * block.c_out;
        Self { offset: row + block.c_out, row, image: (block.pooled_height() + 2) * row }
    }

    /// Panics unless `len` floats hold `n_images` images that don't overlap.
    pub(crate) fn check(&self, block: &ConvBlock, n_images: usize, len: usize) {
        if n_images == 0 || block.n_cells() == 0 {
            return;
        }
        let row_len = block.pooled_width() * block.c_out;
        // In 128 bits: strides come from the caller, and might overflow.
        let wide = |n: usize| n as u128;
        let image_len = wide(block.pooled_height() - 1) * wide(self.row) + wide(row_len);
        let apart = self.row >= row_len && wide(self.image) >= image_len;
        assert!(apart, "overlap: {self:?}, {block:?}");
        let end = wide(self.offset) + wide(n_images - 1) * wide(self.image) + image_len;
        assert!(end <= wide(len), "{n_images} images end at {end} of {len}: {self:?}, {block:?}");
    }

    /// Position of the first channel of a pooled pixel.
    #[inline(always)]
    pub(crate) fn at(&self, block: &ConvBlock, image: usize, y: usize, x: usize) -> usize {
        self.offset + image * self.image + y * self.row + x * block.c_out
    }
}

/// Pooled images to read.
#[derive(Clone, Copy, Debug)]
pub struct Pooled<'a> {
    /// The buffer.
    pub data: &'a [f32],
    /// Where in it the images lie.
    pub placement: Placement,
}

/// Pooled images to write. What lies between them is left as it is.
#[derive(Debug)]
pub struct PooledMut<'a> {
    /// The buffer.
    pub data: &'a mut [f32],
    /// Where in it the images lie.
    pub placement: Placement,
}
