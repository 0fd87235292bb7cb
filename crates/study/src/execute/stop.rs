//! How an execution is asked to end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

const GO_ON: u8 = 0;
const SOON: u8 = 1;
const NOW: u8 = 2;

/// Asks an execution to end; clones ask the same one.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicU8>);

/// How urgently an execution is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Not at all.
    GoOn,
    /// Workers leave a checkpoint before they end.
    Soon,
    /// Workers are killed; what is stored is kept.
    Now,
}

impl Stop {
    /// Asks it to end soon; asked once more, at once. May be called in a signal's handler.
    pub fn ask(&self) {
        // Nobody depends on the order of other memory.
        let _ = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |now| Some((now + 1).min(NOW)));
    }

    /// How urgently it was asked to.
    #[must_use]
    pub fn urgency(&self) -> Urgency {
        match self.0.load(Ordering::Relaxed) {
            GO_ON => Urgency::GoOn,
            SOON => Urgency::Soon,
            _ => Urgency::Now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asked_once_it_ends_soon_and_asked_twice_at_once() {
        let stop = Stop::default();
        let signal = stop.clone();
        assert_eq!(stop.urgency(), Urgency::GoOn);
        signal.ask();
        assert_eq!(stop.urgency(), Urgency::Soon);
        signal.ask();
        signal.ask();
        assert_eq!(stop.urgency(), Urgency::Now);
    }
}
