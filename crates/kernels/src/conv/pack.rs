use super::{shape::ConvBlock, winograd};
use crate::AlignedBuffer;

/// How the forward pass computes the convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForwardMethod {
    /// Product by product, for every block; infinities as IEEE has them.
    Direct,
    /// Winograd's F(4×4, 3×3): a quarter of the products, for blocks that
    /// [`ConvBlock::has_winograd`]. Rounding errors are four times as large (root
    /// mean square 1.6e-6 of the sums' standard deviation for 64 input channels), and
    /// an infinity or NaN makes all 4×4 pixels of the tiles that see it NaN.
    Winograd,
}

impl ForwardMethod {
    /// The faster one that the block has.
    pub fn fastest(block: &ConvBlock) -> Self {
        if block.has_winograd() { Self::Winograd } else { Self::Direct }
    }
}

/// Weights and biases as the forward kernel reads them.
///
/// Output channels are cut into vectors, vectors into panels of two; channels
/// beyond `c_out` are zeros. A direct panel is `[3, 3, c_in, channels]`, one of
/// Winograd's `[6, 6, c_in, channels]`.
#[derive(Clone, Debug)]
pub struct ForwardWeights {
    pub(super) block: ConvBlock,
    pub(super) method: ForwardMethod,
    pub(super) packed: AlignedBuffer,
    pub(super) bias: AlignedBuffer,
}

impl ForwardWeights {
    /// Packs `weights` `[c_out, 3, 3, c_in]` and `bias` `[c_out]`.
    pub fn pack(block: &ConvBlock, method: ForwardMethod, weights: &[f32], bias: &[f32]) -> Self {
        assert_eq!(weights.len(), block.weight_len(), "weights: {block:?}");
        assert_eq!(bias.len(), block.c_out, "bias: {block:?}");
        let packed = match method {
            ForwardMethod::Direct => pack_direct(block, weights),
            ForwardMethod::Winograd => winograd::pack(block, weights),
        };
        let mut padded_bias =
            AlignedBuffer::zeros(block.c_out.next_multiple_of(block.isa().lanes()));
        padded_bias[..block.c_out].copy_from_slice(bias);
        Self { block: *block, method, packed, bias: padded_bias }
    }
}

fn pack_direct(block: &ConvBlock, weights: &[f32]) -> AlignedBuffer {
    let lanes = block.isa().lanes();
    let (taps, n_vectors) = (3 * block.kernel_row(), block.c_out.div_ceil(lanes));
    let mut packed = AlignedBuffer::zeros(taps * n_vectors * lanes);
    for panel in panels(n_vectors) {
        let (first, width) = (panel.start * lanes, panel.len() * lanes);
        let to = &mut packed[first * taps..][..width * taps];
        for (i, kernel) in weights.chunks_exact(taps).skip(first).take(width).enumerate() {
            for (to, &weight) in to[i..].iter_mut().step_by(width).zip(kernel) {
                *to = weight;
            }
        }
    }
    packed
}

/// Cuts vectors of output channels into panels of two, and one that is left over.
pub(super) fn panels(n_vectors: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    (0..n_vectors).step_by(2).map(move |start| start..n_vectors.min(start + 2))
}

/// Vectors of a kernel row in a column of the backward kernels: three kernel rows
/// × 4 vectors keep twelve sums in registers.
pub(super) const MAX_COLUMN: usize = 4;

/// Some neighbouring vectors of a kernel row.
///
/// The last vector of a row ends where the row ends, and so may overlap its
/// neighbour. Both are then in the same column: columns differ in size by at most
/// one, so that only a row of a single vector is a column of size one. Kernels rely
/// on that: they read all vectors of a column before they write any, and lanes
/// that two vectors share get the same value from both. (Rows shorter than a
/// vector have no columns; kernels then use plain loops.)
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    /// Position in the row of the first vector.
    pub(super) first: usize,
    /// From the first vector to the last; the others are `lanes` apart.
    pub(super) last: usize,
    pub(super) n_vectors: usize,
}

impl Column {
    /// Cuts a kernel row, of at least `lanes` floats, into columns.
    pub(super) fn of_row(kernel_row: usize, lanes: usize) -> impl Iterator<Item = Self> {
        let n_vectors = kernel_row.div_ceil(lanes);
        let n_columns = n_vectors.div_ceil(MAX_COLUMN);
        (0..n_columns).map(move |i| {
            let (start, end) = (i * n_vectors / n_columns, (i + 1) * n_vectors / n_columns);
            let first = start * lanes;
            let last = ((end - 1) * lanes).min(kernel_row - lanes);
            // A row of a single vector is exactly as long as that.
            Self { first, last: last - first, n_vectors: end - start }
        })
    }

    /// Position, from the column's first float, of vector `i`.
    #[inline(always)]
    pub(super) fn step(&self, i: usize, lanes: usize) -> usize {
        if i + 1 == self.n_vectors { self.last } else { i * lanes }
    }
}

/// Weights as [`ConvBlock::backward_input`] reads them: for each [`Column`]
/// `[c_out, 3, n_vectors, lanes]`, twice what two vectors share.
#[derive(Clone, Debug)]
pub struct InputGradientWeights {
    pub(super) block: ConvBlock,
    /// As packed, or as given where a kernel row is shorter than a vector.
    pub(super) weights: AlignedBuffer,
}

impl InputGradientWeights {
    /// Packs `weights` `[c_out, 3, 3, c_in]`.
    pub fn pack(block: &ConvBlock, weights: &[f32]) -> Self {
        assert_eq!(weights.len(), block.weight_len(), "weights: {block:?}");
        let (kernel_row, lanes) = (block.kernel_row(), block.isa().lanes());
        if kernel_row < lanes {
            return Self { block: *block, weights: weights.into() };
        }
        let len = 3 * block.c_out * kernel_row.next_multiple_of(lanes);
        let mut packed = AlignedBuffer::zeros(len);
        let mut to = packed.chunks_exact_mut(lanes);
        for column in Column::of_row(kernel_row, lanes) {
            for row in weights.chunks_exact(kernel_row) {
                for (i, to) in to.by_ref().take(column.n_vectors).enumerate() {
                    let start = column.first + column.step(i, lanes);
                    to.copy_from_slice(&row[start..start + lanes]);
                }
            }
        }
        Self { block: *block, weights: packed }
    }
}
