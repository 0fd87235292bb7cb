"""Writes reference.json: SciPy's numbers for the statistics of plateau-analysis.

    python3 -m venv /tmp/scipy && /tmp/scipy/bin/pip install scipy==1.17.1
    /tmp/scipy/bin/python crates/analysis/tests/scipy/reference.py

The test `tests/scipy.rs` compares them with the crate's.
"""

import json
from pathlib import Path

import numpy as np
import scipy
from scipy import stats

rng = np.random.default_rng(20_251_123)


def accuracies(n, spread):
    """Fractions of 10,000 images, like test accuracies."""
    return np.round(rng.normal(0.77, spread, n), 4)


def estimate(values):
    interval = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    return {
        "values": list(values),
        "mean": np.mean(values),
        "sd": np.std(values, ddof=1),
        "lower": interval.low,
        "upper": interval.high,
    }


def paired(a, b):
    # Differences are rounded, as SciPy advises, so that ties are found.
    difference = np.round(a - b, 9)
    test = stats.ttest_rel(a, b)
    tied = len(np.unique(np.abs(difference))) < len(difference) or (difference == 0).any()
    method = stats.PermutationMethod(n_resamples=np.inf) if tied else "exact"
    return {
        "a": list(a),
        "b": list(b),
        "t": test.statistic,
        "df": test.df,
        "p": test.pvalue,
        "d_z": np.mean(a - b) / np.std(a - b, ddof=1),
        "wilcoxon_p": stats.wilcoxon(difference, zero_method="wilcox", method=method).pvalue,
    }


def welch(a, b):
    test = stats.ttest_ind(a, b, equal_var=False)
    return {"a": list(a), "b": list(b), "t": test.statistic, "df": test.df, "p": test.pvalue}


def line(x, y):
    fit = stats.linregress(x, y)
    return {"x": list(x), "y": list(y), "slope": fit.slope, "intercept": fit.intercept}


# SciPy has no Holm; its definition in NumPy.
def holm(p):
    order = np.argsort(p)
    stepped = np.maximum.accumulate((len(p) - np.arange(len(p))) * np.asarray(p)[order])
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(stepped, 1.0)
    return {"p": list(p), "adjusted": list(adjusted)}


# Power of the two-sided paired t-test, by the noncentral t distribution.
def power(effect, n, alpha):
    critical = stats.t.ppf(1 - alpha / 2, n - 1)
    noncentral = stats.nct(n - 1, effect * np.sqrt(n))
    # SciPy's lower tail is NaN where it is too small for its series.
    power = noncentral.sf(critical) + np.nan_to_num(noncentral.cdf(-critical))
    return {"effect": effect, "n": n, "alpha": alpha, "power": power}


samples = [(n, spread) for n in (2, 3, 5, 8, 10) for spread in (0.001, 0.02)]
ties = np.array([0.78, 0.77, 0.76, 0.79, 0.75, 0.74])
reference = {
    "scipy": scipy.__version__,
    "t_critical": [
        {"df": df, "t": stats.t.ppf(0.975, df)} for df in (1, 1.5, 2, 3, 4, 5, 9, 29, 120.3, 1e4)
    ],
    "estimates": [estimate(accuracies(n, spread)) for n, spread in samples],
    "paired": [paired(accuracies(n, s), accuracies(n, s) - 0.003) for n, s in samples]
    + [
        paired(ties, ties - np.array([0.01, 0.01, -0.01, 0.02, 0.02, 0.03])),
        paired(ties, ties - np.array([0.0, 0.01, -0.01, 0.02, 0.0, 0.03])),
        paired(ties, ties - np.array([0.1, 0.1000001, 0.0999999, 0.1, 0.1, 0.1000002])),
    ],
    "welch": [welch(accuracies(n, s), accuracies(n + 1, 2 * s)) for n, s in samples],
    "lines": [line(np.arange(n + 1.0), accuracies(n + 1, s)) for n, s in samples],
    "power": [
        power(effect, n, alpha)
        for effect in (0.1, 0.5, 1.0, 2.0, 4.0)
        for n in (2, 3, 5, 10, 40)
        for alpha in (0.05, 0.05 / 8)
    ],
    "holm": [holm(np.round(rng.uniform(0, scale, n), 6)) for n in (1, 2, 7) for scale in (0.05, 1)],
}
path = Path(__file__).with_name("reference.json")
path.write_text(json.dumps(reference, indent=1, default=float) + "\n")
