//! Numbers that must not be mixed up.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! unit {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

unit! {
    /// A count of passes over the training images. Epoch 0 is the state before training;
    /// epoch *e* is the state after the *e*-th pass.
    Epoch(u32)
}
unit! {
    /// A count of parameter updates since the start of the run.
    Step(u64)
}
unit! {
    /// The seed of one run: it fixes the initial weights, the order of the images and the
    /// dropout masks. Runs that share a seed are paired in every test.
    Seed(u64)
}
