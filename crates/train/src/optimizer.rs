//! burn's optimisers with PyTorch's meaning.

use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdamConfig, ModuleOptimizer, SgdConfig};
use plateau_record::Optimizer;

/// The optimiser of a configuration, with empty state.
#[must_use]
pub fn optimizer(config: &Optimizer) -> ModuleOptimizer {
    match *config {
        Optimizer::Sgd { momentum, weight_decay } => {
            // burn's default dampening is 0.1; PyTorch's, and the textbook's, is 0.
            let momentum = MomentumConfig::new().with_momentum(momentum).with_dampening(0.0);
            let sgd = SgdConfig::new().with_momentum(Some(momentum));
            if weight_decay > 0.0 {
                let penalty = WeightDecayConfig::new(weight_decay as f32);
                return sgd.with_weight_decay(Some(penalty)).init();
            }
            sgd.init()
        }
        Optimizer::Adam { beta_1, beta_2, epsilon } => AdamConfig::new()
            .with_beta_1(beta_1 as f32)
            .with_beta_2(beta_2 as f32)
            .with_epsilon(epsilon as f32)
            .init(),
    }
}
