//! The learning-rate range test (Smith, 2017): the rate grows exponentially from step to step
//! while the loss is recorded.

use plateau_record::{RANGE_TEST_DECAY, RANGE_TEST_STOP_FACTOR, RangeRecord};

/// Records the steps and decides when enough was seen.
#[derive(Clone, Debug, Default)]
pub struct RangeTest {
    records: Vec<RangeRecord>,
    mean: f64,
    weight: f64,
    lowest: Option<f64>,
}

/// Whether to take another step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The loss is still worth looking at.
    GoOn,
    /// The loss exploded.
    Stop,
}

impl RangeTest {
    /// Takes one step's rate and loss.
    pub fn add(&mut self, record: RangeRecord) -> Verdict {
        if !record.loss.is_finite() {
            return Verdict::Stop;
        }
        self.records.push(record);
        self.mean = RANGE_TEST_DECAY * self.mean + (1.0 - RANGE_TEST_DECAY) * record.loss;
        self.weight = RANGE_TEST_DECAY * self.weight + (1.0 - RANGE_TEST_DECAY);
        let smoothed = self.mean / self.weight;
        let lowest = self.lowest.map_or(smoothed, |lowest| lowest.min(smoothed));
        self.lowest = Some(lowest);
        if record.loss > RANGE_TEST_STOP_FACTOR * lowest { Verdict::Stop } else { Verdict::GoOn }
    }

    /// A test that has seen these steps.
    #[must_use]
    pub fn after(records: &[RangeRecord]) -> Self {
        let mut test = Self::default();
        for record in records {
            test.add(*record);
        }
        test
    }

    /// All steps with a finite loss so far.
    #[must_use]
    pub fn records(&self) -> &[RangeRecord] {
        &self.records
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plateau_record::Step;

    fn record(step: u64, loss: f64) -> RangeRecord {
        RangeRecord { step: Step(step), learning_rate: 0.1, loss }
    }

    #[test]
    fn stops_at_an_explosion_and_keeps_what_it_saw() {
        let mut test = RangeTest::default();
        assert_eq!(test.add(record(1, 2.3)), Verdict::GoOn);
        assert_eq!(test.add(record(2, 2.0)), Verdict::GoOn);
        assert_eq!(test.add(record(3, 9.0)), Verdict::Stop);
        assert_eq!(test.records().len(), 3);
    }

    #[test]
    fn a_loss_that_is_no_number_is_not_recorded() {
        let mut test = RangeTest::default();
        assert_eq!(test.add(record(1, f64::NAN)), Verdict::Stop);
        assert!(test.records().is_empty());
    }
}
