//! Optimisers with PyTorch's meaning: on the CPU one pass over parameters and state, elsewhere
//! burn's tensor operations.

use burn::optim::ModuleOptimizer;
use plateau_record::Optimizer;

mod adam;
mod sgd;

/// The optimiser of a configuration, with empty state.
#[must_use]
pub fn optimizer(config: &Optimizer) -> ModuleOptimizer {
    match *config {
        Optimizer::Sgd { momentum, weight_decay } => {
            ModuleOptimizer::from(sgd::Sgd { momentum, weight_decay })
        }
        Optimizer::Adam { beta_1, beta_2, epsilon } => {
            ModuleOptimizer::from(adam::Adam { betas: [beta_1, beta_2], epsilon })
        }
    }
}
