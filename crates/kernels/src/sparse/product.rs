//! The product itself.

use std::ops::Range;

use super::list::Lists;
use super::{BLOCK, Dense, GROUP, PANEL_VECTORS, PANEL_WIDTH, Sparse, Start, padded};
use crate::AlignedBuffer;
use crate::simd::{CHUNK, Chunks, Isa, Kernel, Simd, TILE};

/// `out = start + sparse · dense`; `out` is `[n_rows, n_columns]`. The order of each sum depends
/// on `n_summed` only, so its bits depend neither on the other rows nor on the other columns.
pub(crate) fn product(
    isa: Isa,
    sparse: &Sparse<'_>,
    (start, dense): (Start<'_>, Dense<'_>),
    n_columns: usize,
    out: &mut [f32],
) {
    let [n_rows, n_summed] = sparse.sizes();
    let (Dense::Plain(data) | Dense::Transposed(data)) = dense;
    assert_eq!(data.len(), n_summed * n_columns, "the dense matrix's length");
    assert_eq!(out.len(), n_rows * n_columns, "the product's length");
    if let Start::Row(row) = start {
        assert_eq!(row.len(), n_columns, "the first row's length");
    }
    if n_summed == 0 {
        match start {
            Start::Zero => out.fill(0.0),
            Start::Row(row) => {
                out.chunks_exact_mut(n_columns.max(1)).for_each(|to| to.copy_from_slice(row));
            }
        }
    }
    isa.run(Product { sparse, start, dense, n_rows, n_summed, n_columns, out });
}

struct Product<'a> {
    sparse: &'a Sparse<'a>,
    start: Start<'a>,
    dense: Dense<'a>,
    n_rows: usize,
    n_summed: usize,
    n_columns: usize,
    out: &'a mut [f32],
}

impl Kernel for Product<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { sparse, start, dense, n_rows, n_summed, n_columns, out } = self;
        let mut panel = AlignedBuffer::zeros(BLOCK * PANEL_WIDTH);
        let mut lists = Lists::new();
        let groups = (0..n_rows).step_by(GROUP).map(|row| row..n_rows.min(row + GROUP));
        let blocks = (0..n_summed).step_by(BLOCK).map(|i| i..n_summed.min(i + BLOCK));
        for (group, summed) in
            groups.flat_map(|group| blocks.clone().map(move |b| (group.clone(), b)))
        {
            lists.fill(simd, sparse, &group, &summed);
            // The first block begins the sums.
            let start = (summed.start == 0).then_some(start);
            let out = &mut out[group.start * n_columns..group.end * n_columns];
            for first in (0..n_columns).step_by(PANEL_WIDTH) {
                let columns = first..n_columns.min(first + PANEL_WIDTH);
                pack(simd, dense, [&summed, &columns], [n_summed, n_columns], &mut panel);
                let rows = Rows { lists: &lists, start, n_columns, columns };
                match rows.columns.len().div_ceil(CHUNK) {
                    1 => rows.add::<S, 1>(simd, &panel, out),
                    2 => rows.add::<S, 2>(simd, &panel, out),
                    3 => rows.add::<S, 3>(simd, &panel, out),
                    4 => rows.add::<S, 4>(simd, &panel, out),
                    5 => rows.add::<S, 5>(simd, &panel, out),
                    6 => rows.add::<S, 6>(simd, &panel, out),
                    7 => rows.add::<S, 7>(simd, &panel, out),
                    8 => rows.add::<S, 8>(simd, &panel, out),
                    9 => rows.add::<S, 9>(simd, &panel, out),
                    10 => rows.add::<S, 10>(simd, &panel, out),
                    11 => rows.add::<S, 11>(simd, &panel, out),
                    _ => rows.add::<S, PANEL_VECTORS>(simd, &panel, out),
                }
            }
        }
    }
}

/// Copies a part of a dense matrix to `panel`, rows of whole vectors without gaps: at their own
/// stride, a power of two, the rows would evict each other from the first-level cache.
#[inline(always)]
fn pack<S: Simd>(
    simd: S,
    dense: Dense<'_>,
    [summed, columns]: [&Range<usize>; 2],
    [n_summed, n_columns]: [usize; 2],
    panel: &mut [f32],
) {
    let width = columns.len().next_multiple_of(CHUNK);
    match dense {
        Dense::Plain(data) => {
            for (to, row) in panel.chunks_exact_mut(width).zip(summed.clone()) {
                let from = &data[row * n_columns..][columns.clone()];
                to[..from.len()].copy_from_slice(from);
                to[from.len()..].fill(0.0);
            }
        }
        Dense::Transposed(data) => {
            for first in (0..width).step_by(TILE) {
                for row in summed.clone().step_by(TILE) {
                    let len = TILE.min(summed.end - row);
                    let mut tile = [[0.0; TILE]; TILE];
                    for (tile, column) in tile.iter_mut().zip(columns.start + first..columns.end) {
                        *tile = padded(&data[column * n_summed + row..][..len]);
                    }
                    let tile = simd.transpose(tile.each_ref());
                    let rows = panel[(row - summed.start) * width..].chunks_exact_mut(width);
                    for (to, tile) in rows.zip(&tile[..len]) {
                        to[first..first + TILE].copy_from_slice(tile);
                    }
                }
            }
        }
    }
}

/// One block of the summed dimension and one panel's columns, for a group's rows.
struct Rows<'a> {
    lists: &'a Lists,
    start: Option<Start<'a>>,
    n_columns: usize,
    columns: Range<usize>,
}

impl Rows<'_> {
    #[inline(always)]
    fn add<S: Simd, const N: usize>(&self, simd: S, panel: &[f32], out: &mut [f32]) {
        let Self { lists, start, n_columns, ref columns } = *self;
        assert!(panel.len() >= BLOCK * N * CHUNK);
        let start = start.map(|start| {
            let mut row = [0.0; PANEL_WIDTH];
            if let Start::Row(start) = start {
                row[..columns.len()].copy_from_slice(&start[columns.clone()]);
            }
            row
        });
        for (row, out) in out.chunks_exact_mut(n_columns).enumerate() {
            let (indices, values) = lists.row(row);
            let out = &mut out[columns.clone()];
            let mut sums = [simd.splat(0.0); N];
            for (&index, &value) in indices.iter().zip(values) {
                let value = simd.splat(value);
                for (i, sum) in sums.iter_mut().enumerate() {
                    // SAFETY: an index is below `BLOCK` (see `Lists::row`), `i` below
                    // `N`, and the panel holds at least `BLOCK · N` vectors: asserted above.
                    let operand =
                        unsafe { simd.load(panel.as_ptr().add((index as usize * N + i) * CHUNK)) };
                    *sum = simd.mul_add(value, operand, *sum);
                }
            }
            let start = start.as_ref().map(|start| &start[..columns.len()]);
            if let Some(chunks) = out.as_chunks_mut::<CHUNK>().0.first_chunk_mut::<N>() {
                if let Some(start) = start {
                    chunks.as_flattened_mut().copy_from_slice(start);
                }
                for (&sum, chunk) in sums.iter().zip(chunks) {
                    simd.store_chunk(chunk, simd.add(simd.load_chunk(chunk), sum));
                }
            } else {
                if let Some(start) = start {
                    out.copy_from_slice(start);
                }
                for (&sum, chunk) in sums.iter().zip(out.chunks_mut(CHUNK)) {
                    simd.store_up_to(chunk, simd.add(simd.load_up_to(chunk), sum));
                }
            }
        }
    }
}
