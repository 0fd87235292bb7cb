//! Made-up records behind the made-up arms.

use std::collections::BTreeMap;

use plateau_analysis::{Arm, StudySummary};
use plateau_record::{
    Epoch, EpochRecord, FORMAT_VERSION, Group, GroupRun, PhaseRecord, Provenance, RunConfig, RunId,
    RunRecord, RunResult, RunStatus, ScheduleShape, Step, StudyRecord,
};

pub(crate) fn provenance() -> Provenance {
    Provenance {
        program: "0.1.0".to_owned(),
        commit: "0123456789abcdef0123456789abcdef01234567".to_owned(),
        machine: "made-up processor, 2 cores".to_owned(),
        system: "linux x86_64".to_owned(),
        instruction_set: "avx2+fma".to_owned(),
        data_md5: BTreeMap::new(),
    }
}

fn record(arm: &Arm, index: usize) -> RunRecord {
    let seed = &arm.seeds[index];
    let config =
        RunConfig { seed: seed.seed, ..arm.config.clone().expect("made with a configuration") };
    let n_epochs = f64::from(config.epochs.0);
    let steps = config.steps_per_epoch();
    let epochs = arm.curves.train_loss.epochs.iter().map(|epoch| {
        let share = f64::from(*epoch) / n_epochs;
        let rate = match arm.schedule.shape {
            ScheduleShape::Cosine => {
                arm.schedule.rate * (1.0 + (std::f64::consts::PI * share).cos()) / 2.0
            }
            _ => arm.schedule.rate,
        };
        let finals = seed.finals.expect("made finished");
        EpochRecord {
            epoch: Epoch(*epoch),
            step: Step(u64::from(*epoch) * steps),
            learning_rate: rate,
            train: finals.train,
            validation: finals.validation,
            seconds: 40.0,
            images_per_second: 1125.0,
        }
    });
    RunRecord {
        id: seed.run.clone(),
        input: None,
        epochs: epochs.collect(),
        gradients: Vec::new(),
        range: Vec::new(),
        predictions: None,
        provenance: provenance(),
        result: RunResult {
            id: seed.run.clone(),
            format: FORMAT_VERSION,
            status: RunStatus::Finished,
            train: seed.finals.map(|f| f.train),
            validation: seed.finals.map(|f| f.validation),
            best_validation: seed.best_validation,
            test: None,
            seconds: 612.5,
        },
        config,
    }
}

pub(crate) fn records(arms: &[&Arm]) -> BTreeMap<RunId, RunRecord> {
    arms.iter()
        .flat_map(|arm| (0..arm.seeds.len()).map(|i| record(arm, i)))
        .map(|record| (record.id.clone(), record))
        .collect()
}

pub(crate) fn study_record(summary: &StudySummary) -> StudyRecord {
    let group = Group {
        schedule: plateau_record::Schedule { rate: 0.01, shape: ScheduleShape::Constant },
        dropout: 0.0,
        batch_norm: false,
        transfer: false,
        epochs: Epoch(super::EPOCHS),
        runs: summary
            .seeds
            .iter()
            .map(|seed| GroupRun { seed: *seed, id: RunId(format!("{:016x}", seed.0)) })
            .collect(),
    };
    StudyRecord {
        altered: None,
        format: FORMAT_VERSION,
        name: summary.name.clone(),
        title: summary.title.clone(),
        data: summary.data,
        seeds: summary.seeds.clone(),
        arguments: Vec::new(),
        others: Vec::new(),
        pending: Vec::new(),
        experiments: Vec::new(),
        phases: vec![PhaseRecord {
            name: "constant".to_owned(),
            choices: Vec::new(),
            groups: vec![group],
        }],
    }
}
