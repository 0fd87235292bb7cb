//! Twin of the batch's assembly.

use crate::framed::Framed;

/// One image `[3, height, width]` of bytes, normalised, in the padded layout of `shape`.
#[must_use]
pub fn normalize(image: &[u8], mean: [f64; 3], std: [f64; 3], shape: Framed) -> Vec<f32> {
    let mut frame = vec![0.0; shape.image_len()];
    for (i, &byte) in image.iter().enumerate() {
        let (plane, pixel) = (i / shape.n_pixels(), i % shape.n_pixels());
        let to = shape.pixel(pixel / shape.width, pixel % shape.width) + plane;
        frame[to] = ((f64::from(byte) / 255.0 - mean[plane]) / std[plane]) as f32;
    }
    frame
}
