//! From PyTorch's order of a tensor's elements to ours and back: convolutions here are
//! channels last, and so are the features that the first fully connected layer reads.

/// Elements `[outer, a, b, inner]` in the order `[outer, b, a, inner]`.
fn swap_axes(values: &[f32], [outer, a, b, inner]: [usize; 4]) -> Vec<f32> {
    assert_eq!(values.len(), outer * a * b * inner, "elements of the tensor");
    let mut swapped = Vec::with_capacity(values.len());
    for outer_idx in 0..outer {
        for b_idx in 0..b {
            for a_idx in 0..a {
                let at = ((outer_idx * a + a_idx) * b + b_idx) * inner;
                swapped.extend_from_slice(&values[at..at + inner]);
            }
        }
    }
    swapped
}

/// `[out, in, 3, 3]` to `[out, 3, 3, in]`.
#[must_use]
pub(crate) fn channels_last(kernel: &[f32], n_out: usize, n_in: usize) -> Vec<f32> {
    swap_axes(kernel, [n_out, n_in, 9, 1])
}

/// `[out, 3, 3, in]` to `[out, in, 3, 3]`.
#[must_use]
pub(crate) fn channels_first(kernel: &[f32], n_out: usize, n_in: usize) -> Vec<f32> {
    swap_axes(kernel, [n_out, 9, n_in, 1])
}

/// The inputs of a fully connected layer: pixels of some channels. Channel by channel in
/// PyTorch, pixel by pixel here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inputs {
    /// Channels of each pixel.
    pub(crate) channels: usize,
    /// Pixels.
    pub(crate) pixels: usize,
}

impl Inputs {
    /// Inputs without a place in an image.
    #[must_use]
    pub(crate) fn flat(n: usize) -> Self {
        Self { channels: n, pixels: 1 }
    }

    /// Number of inputs.
    #[must_use]
    pub(crate) fn len(self) -> usize {
        self.channels * self.pixels
    }

    /// Rows `[in, out]`, from channel by channel to pixel by pixel.
    #[must_use]
    pub(crate) fn pixel_by_pixel(self, rows: &[f32], n_out: usize) -> Vec<f32> {
        swap_axes(rows, [1, self.channels, self.pixels, n_out])
    }

    /// PyTorch's `[out, in]` to `[in, out]`, pixel by pixel.
    #[must_use]
    pub(crate) fn import(self, weight: &[f32], n_out: usize) -> Vec<f32> {
        self.pixel_by_pixel(&swap_axes(weight, [1, n_out, self.len(), 1]), n_out)
    }

    /// `[in, out]`, pixel by pixel, to PyTorch's `[out, in]`.
    #[must_use]
    pub(crate) fn export(self, weight: &[f32], n_out: usize) -> Vec<f32> {
        let rows = swap_axes(weight, [1, self.pixels, self.channels, n_out]);
        swap_axes(&rows, [1, self.len(), n_out, 1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(n: usize) -> Vec<f32> {
        (0..n).map(|i| i as f32).collect()
    }

    #[test]
    fn a_kernel_s_channels_move_to_the_end_and_back() {
        let kernel = counted(2 * 3 * 9);
        let last = channels_last(&kernel, 2, 3);
        // Output channel 1, row 1, column 2, input channel 2.
        assert_eq!(last[(9 + 5) * 3 + 2], kernel[(3 + 2) * 9 + 5]);
        assert_eq!(channels_first(&last, 2, 3), kernel);
    }

    #[test]
    fn a_matrix_is_transposed_and_its_inputs_reordered_and_back() {
        let (inputs, n_out) = (Inputs { channels: 3, pixels: 4 }, 2);
        let weight = counted(24);
        let rows = inputs.import(&weight, n_out);
        // Pixel 3, channel 1, output 1.
        assert_eq!(rows[(3 * 3 + 1) * 2 + 1], weight[12 + 4 + 3]);
        assert_eq!(inputs.export(&rows, n_out), weight);
    }
}
