//! Lists of the entries that are not zero.

use std::ops::Range;

use super::{BLOCK, GROUP, Sparse, padded};
use crate::simd::{Simd, TILE};

/// Those of up to `GROUP` rows and one block of the summed dimension.
pub(super) struct Lists {
    /// `[GROUP, BLOCK]`: places of the entries, counted in their block, hence below `BLOCK`:
    /// the product relies on it.
    indices: Vec<u32>,
    /// As `indices`.
    values: Vec<f32>,
    /// Each at most `BLOCK`.
    counts: [usize; GROUP],
}

impl Lists {
    pub(super) fn new() -> Self {
        let (indices, values) = (vec![0; GROUP * BLOCK], vec![0.0; GROUP * BLOCK]);
        Self { indices, values, counts: [0; GROUP] }
    }

    /// Entries of a row of the group: indices, each below `BLOCK`, and values.
    #[inline(always)]
    pub(super) fn row(&self, row: usize) -> (&[u32], &[f32]) {
        let count = self.counts[row];
        (&self.indices[row * BLOCK..][..count], &self.values[row * BLOCK..][..count])
    }

    /// Lists anew.
    #[inline(always)]
    pub(super) fn fill<S: Simd>(
        &mut self,
        simd: S,
        sparse: &Sparse<'_>,
        rows: &Range<usize>,
        summed: &Range<usize>,
    ) {
        self.counts.fill(0);
        match sparse {
            Sparse::Rows { matrix, n_summed } => {
                for (list, row) in rows.clone().enumerate() {
                    let block = &matrix[row * n_summed..][summed.clone()];
                    for (i, tile) in block.chunks(TILE).enumerate() {
                        self.push(simd, list, i * TILE, &padded(tile));
                    }
                }
            }
            Sparse::Columns { matrix, n_columns, columns } => {
                for list in (0..rows.len()).step_by(TILE) {
                    let width = TILE.min(rows.len() - list);
                    let first = columns.start + rows.start + list;
                    for row in summed.clone().step_by(TILE) {
                        let mut tile = [[0.0; TILE]; TILE];
                        for (tile, row) in tile.iter_mut().zip(row..summed.end) {
                            *tile = padded(&matrix[row * n_columns + first..][..width]);
                        }
                        let tile = simd.transpose(tile.each_ref());
                        for (i, column) in tile[..width].iter().enumerate() {
                            self.push(simd, list + i, row - summed.start, column);
                        }
                    }
                }
            }
        }
    }

    /// Adds to a list those of `values` that are not zero, with indices from `first` on. Of one
    /// list's calls, each must be given a `first` eight higher than the one before it.
    #[inline(always)]
    fn push<S: Simd>(&mut self, simd: S, list: usize, first: usize, values: &[f32; TILE]) {
        let count = self.counts[list];
        assert!(first + TILE <= BLOCK && count <= first, "indices below the block's end");
        let start = list * BLOCK + count;
        let indices = &mut self.indices[start..start + TILE];
        let values_kept = &mut self.values[start..start + TILE];
        // SAFETY: both slices have `TILE` elements.
        let n_kept = unsafe {
            let (indices, values_kept) = (indices.as_mut_ptr(), values_kept.as_mut_ptr());
            simd.keep_non_zero(values, first as u32, indices, values_kept)
        };
        self.counts[list] = count + n_kept;
    }
}
