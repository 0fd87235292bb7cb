//! From winners as the forward pass writes them, channels last, to a list for
//! each channel: 8×8 windows × channels are transposed in registers and then
//! compressed. One by one this took as long as the products themselves.

use super::shape::{ConvBlock, Pooled};
use crate::pool::DEAD;
use crate::simd::{NO_POSITION, Simd, TILE};

/// For each output channel the pixels that won in some images.
pub(super) struct ChannelLists {
    positions: Vec<u32>,
    gradients: Vec<f32>,
    lens: Vec<usize>,
    capacity: usize,
}

/// A list of winners.
#[derive(Clone, Copy)]
pub(super) struct Winners<'a> {
    /// Of a channel: where, in some images, each pixel begins to see. Of a pixel:
    /// the channels.
    pub(super) which: &'a [u32],
    pub(super) gradients: &'a [f32],
}

impl Winners<'_> {
    #[inline(always)]
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, f32)> {
        self.which.iter().map(|&which| which as usize).zip(self.gradients.iter().copied())
    }
}

impl ChannelLists {
    /// Empty lists, with room for the winners of `n_images`.
    pub(super) fn new(block: &ConvBlock, n_images: usize) -> Self {
        // Whole tiles are written; and an odd number of cache lines, so that the heads
        // of lists don't compete for the same cache sets.
        let per_line = 64 / size_of::<u32>();
        let capacity = ((n_images * block.n_cells() + TILE).div_ceil(per_line) | 1) * per_line;
        let n_lists = block.c_out.next_multiple_of(TILE);
        Self {
            positions: vec![0; n_lists * capacity],
            gradients: vec![0.0; n_lists * capacity],
            lens: vec![0; n_lists],
            capacity,
        }
    }

    pub(super) fn clear(&mut self) {
        self.lens.fill(0);
    }

    pub(super) fn of(&self, channel: usize) -> Winners<'_> {
        let range = channel * self.capacity..channel * self.capacity + self.lens[channel];
        Winners { which: &self.positions[range.clone()], gradients: &self.gradients[range] }
    }

    /// Appends the winners of image `image_idx`; it begins at `image_position` of
    /// the images that positions refer to.
    #[inline(always)]
    pub(super) fn append<S: Simd>(
        &mut self,
        simd: S,
        block: &ConvBlock,
        (gradient, winners): (Pooled<'_>, &[u8]),
        image_idx: usize,
        image_position: usize,
    ) {
        let winners = &winners[image_idx * block.pooled_len()..][..block.pooled_len()];
        let width = block.pooled_width();
        // Origins are below `NO_POSITION`, so that adding one keeps that mark.
        let mut steps = [NO_POSITION; TILE];
        for (step, pixel_step) in steps.iter_mut().zip(block.pixel_steps()) {
            *step = pixel_step as u32;
        }
        // What the windows beyond the last hold.
        let (dead, zeros) = (vec![DEAD; block.c_out], vec![0.0; block.c_out]);
        for first_cell in (0..block.n_cells()).step_by(TILE) {
            let mut tile =
                Tile { steps, origins: [0; TILE], marks: [&dead; TILE], gradients: [&zeros; TILE] };
            for i in 0..TILE.min(block.n_cells() - first_cell) {
                let (y, x) = ((first_cell + i) / width, (first_cell + i) % width);
                let at = gradient.placement.at(block, image_idx, y, x);
                tile.origins[i] = (image_position + block.cell_origin(y, x)) as u32;
                tile.marks[i] = &winners[(first_cell + i) * block.c_out..][..block.c_out];
                tile.gradients[i] = &gradient.data[at..][..block.c_out];
            }
            let n_whole = block.c_out / TILE * TILE;
            for first in (0..n_whole).step_by(TILE) {
                let (mut marks, mut gradients) = ([&[DEAD; TILE]; TILE], [&[0.0; TILE]; TILE]);
                for i in 0..TILE {
                    marks[i] = tile.marks[i][first..].first_chunk().expect("a whole tile");
                    gradients[i] = tile.gradients[i][first..].first_chunk().expect("a whole tile");
                }
                self.append_tile(simd, first, &tile, (marks, gradients));
            }
            let n_left = block.c_out - n_whole;
            if n_left > 0 {
                let (mut marks, mut gradients) = ([[DEAD; TILE]; TILE], [[0.0; TILE]; TILE]);
                for i in 0..TILE {
                    marks[i][..n_left].copy_from_slice(&tile.marks[i][n_whole..]);
                    gradients[i][..n_left].copy_from_slice(&tile.gradients[i][n_whole..]);
                }
                let (marks, gradients) = (marks.each_ref(), gradients.each_ref());
                self.append_tile(simd, n_whole, &tile, (marks, gradients));
            }
        }
    }

    /// Appends to the lists of the channels from `first`; rows are windows.
    #[inline(always)]
    fn append_tile<S: Simd>(
        &mut self,
        simd: S,
        first: usize,
        tile: &Tile<'_>,
        (marks, gradients): ([&[u8; TILE]; TILE], [&[f32; TILE]; TILE]),
    ) {
        let mut positions = [[0; TILE]; TILE];
        for i in 0..TILE {
            positions[i] = simd.look_up(&tile.steps, marks[i], &[tile.origins[i]; TILE]);
        }
        let positions = simd.transpose(positions.each_ref());
        let gradients = simd.transpose(gradients);
        for (i, (positions, gradients)) in positions.iter().zip(&gradients).enumerate() {
            self.append_channel(simd, first + i, positions, gradients);
        }
    }

    #[inline(always)]
    fn append_channel<S: Simd>(
        &mut self,
        simd: S,
        channel: usize,
        positions: &[u32; TILE],
        values: &[f32; TILE],
    ) {
        let len = self.lens[channel];
        assert!(len + TILE <= self.capacity);
        let at = channel * self.capacity + len;
        // SAFETY: channel `channel`'s list begins at `channel` · `capacity` of both
        // vectors, which hold `lens.len()` · `capacity`, and `TILE` more fit into it.
        let n_kept = unsafe {
            let to_positions = self.positions.as_mut_ptr().add(at);
            let to_values = self.gradients.as_mut_ptr().add(at);
            simd.keep_positions(positions, values, to_positions, to_values)
        };
        self.lens[channel] += n_kept;
    }
}

/// Some neighbouring windows, all channels.
struct Tile<'a> {
    /// From a window's first pixel to that with each mark.
    steps: [u32; TILE],
    /// Where each window begins to see.
    origins: [u32; TILE],
    marks: [&'a [u8]; TILE],
    gradients: [&'a [f32]; TILE],
}
