//! The order of the training images in each epoch.

use plateau_record::{Concern, Epoch, Seed, Step, Stream};

/// A random order of the positions 0 … `n` − 1, fixed by the run's seed and the epoch alone: a
/// resumed run needs no stored state to go on as if it had never stopped.
#[must_use]
pub fn epoch_order(seed: Seed, epoch: Epoch, n: u32) -> Vec<u32> {
    let mut order: Vec<u32> = (0..n).collect();
    Stream::new(seed, Concern::Order, epoch, Step(0)).shuffle(&mut order);
    order
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn order_is_a_permutation(seed: u64, epoch: u32, n in 0_u32..500) {
            let mut order = epoch_order(Seed(seed), Epoch(epoch), n);
            order.sort_unstable();
            prop_assert_eq!(order, (0..n).collect::<Vec<_>>());
        }

        #[test]
        fn order_depends_on_seed_and_epoch(seed: u64, epoch in 0_u32..u32::MAX) {
            let order = epoch_order(Seed(seed), Epoch(epoch), 100);
            prop_assert_eq!(&order, &epoch_order(Seed(seed), Epoch(epoch), 100));
            prop_assert_ne!(&order, &epoch_order(Seed(seed), Epoch(epoch + 1), 100));
            prop_assert_ne!(&order, &epoch_order(Seed(seed ^ 1), Epoch(epoch), 100));
        }
    }
}
