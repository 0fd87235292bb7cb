//! Least-squares straight line.

/// y = intercept + slope · x.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Change of y per unit of x.
    pub slope: f64,
    /// y at x = 0.
    pub intercept: f64,
}

/// The straight line with the least sum of squared vertical distances from the points; none
/// with fewer than two different x.
///
/// slope = Σ (xᵢ − x̄)(yᵢ − ȳ) / Σ (xᵢ − x̄)², intercept = ȳ − slope · x̄ (Legendre, 1805).
///
/// ```
/// let line = plateau_analysis::stats::fit_line(&[(0.0, 1.0), (1.0, 3.0)]).unwrap();
/// assert_eq!((line.slope, line.intercept), (2.0, 1.0));
/// ```
#[must_use]
pub fn fit_line(points: &[(f64, f64)]) -> Option<Line> {
    let n = points.len() as f64;
    let x_mean = points.iter().map(|(x, _)| x).sum::<f64>() / n;
    let y_mean = points.iter().map(|(_, y)| y).sum::<f64>() / n;
    let spread: f64 = points.iter().map(|(x, _)| (x - x_mean).powi(2)).sum();
    let shared: f64 = points.iter().map(|(x, y)| (x - x_mean) * (y - y_mean)).sum();
    (spread > 0.0).then(|| {
        let slope = shared / spread;
        Line { slope, intercept: y_mean - slope * x_mean }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_through_one_abscissa() {
        assert_eq!(fit_line(&[]), None);
        assert_eq!(fit_line(&[(1.0, 2.0)]), None);
        assert_eq!(fit_line(&[(1.0, 2.0), (1.0, 3.0)]), None);
    }
}
