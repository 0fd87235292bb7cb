//! Batches from byte images.

use crate::framed::Framed;

/// Planes of an image: red, green, blue.
const N_PLANES: usize = 3;

/// The normalised value of each byte in each plane: `(byte / 255 − mean) / std`, computed in 64
/// bits and rounded once.
#[derive(Clone, Debug, PartialEq)]
pub struct ByteTable([[f32; 256]; N_PLANES]);

impl ByteTable {
    /// From each plane's mean and standard deviation of `byte / 255`.
    #[must_use]
    pub fn new(mean: [f64; N_PLANES], std: [f64; N_PLANES]) -> Self {
        Self(std::array::from_fn(|plane| {
            std::array::from_fn(|byte| ((byte as f64 / 255.0 - mean[plane]) / std[plane]) as f32)
        }))
    }
}

/// Gathers images by index, normalises them, and writes them channels last; the border is
/// written too, as zeros.
///
/// # Shapes
/// - images `[n, 3, height, width]`
/// - indices `[n_batch]`
/// - `shape`: 3 channels
/// - batch: `n_batch` images of that shape
///
/// # Panics
/// If a length doesn't fit, or an index is out of range.
pub fn gather(
    images: &[u8],
    indices: &[usize],
    table: &ByteTable,
    shape: Framed,
    batch: &mut [f32],
) {
    assert_eq!(shape.channels, N_PLANES, "the channels");
    assert_eq!(batch.len(), indices.len() * shape.image_len(), "the batch's length");
    let n_pixels = shape.n_pixels();
    if n_pixels == 0 {
        return batch.fill(0.0);
    }
    for (frame, &index) in batch.chunks_exact_mut(shape.image_len()).zip(indices) {
        let image = &images[index * N_PLANES * n_pixels..][..N_PLANES * n_pixels];
        let (red, rest) = image.split_at(n_pixels);
        let (green, blue) = rest.split_at(n_pixels);
        let first = shape.pixel(0, 0);
        frame[..first].fill(0.0);
        let width = shape.width;
        for row in 0..shape.height {
            let start = shape.pixel(row, 0);
            let (pixels, gap) = frame[start..].split_at_mut(width * N_PLANES);
            let (pixels, _) = pixels.as_chunks_mut::<N_PLANES>();
            let planes = [red, green, blue].map(|plane| &plane[row * width..][..width]);
            let [table_red, table_green, table_blue] = &table.0;
            for (i, pixel) in pixels.iter_mut().enumerate() {
                *pixel = [
                    table_red[usize::from(planes[0][i])],
                    table_green[usize::from(planes[1][i])],
                    table_blue[usize::from(planes[2][i])],
                ];
            }
            // To the next row's first pixel, or the image's end.
            let gap_len = gap.len().min(2 * shape.border * N_PLANES);
            gap[..gap_len].fill(0.0);
        }
        let end = shape.pixel(shape.height, 0).min(frame.len());
        frame[end..].fill(0.0);
    }
}
