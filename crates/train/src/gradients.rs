//! Moments of the loss gradient by layer, over all elements and all steps of an epoch.

use burn::optim::GradientsParams;
use plateau_model::Parameter;
use plateau_record::{Epoch, GradientRecord, Moments};

/// Sums that give the moments of one layer's weights or biases.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Sums {
    count: u64,
    signed: f64,
    absolute: f64,
    squared: f64,
}

impl Sums {
    fn add(&mut self, values: &[f32]) {
        // One sum per step first, so that the rounding of a long epoch stays small.
        let (mut signed, mut absolute, mut squared) = (0.0_f64, 0.0_f64, 0.0_f64);
        for value in values {
            let value = f64::from(*value);
            signed += value;
            absolute += value.abs();
            squared += value * value;
        }
        self.count += values.len() as u64;
        self.signed += signed;
        self.absolute += absolute;
        self.squared += squared;
    }

    fn moments(&self, sum: f64) -> Moments {
        let n = self.count.max(1) as f64;
        let mean = sum / n;
        // (−g)² = g², so signed and absolute values share the sum of squares.
        let variance = (self.squared / n - mean * mean).max(0.0);
        Moments { mean, std: variance.sqrt() }
    }
}

/// Collects one epoch's gradients.
#[derive(Clone, Debug)]
pub struct GradientStatistics {
    parameters: Vec<Parameter>,
    sums: Vec<Sums>,
}

impl GradientStatistics {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(parameters: Vec<Parameter>) -> Self {
        let sums = vec![Sums::default(); parameters.len()];
        Self { parameters, sums }
    }

    /// Adds the gradients of one step.
    pub fn add(&mut self, gradients: &GradientsParams) {
        for (parameter, sums) in self.parameters.iter().zip(&mut self.sums) {
            let data = match parameter.rank {
                4 => gradients.get::<4>(parameter.id).map(|g| g.into_data()),
                2 => gradients.get::<2>(parameter.id).map(|g| g.into_data()),
                _ => gradients.get::<1>(parameter.id).map(|g| g.into_data()),
            };
            let Some(data) = data else { continue };
            sums.add(data.as_slice().expect("gradients are 32-bit floats"));
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
            signed: sums.moments(sums.signed),
            absolute: sums.moments(sums.absolute),
            count: sums.count,
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_all_steps_together() {
        let mut sums = Sums::default();
        sums.add(&[1.0, -3.0]);
        sums.add(&[2.0, -4.0]);
        let signed = sums.moments(sums.signed);
        let absolute = sums.moments(sums.absolute);
        assert_eq!(sums.count, 4);
        assert!((signed.mean + 1.0).abs() < 1e-12);
        // Population variance of {1, −3, 2, −4}: 30/4 − 1.
        assert!((signed.std - 6.5_f64.sqrt()).abs() < 1e-12);
        assert!((absolute.mean - 2.5).abs() < 1e-12);
        assert!((absolute.std - 1.25_f64.sqrt()).abs() < 1e-12);
    }
}
