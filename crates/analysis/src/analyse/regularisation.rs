//! Dropout rates, and transfer to the other half of the data.

use plateau_record::Seed;

use super::compare::{PERFORMANCE, adjust, compare};
use super::records::{Phase, Records};
use crate::choose::{Among, best_of};
use crate::findings::{
    Arm, Comparison, FinalMetrics, Measure, RegularisationFindings, TransferFindings, TransferPair,
    Trend,
};
use crate::stats::{Possible, estimate_within, fit_line};

pub(super) fn analyse(
    records: &Records<'_>,
    dropout: &str,
    transfer: Option<&str>,
) -> RegularisationFindings {
    let dropout = records.phase(dropout);
    let transferred = transfer.and_then(|name| records.phase(name));
    let is_complete = |phase: &Option<Phase<'_>>| phase.as_ref().is_some_and(Phase::is_complete);
    let preliminary = !is_complete(&dropout) || (transfer.is_some() && !is_complete(&transferred));
    let best = dropout
        .as_ref()
        .and_then(|phase| best_of(&phase.candidates(|g| g.dropout), Among::NonZero).ok());
    let (choices, arms) =
        dropout.map_or_else(Default::default, |phase| (phase.choices(), phase.arms));
    let plain = arms.iter().position(|arm| arm.dropout == 0.0);
    let mut comparisons = against_plain(&arms, plain);
    let mut transfer = transferred.map(|phase| transfer_findings(phase, &arms));
    let of_transfer = transfer.iter_mut().flat_map(|t| &mut t.pairs);
    adjust(comparisons.iter_mut().chain(of_transfer.flat_map(|pair| &mut pair.comparisons)));
    RegularisationFindings {
        preliminary,
        choices,
        plain,
        best: best.as_ref().map(|best| best.index),
        best_rule: best.map(|best| best.rule),
        comparisons,
        trends: trends(&arms),
        arms,
        transfer,
    }
}

fn against_plain(arms: &[Arm], plain: Option<usize>) -> Vec<Comparison> {
    let Some(plain) = plain.and_then(|index| arms.get(index)) else {
        return Vec::new();
    };
    let others = arms.iter().filter(|arm| arm.dropout > 0.0);
    others.flat_map(|arm| PERFORMANCE.map(|measure| compare(measure, arm, plain))).collect()
}

fn transfer_findings(phase: Phase<'_>, arms: &[Arm]) -> TransferFindings {
    let measures = [Measure::TestAccuracy, Measure::GeneralisationGap, Measure::TestGap];
    let preliminary = !phase.is_complete();
    let choices = phase.choices();
    let pair = |transferred: Arm| {
        let together = arms.iter().position(|arm| {
            arm.dropout == transferred.dropout && arm.batch_norm == transferred.batch_norm
        });
        let comparisons =
            together.and_then(|index| arms.get(index)).map_or_else(Vec::new, |together| {
                measures.map(|m| compare(m, &transferred, together)).to_vec()
            });
        TransferPair { dropout: transferred.dropout, transferred, together, comparisons }
    };
    TransferFindings { preliminary, choices, pairs: phase.arms.into_iter().map(pair).collect() }
}

fn trends(arms: &[Arm]) -> Vec<Trend> {
    let accuracy: fn(&FinalMetrics) -> f64 = |finals| finals.test.accuracy;
    let gap: fn(&FinalMetrics) -> f64 = |finals| finals.gap;
    [(Measure::TestAccuracy, accuracy), (Measure::GeneralisationGap, gap)]
        .into_iter()
        .filter_map(|(measure, read)| trend(arms, measure, read))
        .collect()
}

fn trend(arms: &[Arm], measure: Measure, read: fn(&FinalMetrics) -> f64) -> Option<Trend> {
    let rates = || arms.iter().map(|arm| arm.dropout);
    let span = rates().fold(f64::NEG_INFINITY, f64::max) - rates().fold(f64::INFINITY, f64::min);
    // Over all rates, the measure can't change by more than it can differ.
    let possible = Possible::within(measure.possible_difference().most / span);
    let slope = |seed: Seed| {
        let points: Option<Vec<(f64, f64)>> = arms
            .iter()
            .map(|arm| {
                let result = arm.seeds.iter().find(|result| result.seed == seed)?;
                Some((arm.dropout, read(&result.finals?)))
            })
            .collect();
        Some(fit_line(&points?)?.slope.clamp(possible.least, possible.most))
    };
    if !(possible.most > 0.0 && possible.most.is_finite()) {
        return None;
    }
    let slopes: Vec<f64> =
        arms.first()?.seeds.iter().filter_map(|result| slope(result.seed)).collect();
    Some(Trend { measure, slope: estimate_within(possible, &slopes)? })
}
