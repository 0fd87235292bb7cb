//! The gradients of one model, pooled over windows of epochs.

use std::collections::BTreeMap;

use plateau_record::{GradientRecord, Moments, ParameterKind, RunRecord, Seed};

use crate::findings::{
    Arm, GradientModel, GradientSummary, HeatMap, Layer, ModelRole, Window, WindowKind,
};
use crate::outcome::Outcome;
use crate::stats::{Possible, estimate, estimate_within, pooled};

/// Epochs of a window, if the run has twice as many.
const WINDOW_EPOCHS: u32 = 5;

pub(super) const PARAMETERS: [ParameterKind; 2] = [ParameterKind::Weight, ParameterKind::Bias];

/// One model with the records of its finished runs.
pub(super) struct Model<'a> {
    pub(super) role: ModelRole,
    pub(super) arm: Arm,
    runs: Vec<(Seed, &'a RunRecord)>,
}

/// Where in a network, and when, gradients are looked at.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) window: Window,
    pub(super) parameter: ParameterKind,
    pub(super) layer: u32,
}

/// Moments of the gradients at one place in one run.
#[derive(Clone, Copy)]
pub(super) struct Pooled {
    signed: Moments,
    pub(super) absolute: Moments,
}

impl<'a> Model<'a> {
    pub(super) fn new(role: ModelRole, arm: Arm, runs: &[Option<&'a RunRecord>]) -> Self {
        let finished = |run: &RunRecord| Outcome::of(Some(run)).finals.is_some();
        let seeds = arm.seeds.iter().map(|result| result.seed);
        let runs = seeds
            .zip(runs)
            .filter_map(|(seed, run)| Some((seed, run.filter(|run| finished(run))?)))
            .collect();
        Self { role, arm, runs }
    }

    fn records(&self) -> impl Iterator<Item = &'a GradientRecord> {
        self.runs.iter().flat_map(|(_, run)| &run.gradients).filter(|record| is_finite(record))
    }

    /// Pooled gradients at one place, by seed.
    pub(super) fn by_seed(&self, place: Place) -> Vec<(Seed, Pooled)> {
        let pool = |run: &RunRecord| {
            let here: Vec<&GradientRecord> = run
                .gradients
                .iter()
                .filter(|r| is_finite(r) && r.layer == place.layer)
                .filter(|r| r.parameter == place.parameter)
                .filter(|r| (place.window.from..=place.window.to).contains(&r.epoch.0))
                .collect();
            let parts = |read: fn(&GradientRecord) -> Moments| {
                pooled(&here.iter().map(|r| (read(r), r.count)).collect::<Vec<_>>())
            };
            Some(Pooled { signed: parts(|r| r.signed)?, absolute: parts(|r| r.absolute)? })
        };
        self.runs.iter().filter_map(|(seed, run)| Some((*seed, pool(run)?))).collect()
    }

    /// The windows of this model's runs, each of that many epochs.
    pub(super) fn windows(&self, width: u32) -> [Window; 2] {
        let last = self.arm.epochs.0;
        [
            Window { kind: WindowKind::First, from: 1, to: width },
            Window {
                kind: WindowKind::Last,
                from: last.saturating_add(1).saturating_sub(width).max(1),
                to: last,
            },
        ]
    }

    pub(super) fn summarise(self, width: u32, layers: &[Layer]) -> GradientModel {
        let mut summaries = Vec::new();
        for window in self.windows(width) {
            for parameter in PARAMETERS {
                summaries.extend(layers.iter().filter_map(|layer| {
                    self.summary(Place { window, parameter, layer: layer.number }, layer)
                }));
            }
        }
        let heat_maps = PARAMETERS.map(|parameter| self.heat_map(parameter, layers)).to_vec();
        GradientModel { role: self.role, arm: self.arm, summaries, heat_maps }
    }

    fn summary(&self, place: Place, layer: &Layer) -> Option<GradientSummary> {
        let seeds = self.by_seed(place);
        let over_seeds = |possible: Possible, read: fn(&Pooled) -> f64| {
            let values: Vec<f64> = seeds.iter().map(|(_, pooled)| read(pooled)).collect();
            estimate_within(possible, &values)
        };
        let size = |read| over_seeds(Possible::NOT_NEGATIVE, read);
        Some(GradientSummary {
            window: place.window.kind,
            parameter: place.parameter,
            layer: layer.number,
            name: layer.name.clone(),
            mean: over_seeds(Possible::ANY, |pooled| pooled.signed.mean)?,
            std: size(|pooled| pooled.signed.std)?,
            absolute_mean: size(|pooled| pooled.absolute.mean)?,
            absolute_std: size(|pooled| pooled.absolute.std)?,
        })
    }

    fn heat_map(&self, parameter: ParameterKind, layers: &[Layer]) -> HeatMap {
        let mut cells: BTreeMap<u32, BTreeMap<u32, Vec<f64>>> = BTreeMap::new();
        for record in self.records().filter(|record| record.parameter == parameter) {
            let row = cells.entry(record.epoch.0).or_default();
            row.entry(record.layer).or_default().push(record.absolute.mean);
        }
        let mean = |row: &BTreeMap<u32, Vec<f64>>, layer: &Layer| {
            row.get(&layer.number).and_then(|values| estimate(values)).map(|mean| mean.mean)
        };
        HeatMap {
            parameter,
            epochs: cells.keys().copied().collect(),
            layers: layers.iter().map(|layer| layer.number).collect(),
            values: cells
                .values()
                .map(|row| layers.iter().map(|layer| mean(row, layer)).collect())
                .collect(),
        }
    }
}

/// All layers that any model has gradients of.
pub(super) fn layers(models: &[Model<'_>]) -> Vec<Layer> {
    let mut names: BTreeMap<u32, &str> = BTreeMap::new();
    for record in models.iter().flat_map(Model::records) {
        names.entry(record.layer).or_insert(&record.name);
    }
    names.into_iter().map(|(number, name)| Layer { number, name: name.to_owned() }).collect()
}

/// Epochs per window, the same for all models: five, or half of the shortest run.
pub(super) fn window_width(models: &[Model<'_>]) -> u32 {
    let shortest = models.iter().map(|model| model.arm.epochs.0).min().unwrap_or(0);
    (shortest / 2).clamp(1, WINDOW_EPOCHS)
}

/// The values of the seeds that both have.
pub(super) fn paired(a: &[(Seed, f64)], b: &[(Seed, f64)]) -> Vec<(f64, f64)> {
    let partner = |seed: Seed| b.iter().find(|(of_b, _)| *of_b == seed).map(|(_, x)| *x);
    a.iter().filter_map(|(seed, x)| Some((*x, partner(*seed)?))).collect()
}

fn is_finite(record: &GradientRecord) -> bool {
    let Moments { mean, std } = record.signed;
    [mean, std, record.absolute.mean, record.absolute.std].iter().all(|x| x.is_finite())
}
