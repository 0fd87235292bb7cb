//! Experiments: does each phase fit the part it is given?

use plateau_record::{ExperimentRecord, ScheduleShape};
use toml::Spanned;

use super::error::SpecError;
use super::references::{find, given_dropouts};
use super::resolved::Phase;
use super::written::{ExperimentAsWritten, Setting};

pub(super) fn resolve(
    written: &[Spanned<ExperimentAsWritten>],
    phases: &[Phase],
    errors: &mut Vec<SpecError>,
) -> Vec<ExperimentRecord> {
    let mut roles = Roles { phases, errors };
    let records: Vec<_> =
        written.iter().map(|experiment| roles.experiment(experiment.get_ref())).collect();
    for (i, (record, experiment)) in records.iter().zip(written).enumerate() {
        if records[..i].iter().any(|earlier| are_one(earlier, record)) {
            roles.errors.push(doubled(record, experiment));
        }
    }
    records
}

/// Whether two experiments would have the same figures and tables. Sweeps have theirs for each
/// phase.
fn are_one(one: &ExperimentRecord, other: &ExperimentRecord) -> bool {
    match (one, other) {
        (ExperimentRecord::Sweep { phase }, ExperimentRecord::Sweep { phase: other }) => {
            phase == other
        }
        _ => std::mem::discriminant(one) == std::mem::discriminant(other),
    }
}

fn doubled(record: &ExperimentRecord, place: &Spanned<ExperimentAsWritten>) -> SpecError {
    let (message, help) = match record {
        ExperimentRecord::Sweep { phase } => {
            (format!("the sweep of `{phase}` is asked for twice"), "leave one of them out")
        }
        ExperimentRecord::LearningRate { .. }
        | ExperimentRecord::Regularisation { .. }
        | ExperimentRecord::GradientFlow { .. } => (
            "a report has one experiment of this kind".to_owned(),
            "make a study of its own for this one (runs that both ask for are the same), or \
             compare its phase with kind = \"sweep\"",
        ),
    };
    SpecError::new(place.span(), message).label("a second one").help(help)
}

struct Roles<'a> {
    phases: &'a [Phase],
    errors: &'a mut Vec<SpecError>,
}

impl<'a> Roles<'a> {
    fn experiment(&mut self, written: &ExperimentAsWritten) -> ExperimentRecord {
        match written {
            ExperimentAsWritten::LearningRate { range_test, constant, scheduled } => {
                self.check(range_test.as_ref(), |phase| {
                    (!phase.is_range_test()).then_some("a phase with `range_test`")
                });
                let base = self.check(Some(constant), |phase| {
                    let varies = phase.rates.len() == phase.n_groups() && phase.n_groups() > 1;
                    (phase.shape != ScheduleShape::Constant || !varies)
                        .then_some("a phase of several constant rates that differ in nothing else")
                });
                let other = self.check(scheduled.as_ref(), |phase| {
                    let falls = !phase.is_range_test() && phase.shape != ScheduleShape::Constant;
                    (!falls || phase.n_groups() != 1)
                        .then_some("a phase of one group whose `schedule` lowers the rate")
                });
                self.comparable(base, other, scheduled.as_ref());
                ExperimentRecord::LearningRate {
                    range_test: name(range_test),
                    constant: constant.get_ref().clone(),
                    scheduled: name(scheduled),
                }
            }
            ExperimentAsWritten::Regularisation { dropout, transfer } => {
                self.check(Some(dropout), dropout_problem);
                self.check(transfer.as_ref(), |phase| {
                    (phase.transfer_from.as_ref() != Some(dropout.get_ref()))
                        .then_some("a phase with `transfer_from` the experiment's dropout phase")
                });
                ExperimentRecord::Regularisation {
                    dropout: dropout.get_ref().clone(),
                    transfer: name(transfer),
                }
            }
            ExperimentAsWritten::GradientFlow { dropout, batch_norm } => {
                let base = self.check(Some(dropout), dropout_problem);
                let other = self.check(Some(batch_norm), |phase| {
                    let fits = phase.batch_norms == [true]
                        && given_dropouts(phase).is_some_and(|rates| rates == [0.0])
                        && phase.n_groups() == 1
                        && phase.transfer_from.is_none()
                        && !phase.is_range_test();
                    (!fits).then_some("a phase of one group with batch norm and without dropout")
                });
                self.comparable(base, other, Some(batch_norm));
                ExperimentRecord::GradientFlow {
                    dropout: dropout.get_ref().clone(),
                    batch_norm: batch_norm.get_ref().clone(),
                }
            }
            ExperimentAsWritten::Sweep { phase } => {
                self.check(Some(phase), |phase| {
                    phase.is_range_test().then_some("a phase whose runs are no range tests")
                });
                ExperimentRecord::Sweep { phase: phase.get_ref().clone() }
            }
        }
    }

    /// Reports a phase that isn't there or doesn't fit: `needed` says what does.
    fn check(
        &mut self,
        role: Option<&Spanned<String>>,
        needed: impl Fn(&Phase) -> Option<&'static str>,
    ) -> Option<&'a Phase> {
        let role = role?;
        let phase = find(role.get_ref(), self.phases, &role.span(), self.errors)?;
        if let Some(needed) = needed(phase) {
            let error = SpecError::new(role.span(), format!("this part needs {needed}"));
            self.errors.push(error.label(format!("`{}` isn't one", phase.name)));
            return None;
        }
        Some(phase)
    }

    /// Reports two phases whose difference would not be due to what the experiment asks about.
    fn comparable(
        &mut self,
        base: Option<&Phase>,
        other: Option<&Phase>,
        place: Option<&Spanned<String>>,
    ) {
        let (Some(base), Some(other), Some(place)) = (base, other, place) else { return };
        let differences = [
            ("split", base.split != other.split),
            ("channels", base.channels != other.channels),
            ("hidden", base.hidden != other.hidden),
            ("activation", base.activation != other.activation),
            ("batch_size", base.batch_size != other.batch_size),
            ("epochs", base.epochs != other.epochs),
            ("optimizer", base.optimizer != other.optimizer),
        ];
        for (key, _) in differences.iter().filter(|(_, differs)| *differs) {
            let message = format!(
                "`{}` and `{}` are compared, and must have one `{key}`",
                base.name, other.name
            );
            self.errors.push(SpecError::new(place.span(), message).label("differs in it"));
        }
    }
}

/// What the dropout phase of an experiment has to be, if it isn't.
fn dropout_problem(phase: &Phase) -> Option<&'static str> {
    let varies = phase.dropouts.len() == phase.n_groups() && phase.n_groups() > 1;
    let rates = given_dropouts(phase).unwrap_or_default();
    let fits = varies
        && rates.contains(&0.0)
        && phase.batch_norms == [false]
        && phase.transfer_from.is_none()
        && !phase.is_range_test();
    (!fits).then_some("a phase of several dropout rates, 0 among them, without batch norm")
}

fn name(role: &Setting<String>) -> Option<String> {
    role.as_ref().map(|name| name.get_ref().clone())
}
