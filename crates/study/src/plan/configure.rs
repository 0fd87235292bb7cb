//! The configurations of a phase's runs, once its settings are known.

use plateau_record::{DataConfig, Network, PhaseRecord, RunConfig, RunId, Schedule, Seed, Start};

use crate::spec::{Dropout, Phase, Rates, Study};

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

/// A run of the phase, but for what follows from results. Where batch norm varies, with it, as it
/// takes more of everything.
pub(super) fn example(study: &Study, phase: &Phase) -> RunConfig {
    let start = match phase.transfer_from {
        None => Start::Fresh,
        Some(_) => Start::Transfer { parent: RunId(String::new()) },
    };
    let rate = match &phase.rates {
        Rates::Given(rates) => rates.first().copied(),
        Rates::ProposedBy { .. } | Rates::BestOf { .. } | Rates::SameAs { .. } => None,
    };
    let dropouts = phase.dropouts.iter().map(|dropout| match dropout {
        Dropout::Given(rate) => *rate,
        Dropout::BestOf { .. } => 0.5,
    });
    let variation = Variation {
        rate: rate.unwrap_or(0.01),
        dropout: dropouts.fold(0.0, f64::max),
        batch_norm: phase.batch_norms.contains(&true),
    };
    let seed = phase.seeds.first().copied().unwrap_or_default();
    run_config(study, phase, &variation, start, seed)
}
