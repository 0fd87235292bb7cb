//! The learning rate at each step.

use plateau_record::{Schedule, ScheduleShape, Step};

/// A schedule laid over a run of known length.
#[derive(Clone, Debug)]
pub struct RateCurve<'a> {
    schedule: &'a Schedule,
    steps_per_epoch: u64,
    total_steps: u64,
}

impl<'a> RateCurve<'a> {
    /// A run of `n_epochs` × `steps_per_epoch` steps.
    #[must_use]
    pub fn new(schedule: &'a Schedule, steps_per_epoch: u64, n_epochs: u32) -> Self {
        Self { schedule, steps_per_epoch, total_steps: steps_per_epoch * u64::from(n_epochs) }
    }

    /// Learning rate of one step; steps count from 1.
    ///
    /// - cosine: η₀ · ½(1 + cos(π (s − 1) / S)), S steps in all
    /// - step decay: η₀ · factor^⌊finished epochs / every⌋
    /// - range test: η₀ · (η₁ / η₀)^((s − 1) / (S − 1))
    #[must_use]
    pub fn at(&self, step: Step) -> f64 {
        let finished = step.0.saturating_sub(1);
        let progress = finished as f64 / self.total_steps.max(1) as f64;
        let rate = self.schedule.rate;
        match self.schedule.shape {
            ScheduleShape::Constant => rate,
            ScheduleShape::Cosine => rate * 0.5 * (1.0 + (std::f64::consts::PI * progress).cos()),
            ScheduleShape::Step { every, factor } => {
                let drops = finished / (self.steps_per_epoch.max(1) * u64::from(every.0.max(1)));
                rate * factor.powf(drops as f64)
            }
            ScheduleShape::RangeTest { to } => {
                let last = self.total_steps.saturating_sub(1).max(1);
                rate * (to / rate).powf(finished as f64 / last as f64)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plateau_record::Epoch;

    fn rates(shape: ScheduleShape) -> Vec<f64> {
        let schedule = Schedule { rate: 0.1, shape };
        let curve = RateCurve::new(&schedule, 2, 4);
        (1..=8).map(|step| curve.at(Step(step))).collect()
    }

    #[test]
    fn constant_stays() {
        assert_eq!(rates(ScheduleShape::Constant), [0.1; 8]);
    }

    #[test]
    fn cosine_falls_from_the_start_to_nearly_zero_through_the_half() {
        let rates = rates(ScheduleShape::Cosine);
        assert_eq!(rates[0], 0.1);
        assert!((rates[4] - 0.05).abs() < 1e-12);
        assert!(rates[7] < 0.005 && rates.is_sorted_by(|a, b| a > b));
    }

    #[test]
    fn step_decay_drops_after_every_second_epoch() {
        let rates = rates(ScheduleShape::Step { every: Epoch(2), factor: 0.5 });
        assert_eq!(rates, [0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05]);
    }

    #[test]
    fn range_test_grows_exponentially_to_its_end() {
        let rates = rates(ScheduleShape::RangeTest { to: 12.8 });
        for (step, rate) in rates.iter().enumerate() {
            assert!((rate / (0.1 * 2.0_f64.powi(step as i32)) - 1.0).abs() < 1e-9);
        }
    }
}
