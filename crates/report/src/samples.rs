//! Sample images: what the report shows of the data set, given by the caller, who alone knows
//! the data.

use serde::{Deserialize, Serialize};

use crate::sheet::{IMAGE_BYTES, Sheet};

/// Side length of an image in pixels.
pub const SIDE: u32 = 32;

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
        Ok((self.sheet(1).to_png()?, json))
    }

    /// From the files that [`SampleImages::to_files`] made.
    ///
    /// # Errors
    /// If the files are damaged or do not belong together.
    pub fn from_files(png: &[u8], json: &[u8]) -> Result<Self, SampleError> {
        let index: Index = serde_json::from_slice(json)?;
        let rows = index.classes.iter().map(|class| class.n_samples).max().unwrap_or(0);
        let sheet = Sheet::from_png(png, index.classes.len(), rows)?;
        let classes = index.classes.into_iter().enumerate().map(|(column, class)| SampleClass {
            images: (0..class.n_samples).map(|row| sheet.cut(column, row)).collect(),
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

    /// All images on one sheet, one class per column, each pixel `zoom` pixels wide.
    pub(crate) fn sheet(&self, zoom: u32) -> Sheet {
        let columns: Vec<&[Vec<u8>]> = self.classes.iter().map(|c| c.images.as_slice()).collect();
        Sheet::of(&columns, zoom)
    }
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
        let many =
            br#"{"classes":[{"name":"a","n_train_images":1,"n_samples":99999999999999999}]}"#;
        for index in [&b"{\"classes\":[]}"[..], many] {
            let error = SampleImages::from_files(&png, index).unwrap_err();
            assert!(matches!(error, SampleError::SheetSize { .. }), "{error}");
        }
    }
}
