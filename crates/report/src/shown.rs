//! Test images that the report shows: its mistakes. Given by the caller, who alone knows the
//! data.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::samples::SampleError;
use crate::sheet::{IMAGE_BYTES, Sheet};

/// Some test images by their position.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShownImages {
    /// 32×32 pixels each, row by row, red, green and blue interleaved: 3,072 bytes.
    pub images: BTreeMap<usize, Vec<u8>>,
}

/// What stands beside the sheet.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Index {
    /// Positions among the test images, in the order of the sheet.
    test_images: Vec<usize>,
}

impl ShownImages {
    /// As two small files: a PNG sheet of one row, and a JSON index.
    ///
    /// # Errors
    /// If an image has the wrong size or there is none.
    pub fn to_files(&self) -> Result<(Vec<u8>, Vec<u8>), SampleError> {
        if let Some((position, wrong)) = self.images.iter().find(|(_, i)| i.len() != IMAGE_BYTES) {
            let class = format!("position {position}");
            return Err(SampleError::ImageSize { class, actual: wrong.len() });
        }
        let columns: Vec<&[Vec<u8>]> = self.images.values().map(std::slice::from_ref).collect();
        let png = Sheet::of(&columns, 1).to_png()?;
        let index = Index { test_images: self.images.keys().copied().collect() };
        Ok((png, serde_json::to_vec(&index)?))
    }

    /// From the files that [`ShownImages::to_files`] made.
    ///
    /// # Errors
    /// If the files are damaged or do not belong together.
    pub fn from_files(png: &[u8], json: &[u8]) -> Result<Self, SampleError> {
        let index: Index = serde_json::from_slice(json)?;
        let sheet = Sheet::from_png(png, index.test_images.len(), 1)?;
        let images = index.test_images.into_iter().enumerate();
        Ok(Self { images: images.map(|(i, position)| (position, sheet.cut(i, 0))).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_survive_storage() {
        let image = |value: u8| vec![value; IMAGE_BYTES];
        let shown = ShownImages { images: BTreeMap::from([(7, image(1)), (9_999, image(200))]) };
        let (png, json) = shown.to_files().unwrap();
        assert_eq!(json, br#"{"test_images":[7,9999]}"#);
        assert_eq!(ShownImages::from_files(&png, &json).unwrap(), shown);
        let error = ShownImages::from_files(&png, br#"{"test_images":[7]}"#).unwrap_err();
        assert!(matches!(error, SampleError::SheetSize { .. }), "{error}");
    }
}
