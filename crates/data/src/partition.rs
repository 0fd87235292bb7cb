//! The seeded, class-balanced division of the training images.
//!
//! All divisions cut pieces out of one sequence of the whole pool. Within each class the
//! images are shuffled; then the classes take turns, so that every contiguous piece of the
//! sequence has the same number of images of each class, give or take one. Where classes have
//! unequal numbers of images, as in a copy with noisy labels, every piece has them in proportion.

use plateau_record::{Concern, Epoch, N_CLASSES, Seed, Split, SplitScheme, Step, Stream};

use crate::error::DataError;
use crate::image_set::{TrainImages, TrainMetricImages, TrainingPool, ValidationImages};

/// The training images, divided. Training and validation images have none in common.
#[derive(Clone, Debug)]
pub struct Partition {
    /// To train on.
    pub train: TrainImages,
    /// To choose with.
    pub validation: ValidationImages,
    /// The training images that training metrics are measured on: a class-balanced part of
    /// `train`.
    pub train_metric: TrainMetricImages,
}

/// Divides the pool.
///
/// - [`SplitScheme::Holdout`]: the first images of the sequence train, the last validate.
/// - [`SplitScheme::TrainOnA`]: the first images of the sequence's first half train, the first
///   of its second half validate. [`SplitScheme::TrainOnB`]: the other way round; with as many
///   training as validation images the two parts change places exactly.
///
/// # Errors
/// [`DataError::EmptyPart`] for a part without images; [`DataError::SplitTooLarge`] if the pool,
/// or one of its halves, has fewer images than asked for.
pub fn partition(pool: &TrainingPool, split: &Split) -> Result<Partition, DataError> {
    for (part, images) in
        [("training", split.train_images), ("validation", split.validation_images)]
    {
        if images == 0 {
            return Err(DataError::EmptyPart { part });
        }
    }
    let sequence = sequence(pool, split.seed);
    let (train, validation) = match split.scheme {
        SplitScheme::Holdout => {
            let both = u64::from(split.train_images) + u64::from(split.validation_images);
            fits("training and validation together", both, sequence.len())?;
            let validation_start = sequence.len() - split.validation_images as usize;
            (&sequence[..], &sequence[validation_start..])
        }
        SplitScheme::TrainOnA => halves(split, sequence.split_at(sequence.len() / 2))?,
        SplitScheme::TrainOnB => {
            let (a, b) = sequence.split_at(sequence.len() / 2);
            halves(split, (b, a))?
        }
    };
    let train = &train[..split.train_images as usize];
    let validation = &validation[..split.validation_images as usize];
    let train_metric = &train[..split.train_metric_images() as usize];
    Ok(Partition {
        train: TrainImages::new(pool, train.to_vec()),
        validation: ValidationImages::new(pool, validation.to_vec()),
        train_metric: TrainMetricImages::new(pool, train_metric.to_vec()),
    })
}

/// Checks that the halves (of training and of validation) are large enough.
fn halves<'a>(
    split: &Split,
    halves: (&'a [u32], &'a [u32]),
) -> Result<(&'a [u32], &'a [u32]), DataError> {
    fits("training within one half", split.train_images.into(), halves.0.len())?;
    fits("validation within one half", split.validation_images.into(), halves.1.len())?;
    Ok(halves)
}

fn fits(part: &'static str, requested: u64, available: usize) -> Result<(), DataError> {
    let available = available as u64;
    if requested > available {
        return Err(DataError::SplitTooLarge { part, requested, available });
    }
    Ok(())
}

/// All numbers of the pool, classes in turn: of n images of a class, the k-th (from 0) stands at
/// the share (2k + 1) / 2n of the sequence, whatever n is.
fn sequence(pool: &TrainingPool, seed: Seed) -> Vec<u32> {
    let labels = pool.images().labels();
    let mut classes: [Vec<u32>; N_CLASSES] = Default::default();
    for (index, &label) in (0_u32..).zip(labels) {
        classes[usize::from(label)].push(index);
    }
    let mut sequence = Vec::with_capacity(labels.len());
    for (class_idx, indices) in classes.iter_mut().enumerate() {
        Stream::new(seed, Concern::Split, Epoch(0), Step(class_idx as u64)).shuffle(indices);
        let n = indices.len() as u64;
        sequence.extend((0_u64..).zip(&*indices).map(|(k, index)| (2 * k + 1, n, *index)));
    }
    // Stable: at equal shares, the classes keep their order.
    sequence.sort_by(|(k, n, _), (other_k, other_n, _)| (k * other_n).cmp(&(other_k * n)));
    sequence.into_iter().map(|(.., index)| index).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::image_set::{IMAGE_BYTES, ImageSet, Labelled};

    /// Black images whose labels come in an irregular order.
    fn pool(per_class: u32) -> TrainingPool {
        let mut labels: Vec<u8> = (0..per_class * 10).map(|i| (i % 10) as u8).collect();
        Stream::new(Seed(9), Concern::Synthetic, Epoch(0), Step(0)).shuffle(&mut labels);
        let mut images = ImageSet::default();
        for label in labels {
            images.push(&[0; IMAGE_BYTES], label);
        }
        TrainingPool::new(images)
    }

    fn split(scheme: SplitScheme, seed: u64, train_images: u32, validation_images: u32) -> Split {
        Split { seed: Seed(seed), scheme, train_images, validation_images }
    }

    fn is_balanced(view: &impl Labelled) -> bool {
        let mut counts = [0_usize; N_CLASSES];
        for i in 0..view.len() {
            counts[usize::from(view.label(i))] += 1;
        }
        let (low, high) = (counts.iter().min(), counts.iter().max());
        high.zip(low).is_some_and(|(high, low)| high - low <= 1)
    }

    fn scheme() -> impl Strategy<Value = SplitScheme> {
        prop_oneof![
            Just(SplitScheme::Holdout),
            Just(SplitScheme::TrainOnA),
            Just(SplitScheme::TrainOnB)
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn parts_are_disjoint_balanced_and_of_the_size_asked_for(
            scheme in scheme(), seed: u64, per_class in 2_u32..8,
            train in 1_u32..40, validation in 1_u32..40,
        ) {
            let limit = per_class * 10 / 2;
            let (train, validation) = (train.min(limit), validation.min(limit));
            let asked = split(scheme, seed, train, validation);
            let parts = partition(&pool(per_class), &asked).unwrap();
            prop_assert_eq!(parts.train.len(), train as usize);
            prop_assert_eq!(parts.validation.len(), validation as usize);
            prop_assert!(is_balanced(&parts.train));
            prop_assert!(is_balanced(&parts.validation));
            prop_assert!(is_balanced(&parts.train_metric));
            let all: BTreeSet<u32> = parts.train.pool_indices().iter()
                .chain(parts.validation.pool_indices()).copied().collect();
            prop_assert_eq!(all.len(), (train + validation) as usize);
            prop_assert!(all.iter().all(|&index| index < per_class * 10));
            let metric = parts.train_metric.pool_indices();
            prop_assert_eq!(metric, &parts.train.pool_indices()[..train.min(validation) as usize]);
        }

        #[test]
        fn two_halves_are_complete_and_swap_exactly(seed: u64, per_class in 1_u32..8) {
            let (pool, half) = (pool(per_class), per_class * 5);
            let a = partition(&pool, &split(SplitScheme::TrainOnA, seed, half, half)).unwrap();
            let b = partition(&pool, &split(SplitScheme::TrainOnB, seed, half, half)).unwrap();
            prop_assert_eq!(a.train.pool_indices(), b.validation.pool_indices());
            prop_assert_eq!(a.validation.pool_indices(), b.train.pool_indices());
            let all: BTreeSet<u32> = a.train.pool_indices().iter()
                .chain(b.train.pool_indices()).copied().collect();
            prop_assert_eq!(all.len(), per_class as usize * 10);
        }

        #[test]
        fn holdout_can_use_every_image(seed: u64, per_class in 1_u32..8, validation in 1_u32..9) {
            let asked = split(SplitScheme::Holdout, seed, per_class * 10 - validation, validation);
            let parts = partition(&pool(per_class), &asked).unwrap();
            let mut all = [parts.train.pool_indices(), parts.validation.pool_indices()].concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..per_class * 10).collect::<Vec<_>>());
        }
    }

    #[test]
    fn division_depends_on_its_seed_only() {
        let indices = |seed| {
            let parts = partition(&pool(5), &split(SplitScheme::Holdout, seed, 30, 20)).unwrap();
            parts.train.pool_indices().to_vec()
        };
        assert_eq!(indices(1), indices(1));
        assert_ne!(indices(1), indices(2));
    }

    #[test]
    fn impossible_sizes_are_refused() {
        let error = |scheme, train, validation| {
            partition(&pool(2), &split(scheme, 0, train, validation)).unwrap_err()
        };
        assert!(matches!(
            error(SplitScheme::Holdout, 16, 5),
            DataError::SplitTooLarge { requested: 21, available: 20, .. }
        ));
        assert!(matches!(
            error(SplitScheme::Holdout, u32::MAX, u32::MAX),
            DataError::SplitTooLarge { available: 20, .. }
        ));
        assert!(matches!(
            error(SplitScheme::TrainOnA, 11, 5),
            DataError::SplitTooLarge { requested: 11, available: 10, .. }
        ));
        assert!(matches!(
            error(SplitScheme::TrainOnB, 5, 11),
            DataError::SplitTooLarge { requested: 11, available: 10, .. }
        ));
        assert!(matches!(
            error(SplitScheme::Holdout, 5, 0),
            DataError::EmptyPart { part: "validation" }
        ));
    }

    #[test]
    fn unequal_classes_are_divided_in_proportion() {
        let mut images = ImageSet::default();
        // Half of the images are of class 0, none of class 9.
        for i in 0..160_u8 {
            images.push(&[0; IMAGE_BYTES], if i < 80 { 0 } else { 1 + i % 8 });
        }
        let pool = TrainingPool::new(images);
        let parts = partition(&pool, &split(SplitScheme::Holdout, 0, 80, 40)).unwrap();
        let of_class = |view: &dyn Fn(usize) -> u8, len: usize, class: u8| {
            (0..len).filter(|i| view(*i) == class).count()
        };
        let (train, validation) = (&parts.train, &parts.validation);
        assert_eq!(of_class(&|i| train.label(i), train.len(), 0), 40);
        assert_eq!(of_class(&|i| validation.label(i), validation.len(), 0), 20);
        for class in 1..9 {
            assert_eq!(of_class(&|i| train.label(i), train.len(), class), 5, "class {class}");
        }
    }
}
