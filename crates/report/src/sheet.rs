//! Small pictures on one white sheet, and cut out of it again.

use crate::figure::image::encode_rgb;
use crate::samples::{SIDE, SampleError};

/// Bytes of an interleaved RGB image.
pub(crate) const IMAGE_BYTES: usize = (SIDE * SIDE * 3) as usize;

/// Gap between two images of a sheet, in pixels of the images.
const GAP: u32 = 2;

/// Larger sheets are not read: a report shows some dozens of images.
const MOST_PIXELS: u64 = 1 << 24;

/// A picture of pictures.
#[derive(Clone, Debug)]
pub(crate) struct Sheet {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) rgb: Vec<u8>,
}

impl Sheet {
    /// Columns of images, each pixel `zoom` pixels wide. Images of the wrong size stay white.
    pub(crate) fn of(columns: &[&[Vec<u8>]], zoom: u32) -> Self {
        let rows = columns.iter().map(|images| images.len()).max().unwrap_or(0);
        let (width, height) = size(columns.len(), rows, zoom);
        let mut rgb = vec![255; width as usize * height as usize * 3];
        for (column, images) in columns.iter().enumerate() {
            for (row, image) in images.iter().enumerate() {
                if image.len() != IMAGE_BYTES {
                    continue;
                }
                let (left, top) = (column as u32 * (SIDE + GAP), row as u32 * (SIDE + GAP));
                for y in 0..SIDE * zoom {
                    for x in 0..SIDE * zoom {
                        let from = ((y / zoom * SIDE + x / zoom) * 3) as usize;
                        let to = ((top * zoom + y) * width + left * zoom + x) as usize * 3;
                        rgb[to..to + 3].copy_from_slice(&image[from..from + 3]);
                    }
                }
            }
        }
        Self { width, height, rgb }
    }

    pub(crate) fn to_png(&self) -> Result<Vec<u8>, png::EncodingError> {
        encode_rgb(self.width, self.height, &self.rgb)
    }

    /// A sheet of so many columns and rows.
    pub(crate) fn from_png(png: &[u8], columns: usize, rows: usize) -> Result<Self, SampleError> {
        let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info()?;
        let info = reader.info();
        let (actual, format) = ((info.width, info.height), (info.color_type, info.bit_depth));
        let expected = size(columns, rows, 1);
        if actual != expected || u64::from(actual.0) * u64::from(actual.1) > MOST_PIXELS {
            return Err(SampleError::SheetSize { expected, actual });
        }
        if format != (png::ColorType::Rgb, png::BitDepth::Eight) {
            return Err(SampleError::SheetFormat);
        }
        let mut rgb = vec![0; actual.0 as usize * actual.1 as usize * 3];
        reader.next_frame(&mut rgb)?;
        Ok(Self { width: actual.0, height: actual.1, rgb })
    }

    /// The image at a place.
    pub(crate) fn cut(&self, column: usize, row: usize) -> Vec<u8> {
        let (left, top) = (column as u32 * (SIDE + GAP), row as u32 * (SIDE + GAP));
        (0..SIDE)
            .flat_map(|y| {
                let start = ((top + y) * self.width + left) as usize * 3;
                &self.rgb[start..start + SIDE as usize * 3]
            })
            .copied()
            .collect()
    }
}

fn size(columns: usize, rows: usize, zoom: u32) -> (u32, u32) {
    let side = |n: usize| {
        let n = u32::try_from(n).unwrap_or(u32::MAX);
        n.saturating_mul(SIDE + GAP).saturating_sub(GAP).saturating_mul(zoom)
    };
    (side(columns), side(rows))
}
