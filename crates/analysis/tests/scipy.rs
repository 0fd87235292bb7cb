//! The statistics against SciPy's numbers (made by `scipy/reference.py`).

use plateau_analysis::stats::{
    cohens_d_z, estimate, fit_line, holm, paired_t, paired_t_power, t_critical, welch_t, wilcoxon,
};
use serde::Deserialize;

const TOLERANCE: f64 = 1e-9;

#[derive(Deserialize)]
struct Reference {
    t_critical: Vec<Critical>,
    estimates: Vec<Estimated>,
    paired: Vec<Tested>,
    welch: Vec<Tested>,
    lines: Vec<Fitted>,
    holm: Vec<Adjusted>,
    power: Vec<Power>,
}

#[derive(Deserialize)]
struct Critical {
    df: f64,
    t: f64,
}

#[derive(Deserialize)]
struct Estimated {
    values: Vec<f64>,
    mean: f64,
    sd: f64,
    lower: f64,
    upper: f64,
}

#[derive(Deserialize)]
struct Tested {
    a: Vec<f64>,
    b: Vec<f64>,
    t: f64,
    df: f64,
    p: f64,
    d_z: Option<f64>,
    wilcoxon_p: Option<f64>,
}

#[derive(Deserialize)]
struct Fitted {
    x: Vec<f64>,
    y: Vec<f64>,
    slope: f64,
    intercept: f64,
}

#[derive(Deserialize)]
struct Adjusted {
    p: Vec<f64>,
    adjusted: Vec<f64>,
}

#[derive(Deserialize)]
struct Power {
    effect: f64,
    n: u32,
    alpha: f64,
    power: f64,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("scipy/reference.json")).expect("reference.py wrote it")
}

#[track_caller]
fn assert_close(ours: f64, theirs: f64) {
    let error = (ours - theirs).abs() / theirs.abs().max(1e-300);
    assert!(error < TOLERANCE, "{ours} is not SciPy's {theirs}: relative error {error:e}");
}

#[test]
fn critical_values() {
    for case in reference().t_critical {
        assert_close(t_critical(case.df), case.t);
    }
}

#[test]
fn confidence_intervals() {
    for case in reference().estimates {
        let ours = estimate(&case.values).unwrap();
        let interval = ours.interval.unwrap();
        assert_close(ours.mean, case.mean);
        assert_close(ours.sd.unwrap(), case.sd);
        assert_close(interval.lower, case.lower);
        assert_close(interval.upper, case.upper);
    }
}

#[test]
fn paired_tests() {
    for case in reference().paired {
        let pairs: Vec<_> = case.a.iter().copied().zip(case.b.iter().copied()).collect();
        let ours = paired_t(&pairs).unwrap();
        assert_close(ours.t, case.t);
        assert_close(ours.df, case.df);
        assert_close(ours.p, case.p);
        assert_close(cohens_d_z(&pairs).unwrap(), case.d_z.unwrap());
        assert_close(wilcoxon(&pairs).unwrap(), case.wilcoxon_p.unwrap());
    }
}

#[test]
fn unpaired_tests() {
    for case in reference().welch {
        let ours = welch_t(&case.a, &case.b).unwrap();
        assert_close(ours.t, case.t);
        assert_close(ours.df, case.df);
        assert_close(ours.p, case.p);
    }
}

#[test]
fn straight_lines() {
    for case in reference().lines {
        let points: Vec<_> = case.x.iter().copied().zip(case.y.iter().copied()).collect();
        let ours = fit_line(&points).unwrap();
        assert_close(ours.slope, case.slope);
        assert_close(ours.intercept, case.intercept);
    }
}

#[test]
fn holm_adjustment() {
    for case in reference().holm {
        for (ours, theirs) in holm(&case.p).into_iter().zip(case.adjusted) {
            assert_close(ours, theirs);
        }
    }
}

#[test]
fn power_agrees() {
    for Power { effect, n, alpha, power } in reference().power {
        let ours = paired_t_power(effect, n, alpha);
        assert!((ours - power).abs() < 1e-8, "effect {effect}, n {n}: {ours} and {power}");
    }
}
