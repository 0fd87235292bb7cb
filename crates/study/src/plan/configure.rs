//! The configurations of a phase's runs, once its settings are known.

use plateau_record::{DataConfig, Network, PhaseRecord, RunConfig, RunId, Schedule, Seed, Start};

use super::cost::multiply_adds;
use crate::spec::{Phase, Study};

/// What differs between the groups of a phase.
pub(super) struct Variation {
    pub(super) rate: f64,
    pub(super) dropout: f64,
    pub(super) batch_norm: bool,
}

pub(super) fn variations(rates: &[f64], dropouts: &[f64], batch_norms: &[bool]) -> Vec<Variation> {
    let mut variations = Vec::new();
    for &rate in rates {
        for &dropout in dropouts {
            for &batch_norm in batch_norms {
                variations.push(Variation { rate, dropout, batch_norm });
            }
        }
    }
    variations
}

/// The run of the same seed, dropout rate and batch norm. The parents' phase has one rate.
pub(super) fn start_from(
    parents: &PhaseRecord,
    variation: &Variation,
    seed: Seed,
) -> Option<Start> {
    let mut groups = parents.groups.iter();
    let group = groups.find(|group| {
        group.dropout == variation.dropout && group.batch_norm == variation.batch_norm
    })?;
    let parent = group.runs.iter().find(|run| run.seed == seed)?;
    Some(Start::Transfer { parent: parent.id.clone() })
}

pub(super) fn run_config(
    study: &Study,
    phase: &Phase,
    variation: &Variation,
    start: Start,
    seed: Seed,
) -> RunConfig {
    RunConfig {
        data: DataConfig {
            set: study.data,
            split: phase.split.clone(),
            altered: study.altered.clone(),
        },
        network: Network {
            channels: phase.channels.clone(),
            hidden: phase.hidden,
            activation: phase.activation,
            dropout: variation.dropout,
            batch_norm: variation.batch_norm,
        },
        start,
        optimizer: phase.optimizer.clone(),
        schedule: Schedule { rate: variation.rate, shape: phase.shape.clone() },
        batch_size: phase.batch_size,
        epochs: phase.epochs,
        seed,
        device: study.device,
    }
}

/// The cost of any run of the phase: it depends on nothing that results decide.
pub(super) fn typical_cost(study: &Study, phase: &Phase) -> f64 {
    let start = match phase.transfer_from {
        None => Start::Fresh,
        Some(_) => Start::Transfer { parent: RunId(String::new()) },
    };
    let variation = Variation { rate: 1.0, dropout: 0.0, batch_norm: false };
    multiply_adds(&run_config(study, phase, &variation, start, Seed(0)))
}
