//! What the best model takes for what.

use plateau_analysis::BestModel;

use crate::figure::canvas::{Canvas, Frame};
use crate::figure::matrix::{self, Matrix};
use crate::figure::{Figure, Heading, WIDTH};
use crate::number::{count, plural};

/// The confusion matrix of the test images, summed over seeds, each row in per cent.
#[must_use]
pub fn confusion(best: &BestModel, class_names: &[String]) -> Figure {
    let mut canvas = Canvas::new();
    let frame = Frame { x: 104.0, y: 40.0, width: WIDTH - 112.0, height: 300.0 };
    let shares: Vec<Vec<f64>> = best
        .confusion
        .iter()
        .map(|row| {
            let total = row.iter().sum::<u64>().max(1) as f64;
            row.iter().map(|n| *n as f64 / total).collect()
        })
        .collect();
    let matrix = Matrix {
        shares: &shares,
        names: class_names,
        row_title: "Label",
        column_title: "Prediction",
    };
    matrix::draw(&mut canvas, frame, matrix);
    let n_images: u64 = best.confusion.iter().flatten().sum();
    let heading = Heading::new(
        "confusion",
        "Confusion matrix of the best model",
        format!(
            "Model: {}; {}. Shares of each label’s test images in per cent, summed over {} images \
             (every test image once per seed). Each row adds up to 100.",
            best.arm.label,
            plural(best.arm.n_finished, "seed"),
            count(n_images),
        ),
    );
    Figure::new(heading, canvas, frame.bottom() + 10.0)
}
