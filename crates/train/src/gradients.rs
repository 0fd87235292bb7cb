//! Moments of the loss gradient by layer, over all elements and all steps of an epoch.

use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use plateau_kernels::Isa;
use plateau_kernels::statistics::Sums;
use plateau_model::Parameter;
use plateau_model::operators::with_values;
use plateau_record::{Epoch, GradientRecord, Moments};
use rayon::iter::ParallelIterator;
use rayon::slice::ParallelSlice;

/// Elements that a thread sums at a time.
const SUM_LEN: usize = 1 << 15;

/// Sums that give the moments of one layer's weights or biases.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Total(Sums);

impl Total {
    fn add(&mut self, values: &[f32]) {
        let isa = Isa::detect();
        // One sum per step first, so that the rounding of a long epoch stays small; of parts
        // that don't depend on the number of threads.
        let step = if values.len() <= SUM_LEN || rayon::current_num_threads() == 1 {
            values.chunks(SUM_LEN).map(|part| Sums::of(isa, part)).fold(Sums::default(), add)
        } else {
            let parts: Vec<Sums> =
                values.par_chunks(SUM_LEN).map(|part| Sums::of(isa, part)).collect();
            parts.into_iter().fold(Sums::default(), add)
        };
        self.0 = add(self.0, step);
    }

    fn moments(&self, sum: f64) -> Moments {
        let n = self.0.count.max(1) as f64;
        let mean = sum / n;
        // (−g)² = g², so signed and absolute values share the sum of squares.
        let variance = (self.0.squares / n - mean * mean).max(0.0);
        Moments { mean, std: variance.sqrt() }
    }
}

fn add(a: Sums, b: Sums) -> Sums {
    Sums {
        // A checkpoint's count may be anything.
        count: a.count.saturating_add(b.count),
        sum: a.sum + b.sum,
        abs: a.abs + b.abs,
        squares: a.squares + b.squares,
    }
}

/// Collects one epoch's gradients.
#[derive(Clone, Debug)]
pub struct GradientStatistics {
    parameters: Vec<Parameter>,
    sums: Vec<Total>,
}

impl GradientStatistics {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(parameters: Vec<Parameter>) -> Self {
        let sums = vec![Total::default(); parameters.len()];
        Self { parameters, sums }
    }

    /// What the sums are, by parameter.
    #[must_use]
    pub fn sums(&self) -> Vec<Sums> {
        self.sums.iter().map(|total| total.0).collect()
    }

    /// With these sums; none if there are more or fewer parameters.
    #[must_use]
    pub fn with_sums(mut self, sums: &[Sums]) -> Option<Self> {
        self.sums = sums.iter().copied().map(Total).collect();
        (self.sums.len() == self.parameters.len()).then_some(self)
    }

    /// Adds the gradients of one step.
    pub fn add(&mut self, gradients: &GradientsParams) {
        for (parameter, sums) in self.parameters.iter().zip(&mut self.sums) {
            match parameter.rank {
                4 => add_to(sums, gradients.get::<4>(parameter.id)),
                2 => add_to(sums, gradients.get::<2>(parameter.id)),
                _ => add_to(sums, gradients.get::<1>(parameter.id)),
            }
        }
    }

    /// The records of the epoch; `names` are the network's layers from the input side.
    #[must_use]
    pub fn records(&self, epoch: Epoch, names: &[String]) -> Vec<GradientRecord> {
        let both = self.parameters.iter().zip(&self.sums);
        both.map(|(parameter, sums)| GradientRecord {
            epoch,
            layer: parameter.layer as u32,
            name: names[parameter.layer - 1].clone(),
            parameter: parameter.kind,
            signed: sums.moments(sums.0.sum),
            absolute: sums.moments(sums.0.abs),
            count: sums.0.count,
        })
        .collect()
    }
}

fn add_to<const D: usize>(sums: &mut Total, gradient: Option<Tensor<D>>) {
    if let Some(gradient) = gradient {
        with_values(&gradient, |values| sums.add(values));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_all_steps_together() {
        let mut sums = Total::default();
        sums.add(&[1.0, -3.0]);
        sums.add(&[2.0, -4.0]);
        let signed = sums.moments(sums.0.sum);
        let absolute = sums.moments(sums.0.abs);
        assert_eq!(sums.0.count, 4);
        assert!((signed.mean + 1.0).abs() < 1e-12);
        // Population variance of {1, −3, 2, −4}: 30/4 − 1.
        assert!((signed.std - 6.5_f64.sqrt()).abs() < 1e-12);
        assert!((absolute.mean - 2.5).abs() < 1e-12);
        assert!((absolute.std - 1.25_f64.sqrt()).abs() < 1e-12);
    }
}
