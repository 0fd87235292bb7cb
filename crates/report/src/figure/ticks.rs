//! Where an axis has ticks, and what they say.

use plateau_analysis::number;

use super::scale::{Extent, Spacing};

/// Axes end here at the latest, in both directions: far beyond what a run can measure, and near
/// enough for sums and squares of places.
pub const LIMIT: f64 = 1e100;

/// From here on, ticks are written in powers of ten.
const LARGE: f64 = 1e6;

/// Steps with more decimals are written in powers of ten, too.
const MOST_DECIMALS: f64 = 6.0;

/// A labelled place on an axis. Ticks without a label are drawn fainter.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// The value.
    pub value: f64,
    /// What stands beside it.
    pub label: Option<String>,
}

/// About `target` ticks at multiples of 1, 2, 2.5 or 5 × 10^k that enclose the extent
/// (Heckbert, 1990, "Nice numbers for graph labels").
#[must_use]
pub fn linear(extent: Extent, target: usize) -> Vec<Tick> {
    let extent = extent.within(LIMIT);
    let size = extent.high.abs().max(extent.low.abs());
    // Differences in the last bits are no width to divide.
    let flat = extent.high - extent.low <= size * 1e-9;
    let extent =
        if flat { Extent { low: extent.low, high: extent.low }.padded(0.0) } else { extent };
    let width = extent.high - extent.low;
    let raw = width / target.max(1) as f64;
    let magnitude = 10_f64.powf(raw.log10().floor());
    let factor = [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .min_by(|a, b| distance(a * magnitude, raw).total_cmp(&distance(b * magnitude, raw)))
        .unwrap_or(1.0);
    let step = factor * magnitude;
    let tolerance = 1e-9;
    let first = (extent.low / step + tolerance).floor() as i64;
    let last = (extent.high / step - tolerance).ceil() as i64;
    let label = labelling(size.max(step), step, factor);
    (first..=last)
        .map(|i| i as f64 * step)
        .map(|value| Tick { value, label: Some(label(value)) })
        .collect()
}

/// How the ticks of an axis up to `size` are written: with the decimals of their step, or in
/// powers of ten where this would take many digits.
fn labelling(size: f64, step: f64, factor: f64) -> impl Fn(f64) -> String {
    let decimals = if factor == 2.5 { 1.0 } else { 0.0 } - step.log10().floor();
    let decimals = if factor == 10.0 || factor == 1.0 { -step.log10().round() } else { decimals };
    let plain = size < LARGE && decimals <= MOST_DECIMALS;
    // Digits that tell neighbouring ticks apart.
    let digits = (size / step).log10().ceil().clamp(0.0, 9.0) as usize + usize::from(factor == 2.5);
    let decimals = decimals.clamp(0.0, MOST_DECIMALS) as usize;
    move |value: f64| {
        if value == 0.0 && !plain {
            return "0".to_owned();
        }
        if plain {
            return minus(&format!("{value:.decimals$}"));
        }
        let (mantissa, exponent) = number::scientific(value, digits);
        minus(&format!("{}e{exponent}", mantissa.trim_end_matches('0').trim_end_matches('.')))
    }
}

fn distance(step: f64, raw: f64) -> f64 {
    (step / raw).ln().abs()
}

/// Whole numbers only, for epochs and layers; the extent's ends are not enclosed.
#[must_use]
pub fn whole(extent: Extent, target: usize) -> Vec<Tick> {
    /// Beyond, numbers are too long for labels.
    const MOST: f64 = 1e12;
    if extent.low.abs().max(extent.high.abs()) > MOST {
        return Vec::new();
    }
    let width = (extent.high - extent.low).max(1.0);
    let fits = |step: &f64| width / step <= target.max(1) as f64;
    let meets_the_end = |step: &f64| extent.high.rem_euclid(*step) == 0.0 && width / step >= 3.0;
    let steps = || (0..13).flat_map(|k| [1.0, 2.0, 5.0].map(|factor| factor * 10_f64.powi(k)));
    let Some(step) = (steps().find(|step| fits(step) && meets_the_end(step)))
        .or_else(|| steps().find(|step| fits(step)))
    else {
        return Vec::new();
    };
    let first = (extent.low / step).ceil() as i64;
    let last = (extent.high / step).floor() as i64;
    (first..=last)
        .map(|i| i as f64 * step)
        .map(|value| Tick { value, label: Some(minus(&format!("{value:.0}"))) })
        .collect()
}

/// Powers of ten within the extent; 2 and 5 times them too, labelled where there are fewer than
/// three powers.
#[must_use]
pub fn log(extent: Extent) -> Vec<Tick> {
    let extent = extent.positive();
    let first = extent.low.log10().floor() as i32;
    let last = extent.high.log10().ceil() as i32;
    let inside = |value: f64| value >= extent.low * 0.999 && value <= extent.high * 1.001;
    let powers = (first..=last).filter(|k| inside(10_f64.powi(*k))).count();
    // At most six labelled powers: more would touch.
    let stride = (powers as i32 / 6).max(1);
    let labelled = |k: i32, factor: f64| {
        if powers < 3 { true } else { factor == 1.0 && k.rem_euclid(stride) == 0 }
    };
    let plain = first >= -4 && last <= 4;
    let factors: &[f64] = if powers > 5 { &[1.0] } else { &[1.0, 2.0, 5.0] };
    // Lines that nobody could tell apart are left out.
    let line = |k: &i32| powers <= 30 || k.rem_euclid(stride) == 0;
    (first..=last)
        .filter(line)
        .flat_map(|k| factors.iter().map(move |factor| (k, *factor)))
        .map(|(k, factor)| (k, factor, factor * 10_f64.powi(k)))
        .filter(|(_, _, value)| inside(*value))
        .map(|(k, factor, value)| Tick {
            value,
            label: labelled(k, factor)
                .then(|| if plain { decimal(value) } else { power(k, factor) }),
        })
        .collect()
}

/// Zero and powers of ten on both sides, as far as the extent reaches.
#[must_use]
pub fn symlog(extent: Extent, linear_to: f64) -> Vec<Tick> {
    let extent = extent.within(LIMIT);
    let linear_to = linear_to.max(1.0 / LIMIT);
    let first = linear_to.log10().round() as i32;
    let side = |sign: f64, reach: f64| {
        let last = if reach > linear_to { reach.log10().floor() as i32 } else { first };
        let stride = ((last - first) / 2).max(1);
        (first + 1..=last)
            .rev()
            .step_by(stride as usize)
            .map(|k| {
                let label =
                    if sign < 0.0 { format!("−{}", power(k, 1.0)) } else { power(k, 1.0) };
                Tick { value: sign * 10_f64.powi(k), label: Some(label) }
            })
            .collect::<Vec<_>>()
    };
    let mut ticks = side(-1.0, -extent.low);
    ticks.push(Tick { value: 0.0, label: Some("0".to_owned()) });
    ticks.extend(side(1.0, extent.high));
    ticks.sort_by(|a, b| a.value.total_cmp(&b.value));
    ticks
}

/// Ticks for a spacing.
#[must_use]
pub fn for_spacing(spacing: Spacing, extent: Extent, target: usize) -> Vec<Tick> {
    match spacing {
        Spacing::Linear => linear(extent, target),
        Spacing::Log => log(extent),
        Spacing::SymLog { linear_to } => symlog(extent, linear_to),
    }
}

/// A number as people write it, of eight digits at most, with a true minus sign.
#[must_use]
pub fn decimal(value: f64) -> String {
    minus(&number::short(value))
}

/// `factor` × 10^`k` with superscript digits; the factor 1 is left out.
#[must_use]
pub fn power(k: i32, factor: f64) -> String {
    let exponent: String = k
        .to_string()
        .chars()
        .map(|c| match c {
            '-' => '⁻',
            '0' => '⁰',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            '4' => '⁴',
            '5' => '⁵',
            '6' => '⁶',
            '7' => '⁷',
            '8' => '⁸',
            _ => '⁹',
        })
        .collect();
    if factor == 1.0 { format!("10{exponent}") } else { format!("{factor}×10{exponent}") }
}

/// A hyphen in front becomes a minus sign; a zero loses its sign.
#[must_use]
pub fn minus(text: &str) -> String {
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| c == '0' || c == '.') => rest.to_owned(),
        Some(rest) => format!("−{rest}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().filter_map(|tick| tick.label.as_deref()).collect()
    }

    #[test]
    fn linear_ticks_enclose_are_even_and_few() {
        let mut low = -3.7;
        while low < 4.0 {
            for width in [0.003, 0.07, 0.9, 1.0, 12.0, 480.0] {
                let ticks = linear(Extent { low, high: low + width }, 5);
                assert!((3..=10).contains(&ticks.len()), "{low} {width}: {}", ticks.len());
                let step = ticks[1].value - ticks[0].value;
                for pair in ticks.windows(2) {
                    assert!((pair[1].value - pair[0].value - step).abs() < step * 1e-6);
                    assert_ne!(pair[0].label, pair[1].label, "{low} {width}");
                }
                assert!(ticks[0].value <= low + step * 1e-6);
                assert!(ticks[ticks.len() - 1].value >= low + width - step * 1e-6);
            }
            low += 0.37;
        }
    }

    #[test]
    fn a_single_value_has_ticks_around_it() {
        for value in [0.0, 10.0, -0.3, 1e-9] {
            let ticks = linear(Extent { low: value, high: value }, 5);
            assert!((3..=12).contains(&ticks.len()), "{value}: {ticks:?}");
            assert!(ticks[0].value < value && ticks[ticks.len() - 1].value > value);
        }
    }

    #[test]
    fn labels_have_the_step_s_decimals() {
        assert_eq!(
            labels(&linear(Extent { low: 0.0, high: 1.0 }, 4)),
            ["0.00", "0.25", "0.50", "0.75", "1.00"]
        );
        assert_eq!(
            labels(&linear(Extent { low: -10.0, high: 10.0 }, 4)),
            ["−10", "−5", "0", "5", "10"]
        );
        assert_eq!(
            labels(&linear(Extent { low: 0.0, high: 0.4 }, 4)),
            ["0.0", "0.1", "0.2", "0.3", "0.4"]
        );
    }

    #[test]
    fn whole_ticks_end_with_the_last_epoch_where_they_can() {
        let epochs = |last| Extent { low: 0.0, high: last };
        assert_eq!(labels(&whole(epochs(15.0), 8)), ["0", "5", "10", "15"]);
        assert_eq!(labels(&whole(epochs(12.0), 8)), ["0", "2", "4", "6", "8", "10", "12"]);
        assert_eq!(labels(&whole(epochs(13.0), 8)), ["0", "2", "4", "6", "8", "10", "12"]);
        assert_eq!(labels(&whole(epochs(1.0), 8)), ["0", "1"]);
    }

    #[test]
    fn logarithmic_ticks_are_powers_of_ten() {
        assert_eq!(labels(&log(Extent { low: 0.001, high: 1.0 })), ["0.001", "0.01", "0.1", "1"]);
        assert_eq!(labels(&log(Extent { low: 0.004, high: 0.03 })), ["0.005", "0.01", "0.02"]);
        assert_eq!(
            labels(&log(Extent { low: 1e-7, high: 1e-4 })),
            ["10⁻⁷", "10⁻⁶", "10⁻⁵", "10⁻⁴"]
        );
    }

    #[test]
    fn symlog_ticks_hold_zero_and_both_signs() {
        let ticks = symlog(Extent { low: -3e-3, high: 2e-3 }, 1e-5);
        assert_eq!(labels(&ticks), ["−10⁻³", "−10⁻⁴", "0", "10⁻⁴", "10⁻³"]);
    }

    #[test]
    fn axes_of_any_extent_have_few_ticks_with_short_labels_that_differ() {
        let sizes = [0.0, 5e-324, 1e-300, 1e-30, 1e-12, 3e-5, 0.7, 1.0, 1e6, 1e15, 1e300, f64::MAX];
        for low in sizes.iter().flat_map(|size| [*size, -size]) {
            for high in sizes.into_iter().filter(|high| *high >= low) {
                let extent = Extent { low, high };
                for ticks in
                    [linear(extent, 5), log(extent), symlog(extent, 1e-5), whole(extent, 8)]
                {
                    assert!(ticks.len() <= 100, "{extent:?}: {} ticks", ticks.len());
                    assert!(ticks.iter().all(|tick| tick.value.is_finite()), "{extent:?}");
                    let labels = labels(&ticks);
                    let long = labels.iter().find(|label| label.chars().count() > 17);
                    assert_eq!(long, None, "{extent:?}: {labels:?}");
                    for pair in labels.windows(2) {
                        assert_ne!(pair[0], pair[1], "{extent:?}: {labels:?}");
                    }
                }
            }
        }
        assert_eq!(
            labels(&linear(Extent { low: 0.0, high: 1e-30 }, 4)),
            ["0", "2.5e-31", "5e-31", "7.5e-31", "1e-30"]
        );
        assert_eq!(labels(&linear(Extent { low: 0.0, high: 1e30 }, 2)), ["0", "5e29", "1e30"]);
    }
}
