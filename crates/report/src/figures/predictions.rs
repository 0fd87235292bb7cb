//! Calibration, classes and mistakes.

use plateau_analysis::stats::Possible;
use plateau_analysis::{ArmPredictions, Mistakes, N_BINS, PredictionFindings};

use super::series::point;
use crate::figure::axis::{Axis, Labels};
use crate::figure::canvas::{Canvas, Dash, Frame, Stroke, Text};
use crate::figure::layout::Grid;
use crate::figure::legend::{self, Key, Sign};
use crate::figure::palette::{BATCH_NORM, Color, DROPOUT, GREY, PLAIN, SILVER, WHITE};
use crate::figure::panel::Panel;
use crate::figure::scale::Extent;
use crate::figure::{Figure, Heading, WIDTH, size};
use crate::number::{percent, plural};
use crate::samples::SIDE;
use crate::sheet::Sheet;
use crate::shown::ShownImages;

/// What shares can be, as they are shown.
const PER_CENT: Possible = Possible { least: 0.0, most: 100.0 };

/// Colours of the models that are looked at closely: plain, dropout, batch norm.
const COLORS: [Color; 3] = [PLAIN, DROPOUT, BATCH_NORM];

/// Opacity of the area between confidence and accuracy.
const MISS_OPACITY: f64 = 0.16;

/// The models that are looked at closely, with their colours.
pub(crate) fn featured(findings: &PredictionFindings) -> Vec<(&ArmPredictions, Color)> {
    let arms = findings.featured.iter().filter_map(|position| findings.arms.get(*position));
    arms.zip(COLORS.into_iter().cycle()).collect()
}

/// Reliability diagrams: accuracy against confidence, above the share of the images.
#[must_use]
pub fn reliability(findings: &PredictionFindings) -> Option<Figure> {
    let models = featured(findings);
    if models.is_empty() {
        return None;
    }
    let mut canvas = Canvas::new();
    let mut grid = Grid {
        columns: models.len(),
        panel_height: 170.0,
        top: 44.0,
        bottom: 0.0,
        ..Grid::default()
    };
    let keys = [
        Key::new("Accuracy of the images in a bin", Sign::Point(GREY)),
        Key::new("Distance from the confidence", Sign::Area(GREY, MISS_OPACITY * 1.8)),
        Key::new("Perfect calibration", Sign::Line(SILVER, Dash::Dashed)),
    ];
    grid.top += legend::draw(&mut canvas, (grid.left, 0.0), &keys) - 8.0;
    let shares = Grid { panel_height: 62.0, top: grid.height() + 12.0, bottom: 38.0, ..grid };
    let per_cent = |title: &str| Axis::linear(title, Extent { low: 0.0, high: 100.0 }, 5);
    let x_axis = per_cent("Confidence (%)");
    let y_axis = per_cent("Accuracy (%)");
    let highest = models.iter().flat_map(|(arm, _)| &arm.bins).map(|bin| bin.share);
    let highest = highest.fold(0.0, f64::max) * 100.0;
    let shares_shown = Extent { low: 0.0, high: highest };
    let share_axis = Axis::linear_within("Images (%)", shares_shown, PER_CENT, 3);
    for (column, (arm, color)) in models.iter().enumerate() {
        let labels = if column == 0 { Labels::Full } else { Labels::None };
        let mut panel = Panel::new(
            format!("reliability-{column}"),
            grid.frame(0, column),
            &x_axis.saying(Labels::None),
            &y_axis.saying(labels),
        );
        let error = crate::number::percent_estimate(arm.calibration_error);
        panel.titles(&arm.label, &format!("calibration error {error} %"));
        panel.line(&[(0.0, 0.0), (100.0, 100.0)], Stroke::new(SILVER, 1.1).dash(Dash::Dashed));
        let bins = || arm.bins.iter().map(|bin| (bin.confidence * 100.0, bin.accuracy));
        let miss: Vec<_> = bins().map(|(x, accuracy)| (x, accuracy.mean * 100.0, x)).collect();
        panel.area(&miss, *color, MISS_OPACITY);
        let line: Vec<_> = miss.iter().map(|(x, accuracy, _)| (*x, *accuracy)).collect();
        panel.line(&line, Stroke::new(*color, 1.3));
        let points: Vec<_> = bins().map(|(x, accuracy)| point(x, &accuracy, 100.0)).collect();
        panel.points(&points, *color);
        panel.finish(&mut canvas);

        let mut panel = Panel::new(
            format!("reliability-share-{column}"),
            shares.frame(0, column),
            &x_axis,
            &share_axis.saying(labels),
        );
        let width = 100.0 / N_BINS as f64;
        for bin in &arm.bins {
            let left = (bin.confidence * N_BINS as f64).ceil().max(1.0) - 1.0;
            let (left, share) = (left * width, bin.share * 100.0);
            let bar = [(left, 0.0, share), (left + width, 0.0, share)];
            panel.area(&bar, color.mix(WHITE, 0.35), 1.0);
        }
        panel.finish(&mut canvas);
    }
    let n = models.iter().map(|(arm, _)| arm.accuracy.n).max().unwrap_or(0);
    let heading = Heading::new(
        "reliability",
        "Reliability diagrams",
        format!(
            "Test images in {N_BINS} bins of equal width by confidence, the softmax probability of \
             the predicted class. Above: accuracy within each bin against its mean confidence; \
             points: mean over {}; bars: 95 % confidence interval of the mean; below the diagonal \
             a model is surer than it should be. Below: share of the images in each bin.",
            plural(n, "seed")
        ),
    );
    Some(Figure::new(heading, canvas, shares.height()))
}

/// Accuracy of each class, for the models that are looked at closely; classes in the order of
/// the first one's accuracy.
#[must_use]
pub fn class_accuracy(findings: &PredictionFindings, class_names: &[String]) -> Option<Figure> {
    let models = featured(findings);
    let (first, _) = models.first()?;
    let mut order: Vec<usize> = (0..first.classes.len()).collect();
    order.sort_by(|a, b| first.classes[*b].mean.total_cmp(&first.classes[*a].mean));
    let mut canvas = Canvas::new();
    let mut grid = Grid { panel_height: 190.0, top: 8.0, bottom: 22.0, ..Grid::default() };
    let keys: Vec<Key> = models
        .iter()
        .map(|(arm, color)| Key::new(arm.label.clone(), Sign::Point(*color)))
        .collect();
    grid.top += legend::draw(&mut canvas, (grid.left, 0.0), &keys);
    let names = order
        .iter()
        .map(|class| class_names.get(*class).cloned().unwrap_or_else(|| class.to_string()));
    let ends = models.iter().flat_map(|(arm, _)| &arm.classes).flat_map(|estimate| {
        let interval = estimate.interval.map(|i| [i.lower, i.upper]);
        interval.into_iter().flatten().chain([estimate.mean])
    });
    let extent = Extent::of(ends.map(|end| (end * 100.0).clamp(0.0, 100.0)))?;
    let y_axis = Axis::linear_within("Test accuracy (%)", extent, PER_CENT, 6);
    let mut panel =
        Panel::new("class-accuracy", grid.frame(0, 0), &Axis::names("", names), &y_axis);
    let step = 0.5 / models.len().max(1) as f64;
    for (i, (arm, color)) in models.iter().enumerate() {
        let shift = (i as f64 - (models.len() as f64 - 1.0) / 2.0) * step;
        let points: Vec<_> = order
            .iter()
            .enumerate()
            .filter_map(|(place, class)| {
                Some(point(place as f64 + shift, arm.classes.get(*class)?, 100.0))
            })
            .collect();
        panel.points(&points, *color);
    }
    panel.finish(&mut canvas);
    let n = models.iter().map(|(arm, _)| arm.accuracy.n).max().unwrap_or(0);
    let heading = Heading::new(
        "class_accuracy",
        "Test accuracy of each class",
        format!(
            "Share of a class’s test images that are recognised. Points: mean over {}; bars: 95 % \
             confidence interval of the mean. Classes are in the order of the accuracy of “{}”.",
            plural(n, "seed"),
            first.label
        ),
    );
    Some(Figure::new(heading, canvas, grid.height()))
}

/// The mistakes that the models are surest of, as images; none if the images aren't there.
///
/// # Errors
/// If the pictures cannot be encoded.
pub fn mistakes(
    mistakes: &Mistakes,
    shown: &ShownImages,
    class_names: &[String],
) -> Result<Option<Figure>, png::EncodingError> {
    const COLUMNS: usize = 10;
    const GAP: f64 = 4.0;
    const WORDS: f64 = 38.0;
    let there: Vec<_> = mistakes
        .surest
        .iter()
        .filter_map(|mistake| Some((mistake, shown.images.get(&mistake.image)?)))
        .collect();
    if there.is_empty() || there.len() < mistakes.surest.len() {
        return Ok(None);
    }
    let name = |class: u8| class_names.get(usize::from(class)).map_or("?", String::as_str);
    let mut canvas = Canvas::new();
    let side = (WIDTH - GAP * (COLUMNS - 1) as f64) / COLUMNS as f64;
    for (i, (mistake, image)) in there.iter().enumerate() {
        let (row, column) = (i / COLUMNS, i % COLUMNS);
        let x = column as f64 * (side + GAP);
        let y = row as f64 * (side + WORDS + GAP);
        let picture = Sheet::of(&[std::slice::from_ref(image)], 4);
        canvas.image(Frame { x, y, width: side, height: side }, &picture.to_png()?);
        let center = x + side / 2.0;
        let taken = format!("({})", name(mistake.label));
        let share = format!(
            "{} %, {}/{}",
            percent(mistake.confidence),
            mistake.n_agreeing,
            mistakes.n_seeds
        );
        let line = |nth: f64| y + side + 11.0 * nth;
        canvas.text(
            &Text::at(center, line(1.0), name(mistake.predicted)).size(size::SMALL).bold().middle(),
        );
        canvas.text(&Text::at(center, line(2.0), &taken).size(size::SMALL).middle().color(GREY));
        canvas.text(&Text::at(center, line(3.0), &share).size(size::SMALL).middle().color(GREY));
    }
    let rows = there.len().div_ceil(COLUMNS) as f64;
    let heading = Heading::new(
        "mistakes",
        "The mistakes that the best model is surest of",
        format!(
            "Of the {SIDE}×{SIDE} test images that all {} runs of the best model ({}) get wrong, those \
             with the highest mean confidence in the wrong answer: what most runs take them for, \
             the label in parentheses, the mean confidence, and how many of the runs agree.",
            mistakes.n_seeds, mistakes.label
        ),
    );
    Ok(Some(Figure::new(heading, canvas, rows * (side + WORDS + GAP))))
}
