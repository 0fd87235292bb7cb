//! What the store holds already: runs taken over, and runs moved aside that can't be.

use plateau_record::RunId;

use super::ExecuteError;
use super::event::Event;
use super::executor::Executor;
use crate::plan::Plan;
use crate::store::StoreError;

impl Executor<'_> {
    /// Moves runs aside that can't be read and that the study doesn't ask for: some had their
    /// folder renamed, and have no other place any more.
    pub(super) fn set_strays_aside(&mut self) -> Result<(), ExecuteError> {
        let ids = self.store.run_ids()?.into_iter();
        // Those of the plan were read when they were taken over.
        for id in ids.filter(|id| self.plan.run(id).is_none()).collect::<Vec<_>>() {
            if let Err(error) = self.store.load(&id) {
                self.set_aside(&id, error)?;
            }
        }
        Ok(())
    }

    /// Moves a run aside that can't be used. One that may not be read is left where it is: there
    /// may be nothing wrong with it.
    pub(super) fn set_aside(&mut self, id: &RunId, error: StoreError) -> Result<(), ExecuteError> {
        if error.is_forbidden() {
            return Err(error.into());
        }
        let place = self.store.set_aside(id)?;
        (self.observer)(Event::SetAside { id, error: &error, place: &place });
        Ok(())
    }

    /// Stored runs that no phase asks for; none before all phases are known.
    pub(super) fn others(&self) -> Result<Vec<RunId>, ExecuteError> {
        if self.plan.unresolved().next().is_some() {
            return Ok(Vec::new());
        }
        let stored = self.store.run_ids()?.into_iter();
        Ok(stored.filter(|id| self.plan.run(id).is_none()).collect())
    }

    /// Plans anew with the runs that the store has, until there are no more: stored runs may
    /// resolve phases whose runs are stored as well.
    pub(super) fn load_stored(&mut self) -> Result<(), ExecuteError> {
        loop {
            // What is under way may be stored already; it is counted when its worker ends.
            let stored = self.plan.missing(&self.results);
            let stored = stored.filter(|run| !self.is_taken(&run.id) && self.store.has(&run.id));
            let ids: Vec<RunId> = stored.map(|run| run.id.clone()).collect();
            if ids.is_empty() {
                return Ok(());
            }
            for id in ids {
                match self.store.load_whole(&id) {
                    Ok(run) => {
                        self.results.insert(id, run);
                        self.n_reused += 1;
                    }
                    Err(error) => self.set_aside(&id, error)?,
                }
            }
            self.plan = Plan::new(self.study, &self.results);
        }
    }
}
