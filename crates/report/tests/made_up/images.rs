//! A made-up confusion matrix and made-up images.

use plateau_analysis::{Arm, BestModel, ClassResult};
use plateau_record::N_CLASSES;
use plateau_report::samples::{SampleClass, SampleImages};

use super::stream;

pub(crate) fn best_model(arm: &Arm) -> BestModel {
    let mut noise_stream = stream(77);
    let confusion: Vec<Vec<u64>> = (0..N_CLASSES)
        .map(|label| {
            let mut row: Vec<u64> = (0..N_CLASSES)
                .map(|p| {
                    let near = if label.abs_diff(p) == 2
                        || (label == 3 && p == 5)
                        || (label == 5 && p == 3)
                    {
                        5
                    } else {
                        1
                    };
                    u64::from(noise_stream.below(60)) * near
                })
                .collect();
            let others: u64 = row.iter().sum::<u64>() - row[label];
            row[label] = 5000 - others;
            row
        })
        .collect();
    let classes = confusion
        .iter()
        .enumerate()
        .map(|(class_idx, row)| ClassResult {
            class_idx,
            n_images: 5000,
            recall: Some(row[class_idx] as f64 / 5000.0),
            precision: Some(0.75),
            most_confused_with: Some(((class_idx + 2) % N_CLASSES, 200)),
        })
        .collect();
    BestModel { arm: arm.clone(), confusion, classes }
}

pub(crate) fn samples() -> SampleImages {
    let names =
        ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];
    let mut pixels = stream(5);
    let classes = names.iter().enumerate().map(|(class, name)| SampleClass {
        name: (*name).to_owned(),
        n_train_images: 5000,
        images: (0..4)
            .map(|_| {
                let (a, b) = (pixels.below(16), pixels.below(16));
                (0..32 * 32)
                    .flat_map(|i| {
                        let (x, y) = (i % 32, i / 32);
                        let wave = ((x * (class as u32 + 1) + a * 4) / 6 + (y + b * 3) / 5) % 2;
                        [80 + wave * 90, 60 + class as u32 * 15, 200 - wave * 70].map(|v| v as u8)
                    })
                    .collect()
            })
            .collect(),
    });
    SampleImages { classes: classes.collect() }
}
