//! Sample images: what the report shows of the data set, given by the caller, who alone knows
//! the data.

use serde::{Deserialize, Serialize};

use crate::figure::image::encode_rgb;

/// Side length of an image in pixels.
pub const SIDE: u32 = 32;

/// Bytes of an interleaved RGB image.
const IMAGE_BYTES: usize = (SIDE * SIDE * 3) as usize;

/// Gap between two images of a sheet, in pixels of the images.
const GAP: u32 = 2;

/// A few images of each class, and how many the training data have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SampleImages {
    /// In the order of the labels.
    pub classes: Vec<SampleClass>,
}

/// A few images of one class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleClass {
    /// The class's name.
    pub name: String,
    /// Images of that class in the training data.
    pub n_train_images: u64,
    /// 32×32 pixels each, row by row, red, green and blue interleaved: 3,072 bytes.
    pub images: Vec<Vec<u8>>,
}

/// What `samples.json` holds beside `samples.png`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Index {
    classes: Vec<IndexClass>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IndexClass {
    name: String,
    n_train_images: u64,
    n_samples: usize,
}

/// Why stored samples could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// The index is not what it should be.
    #[error("the index of the sample images is not valid")]
    Index(#[from] serde_json::Error),
    /// The sheet cannot be decoded.
    #[error("the sheet of the sample images is not a PNG file")]
    Decode(#[from] png::DecodingError),
    /// The sheet cannot be encoded.
    #[error("the sheet of the sample images cannot be encoded")]
    Encode(#[from] png::EncodingError),
    /// An image has the wrong number of bytes.
    #[error("a sample image of {class} has {actual} bytes instead of {IMAGE_BYTES}")]
    ImageSize {
        /// Its class.
        class: String,
        /// How many it has.
        actual: usize,
    },
    /// The sheet does not fit its index.
    #[error("the sheet of the sample images is {actual:?} pixels instead of {expected:?}")]
    SheetSize {
        /// By the index.
        expected: (u32, u32),
        /// As decoded.
        actual: (u32, u32),
    },
    /// The sheet is not 8-bit RGB.
    #[error("the sheet of the sample images is not 8-bit RGB")]
    SheetFormat,
}

/// All images on one white sheet, one class per column.
#[derive(Clone, Debug)]
pub(crate) struct Sheet {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) rgb: Vec<u8>,
}

impl SampleImages {
    /// As two small files: a PNG sheet and a JSON index.
    ///
    /// # Errors
    /// If an image has the wrong size or there is none.
    pub fn to_files(&self) -> Result<(Vec<u8>, Vec<u8>), SampleError> {
        for class in &self.classes {
            if let Some(wrong) = class.images.iter().find(|image| image.len() != IMAGE_BYTES) {
                let class = class.name.clone();
                return Err(SampleError::ImageSize { class, actual: wrong.len() });
            }
        }
        let classes = self.classes.iter().map(|class| IndexClass {
            name: class.name.clone(),
            n_train_images: class.n_train_images,
            n_samples: class.images.len(),
        });
        let json = serde_json::to_vec_pretty(&Index { classes: classes.collect() })?;
        let sheet = self.sheet(1);
        Ok((encode_rgb(sheet.width, sheet.height, &sheet.rgb)?, json))
    }

    /// From the files that [`SampleImages::to_files`] made.
    ///
    /// # Errors
    /// If the files are damaged or do not belong together.
    pub fn from_files(png: &[u8], json: &[u8]) -> Result<Self, SampleError> {
        let index: Index = serde_json::from_slice(json)?;
        let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info()?;
        let info = reader.info();
        let (actual, format) = ((info.width, info.height), (info.color_type, info.bit_depth));
        let rows = index.classes.iter().map(|class| class.n_samples).max().unwrap_or(0);
        let expected = sheet_size(index.classes.len(), rows, 1);
        if actual != expected {
            return Err(SampleError::SheetSize { expected, actual });
        }
        if format != (png::ColorType::Rgb, png::BitDepth::Eight) {
            return Err(SampleError::SheetFormat);
        }
        let mut rgb = vec![0; actual.0 as usize * actual.1 as usize * 3];
        reader.next_frame(&mut rgb)?;
        let classes = index.classes.into_iter().enumerate().map(|(column, class)| SampleClass {
            images: (0..class.n_samples).map(|row| cut(&rgb, actual.0, (column, row))).collect(),
            name: class.name,
            n_train_images: class.n_train_images,
        });
        Ok(Self { classes: classes.collect() })
    }

    /// At most `n` images of each class.
    pub(crate) fn first(&self, n: usize) -> Self {
        let classes = self.classes.iter().map(|class| SampleClass {
            images: class.images.iter().take(n).cloned().collect(),
            ..class.clone()
        });
        Self { classes: classes.collect() }
    }

    /// All images on one sheet, each pixel `zoom` pixels wide. Images of the wrong size stay
    /// white.
    pub(crate) fn sheet(&self, zoom: u32) -> Sheet {
        let rows = self.classes.iter().map(|class| class.images.len()).max().unwrap_or(0);
        let (width, height) = sheet_size(self.classes.len(), rows, zoom);
        let mut rgb = vec![255; width as usize * height as usize * 3];
        for (column, class) in self.classes.iter().enumerate() {
            for (row, image) in class.images.iter().enumerate() {
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
        Sheet { width, height, rgb }
    }
}

fn sheet_size(columns: usize, rows: usize, zoom: u32) -> (u32, u32) {
    let side = |n: usize| (n as u32 * (SIDE + GAP)).saturating_sub(GAP) * zoom;
    (side(columns), side(rows))
}

/// The image at a place of a decoded sheet.
fn cut(rgb: &[u8], width: u32, (column, row): (usize, usize)) -> Vec<u8> {
    let (left, top) = (column as u32 * (SIDE + GAP), row as u32 * (SIDE + GAP));
    (0..SIDE)
        .flat_map(|y| {
            let start = ((top + y) * width + left) as usize * 3;
            &rgb[start..start + SIDE as usize * 3]
        })
        .copied()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples() -> SampleImages {
        let class = |name: &str, n: u8| SampleClass {
            name: name.to_owned(),
            n_train_images: 5000,
            images: (0..n).map(|i| vec![i * 40 + name.len() as u8; IMAGE_BYTES]).collect(),
        };
        SampleImages { classes: vec![class("cat", 2), class("horse", 3)] }
    }

    #[test]
    fn samples_survive_storage() {
        let samples = samples();
        let (png, json) = samples.to_files().unwrap();
        assert_eq!(SampleImages::from_files(&png, &json).unwrap(), samples);
    }

    #[test]
    fn files_that_do_not_belong_together_are_refused() {
        let (png, _) = samples().to_files().unwrap();
        let error = SampleImages::from_files(&png, b"{\"classes\":[]}").unwrap_err();
        assert!(matches!(error, SampleError::SheetSize { .. }), "{error}");
    }
}
