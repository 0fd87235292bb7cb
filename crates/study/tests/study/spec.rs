//! Study files: what they mean.

use std::num::NonZeroU32;

use crate::support::{STUDY, parse, tiny_study};
use plateau_record::{DataSet, Device, Epoch, Optimizer, ScheduleShape, Seed, SplitScheme};
use plateau_study::spec::{Dropout, PRESETS, Rates, preset};
use plateau_study::{Overrides, Study};

fn n(number: u32) -> Option<NonZeroU32> {
    NonZeroU32::new(number)
}

#[test]
fn settings_come_from_the_phase_or_else_from_all_phases() {
    let study = tiny_study();
    let constant = study.phase("constant").unwrap();
    assert_eq!(constant.epochs, Epoch(3));
    assert_eq!(constant.optimizer, Optimizer::Sgd { momentum: 0.9, weight_decay: 0.0 });
    assert_eq!(constant.split.scheme, SplitScheme::Holdout);
    assert_eq!(constant.shape, ScheduleShape::Constant);
    let transfer = study.phase("transfer").unwrap();
    let chosen = Dropout::BestOf { phase: "dropout".to_owned(), above: 0.0 };
    assert_eq!(transfer.dropouts, [Dropout::Given(0.0), chosen]);
    assert_eq!(transfer.rates, Rates::SameAs { phase: "scheduled".to_owned() });
    assert_eq!((transfer.split.train_images, transfer.split.validation_images), (100, 100));

    let own = parse(
        &STUDY.replace("half = \"B\", images = 100 }", "half = \"B\", images = 100 }\nepochs = 4"),
    );
    assert_eq!(own.phase("transfer").unwrap().epochs, Epoch(4));
    assert_eq!(own.phase("dropout").unwrap().epochs, Epoch(3));
}

#[test]
fn phases_keep_the_order_of_the_file() {
    let study = tiny_study();
    let names: Vec<_> = study.phases.iter().map(|phase| phase.name.as_str()).collect();
    let expected = ["range-test", "constant", "scheduled", "dropout", "transfer", "batch-norm"];
    assert_eq!(names, expected);
}

#[test]
fn every_preset_is_a_study_of_its_own_name() {
    for preset in &PRESETS {
        let study = parse(preset.source);
        assert_eq!(study.name, preset.name);
        assert_eq!(study.experiments.len(), 3);
    }
    assert_eq!(preset("quick"), Some(&PRESETS[0]));
    assert_eq!(preset("slow"), None);
}

#[test]
fn the_full_study_asks_for_what_the_founding_study_says() {
    let study = parse(preset("cifar10").unwrap().source);
    let runs: Vec<_> = study.phases.iter().map(|p| (p.name.as_str(), p.n_runs())).collect();
    let expected = [
        ("range-test", 3),
        ("constant", 25),
        ("scheduled", 5),
        ("dropout", 25),
        ("transfer", 10),
        ("batch-norm", 5),
    ];
    assert_eq!(runs, expected);
    assert_eq!(study.seeds, (0..5).map(Seed).collect::<Vec<_>>());
    let dropout = study.phase("dropout").unwrap();
    assert_eq!(dropout.channels, [32, 64, 128]);
    assert_eq!(dropout.split.train_images, 25_000);
}

#[test]
fn overrides_change_seeds_epochs_device_and_data() {
    let overrides = Overrides { seeds: n(3), epochs: n(1), device: Some(Device::Wgpu), data: None };
    let study = Study::parse(STUDY, &overrides).unwrap();
    assert_eq!(study.seeds, [Seed(0), Seed(1), Seed(2)]);
    assert_eq!(study.device, Device::Wgpu);
    assert!(study.phases.iter().all(|phase| phase.epochs == Epoch(1)));

    let longer = Overrides { epochs: n(50), ..Overrides::default() };
    let study = Study::parse(STUDY, &longer).unwrap();
    assert_eq!(study.phase("range-test").unwrap().epochs, Epoch(2), "its length is its own");
    assert_eq!(study.phase("dropout").unwrap().epochs, Epoch(50));
}

#[test]
fn splits_shrink_together_to_fit_into_a_smaller_data_set() {
    let overrides = Overrides { data: Some(DataSet::Synthetic), ..Overrides::default() };
    let study = Study::parse(preset("cifar10").unwrap().source, &overrides).unwrap();
    let images = |name: &str| {
        let split = &study.phase(name).unwrap().split;
        (split.train_images, split.validation_images)
    };
    assert_eq!(study.data, DataSet::Synthetic);
    assert_eq!(images("constant"), (4_500, 500));
    assert_eq!(images("dropout"), (2_500, 2_500));
    let synthetic = preset("synthetic").unwrap().source;
    let fits = Study::parse(synthetic, &Overrides::default()).unwrap();
    let small = Study::parse(synthetic, &overrides).unwrap();
    assert_eq!(fits.phases, small.phases, "what fits is left as it is");
}

#[test]
fn the_example_of_the_readme_is_a_study() {
    let readme = include_str!("../../../../studies/README.md");
    let (_, rest) = readme.split_once("```toml\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    assert_eq!(parse(example).phase("dropout").unwrap().n_runs(), 10);
}
