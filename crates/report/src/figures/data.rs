//! The data set: what its images look like, and how many there are of each class.

use crate::figure::canvas::{Canvas, Frame, Text};
use crate::figure::palette::{GREY, PLAIN, WHITE};
use crate::figure::{Figure, Heading, WIDTH, size};
use crate::number::count;
use crate::samples::{SIDE, SampleImages};

/// More would fill the page, and the file.
const MOST_PER_CLASS: usize = 5;

/// A few images of each class, one class per column.
///
/// # Errors
/// If the pictures cannot be encoded.
pub fn sample_images(samples: &SampleImages) -> Result<Option<Figure>, png::EncodingError> {
    const TOP: f64 = 18.0;
    let columns = samples.classes.len();
    let samples = samples.first(MOST_PER_CLASS);
    let rows = samples.classes.iter().map(|class| class.images.len()).max().unwrap_or(0);
    if columns == 0 || rows == 0 {
        return Ok(None);
    }
    let sheet = samples.sheet(2);
    let png = sheet.to_png()?;
    let mut canvas = Canvas::new();
    let step = WIDTH / columns as f64;
    for (i, class) in samples.classes.iter().enumerate() {
        let x = (i as f64 + 0.5) * step;
        canvas.text(&Text::at(x, TOP - 7.0, &class.name).middle());
    }
    let height = WIDTH * f64::from(sheet.height) / f64::from(sheet.width);
    canvas.image(Frame { x: 0.0, y: TOP, width: WIDTH, height }, &png);
    let heading = Heading::new(
        "sample_images",
        "Images of each class",
        format!("Training images of {SIDE}×{SIDE} pixels, one column per class."),
    );
    Ok(Some(Figure::new(heading, canvas, TOP + height)))
}

/// Numbers of training images by class.
#[must_use]
pub fn class_balance(samples: &SampleImages) -> Option<Figure> {
    const ROW: f64 = 16.0;
    const LEFT: f64 = 78.0;
    let largest = samples.classes.iter().map(|class| class.n_train_images).max()?.max(1) as f64;
    let mut canvas = Canvas::new();
    let room = WIDTH - LEFT - 60.0;
    for (i, class) in samples.classes.iter().enumerate() {
        let y = 4.0 + i as f64 * ROW;
        let width = class.n_train_images as f64 / largest * room;
        let bar = Frame { x: LEFT, y: y + 2.5, width, height: ROW - 5.0 };
        canvas.rect(bar, PLAIN.mix(WHITE, 0.35), None);
        let middle = bar.center_y();
        canvas.text(&Text::at(LEFT - 7.0, middle, &class.name).end().centered());
        let label = count(class.n_train_images);
        let text = Text::at(bar.right() + 6.0, middle, &label).size(size::SMALL);
        canvas.text(&text.centered().color(GREY));
    }
    let bottom = 4.0 + samples.classes.len() as f64 * ROW;
    let title = Text::at(LEFT, bottom + 14.0, "Training images per class (number)");
    canvas.text(&title);
    let heading = Heading::new(
        "class_balance",
        "Class balance",
        "Numbers of images per class in the training data, before they are split.",
    );
    Some(Figure::new(heading, canvas, bottom + 22.0))
}
