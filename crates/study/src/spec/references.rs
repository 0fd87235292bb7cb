//! Checks of what phases say about each other.

use std::ops::Range;

use plateau_record::{ScheduleShape, SplitScheme};
use toml::Spanned;

use super::error::SpecError;
use super::keys::suggestion;
use super::resolved::{Dropout, Phase, Rates};
use super::written::PhaseAsWritten;

/// Checks every reference. `written` and `phases` are the same phases in the same order.
///
/// A reference that stems from `[training]` or `[network]` is reported at the phase.
pub(super) fn check(written: &[PhaseAsWritten], phases: &[Phase], errors: &mut Vec<SpecError>) {
    for (written, phase) in written.iter().zip(phases) {
        let place = |own: Option<Range<usize>>| own.unwrap_or(written.name.span());
        let settings = &written.settings;
        if let Some(name) = phase.rates.source() {
            let place = place(settings.rate.as_ref().map(Spanned::span));
            if let Some(target) = find(name, phases, &place, errors) {
                require(rates_problem(&phase.rates, target), &place, errors);
            }
        }
        let dropout_place = place(settings.dropout.as_ref().map(Spanned::span));
        for (i, dropout) in phase.dropouts.iter().enumerate() {
            let Dropout::BestOf { phase: name, above } = dropout else { continue };
            let own = settings.dropout.as_ref().and_then(|list| list.get_ref().get(i));
            let place = place(own.map(Spanned::span));
            if let Some(target) = find(name, phases, &place, errors) {
                require(dropout_problem(phase, target, *above), &place, errors);
            }
        }
        let choices = phase.dropouts.iter().filter(|dropout| dropout.source().is_some());
        if choices.count() > 1 {
            let problem = "`dropout` may hold one `best_of` at most: two could choose the same";
            require(Some(problem.to_owned()), &dropout_place, errors);
        }
        if let Some(name) = &written.transfer_from
            && let Some(target) = find(name.get_ref(), phases, &name.span(), errors)
        {
            require(transfer_problem(phase, target), &name.span(), errors);
        }
    }
    if errors.is_empty() {
        check_cycles(written, phases, errors);
    }
}

/// The phase of that name; reports a name that isn't one.
pub(super) fn find<'a>(
    name: &str,
    phases: &'a [Phase],
    place: &Range<usize>,
    errors: &mut Vec<SpecError>,
) -> Option<&'a Phase> {
    let found = phases.iter().find(|phase| phase.name == name);
    if found.is_none() {
        let names: Vec<&str> = phases.iter().map(|phase| phase.name.as_str()).collect();
        let error = SpecError::new(place.clone(), format!("there is no phase `{name}`"));
        errors.push(error.label("unknown phase").help(suggestion(name, &names)));
    }
    found
}

fn require(problem: Option<String>, place: &Range<usize>, errors: &mut Vec<SpecError>) {
    if let Some(message) = problem {
        errors.push(SpecError::new(place.clone(), message).label("refers to it here"));
    }
}

fn rates_problem(rates: &Rates, target: &Phase) -> Option<String> {
    let name = &target.name;
    match rates {
        Rates::Given(_) => None,
        Rates::ProposedBy { .. } => (!target.is_range_test())
            .then(|| format!("`proposed_by` needs a phase with `range_test`, `{name}` has none")),
        Rates::BestOf { .. } if target.shape != ScheduleShape::Constant => {
            Some(format!("`best_of` chooses among constant rates, those of `{name}` change"))
        }
        Rates::BestOf { .. }
            if target.n_groups() != target.rates.len() || target.n_groups() < 2 =>
        {
            Some(format!(
                "`best_of` needs a phase of several rates whose groups differ in nothing else, \
                 not so `{name}`"
            ))
        }
        Rates::SameAs { .. } if target.is_range_test() => {
            Some(format!("`same_as` needs a phase with one rate, `{name}` is a range test"))
        }
        Rates::SameAs { .. } if target.rates.len() != 1 => Some(format!(
            "`same_as` needs a phase with one rate, `{name}` has {}",
            target.rates.len()
        )),
        Rates::BestOf { .. } | Rates::SameAs { .. } => None,
    }
}

fn dropout_problem(phase: &Phase, target: &Phase, above: f64) -> Option<String> {
    let name = &target.name;
    if target.is_range_test() || target.n_groups() != target.dropouts.len() {
        return Some(format!(
            "`best_of` needs a phase that differs in dropout alone, `{name}` doesn't"
        ));
    }
    if phase.transfer_from.as_ref().is_some_and(|from| from != name) {
        return Some(format!(
            "a dropout rate for transferred weights must be chosen from the phase that they \
             come from, not `{name}`"
        ));
    }
    let candidates = given_dropouts(target);
    let Some(candidates) = candidates else {
        return Some(format!("`best_of` chooses among rates that are written, not so in `{name}`"));
    };
    if !candidates.iter().any(|&rate| rate > above) {
        return Some(format!("`{name}` has no dropout rate above {above} to choose from"));
    }
    let twice = phase.dropouts.iter().find_map(|dropout| match dropout {
        Dropout::Given(rate) if *rate > above && candidates.contains(rate) => Some(rate),
        _ => None,
    })?;
    Some(format!("dropout {twice} is listed, and could be chosen from `{name}` as well"))
}

fn transfer_problem(phase: &Phase, target: &Phase) -> Option<String> {
    let name = &target.name;
    if target.is_range_test() || target.transfer_from.is_some() {
        return Some(format!(
            "weights must come from a phase that trains all layers, not `{name}`"
        ));
    }
    let swapped = matches!(
        (target.split.scheme, phase.split.scheme),
        (SplitScheme::TrainOnA, SplitScheme::TrainOnB)
            | (SplitScheme::TrainOnB, SplitScheme::TrainOnA)
    );
    if !swapped {
        return Some(format!(
            "weights must come from the other half of the data: `{name}` trains on {}, \
             this phase on {}",
            part(target.split.scheme),
            part(phase.split.scheme)
        ));
    }
    if target.channels != phase.channels {
        return Some(format!(
            "weights must come from the same network: `{name}` has the channels {:?}, this phase \
             {:?}",
            target.channels, phase.channels
        ));
    }
    if target.activation != phase.activation {
        return Some(format!(
            "weights must come from the same network: `{name}` has another activation"
        ));
    }
    if target.rates.len() != 1 {
        return Some(format!(
            "weights must come from a phase with one learning rate, `{name}` has {}",
            target.rates.len()
        ));
    }
    let Some(dropouts) = given_dropouts(target) else {
        return Some(format!("`{name}` must list its dropout rates as numbers"));
    };
    for dropout in &phase.dropouts {
        if let Dropout::Given(rate) = dropout
            && !dropouts.contains(rate)
        {
            return Some(format!("`{name}` has no run with dropout {rate}, only {dropouts:?}"));
        }
    }
    let missing = phase.batch_norms.iter().find(|norm| !target.batch_norms.contains(norm))?;
    Some(format!("`{name}` has no run with batch_norm = {missing}"))
}

fn part(scheme: SplitScheme) -> &'static str {
    match scheme {
        SplitScheme::Holdout => "a part that is no half",
        SplitScheme::TrainOnA => "half A",
        SplitScheme::TrainOnB => "half B",
    }
}

/// The dropout rates of a phase, if all of them are written.
pub(super) fn given_dropouts(phase: &Phase) -> Option<Vec<f64>> {
    let given = phase.dropouts.iter().map(|dropout| match dropout {
        Dropout::Given(rate) => Some(*rate),
        Dropout::BestOf { .. } => None,
    });
    given.collect()
}

fn check_cycles(written: &[PhaseAsWritten], phases: &[Phase], errors: &mut Vec<SpecError>) {
    let mut waiting: Vec<&Phase> = phases.iter().collect();
    loop {
        let names: Vec<&str> = waiting.iter().map(|phase| phase.name.as_str()).collect();
        let before = waiting.len();
        waiting.retain(|phase| phase.sources().any(|source| names.contains(&source)));
        if waiting.len() == before {
            break;
        }
    }
    // Whoever waits in vain waits for a cycle or is in one: follow the references round.
    let mut path: Vec<&Phase> = waiting.first().copied().into_iter().collect();
    while let Some(last) = path.last() {
        let next = waiting.iter().find(|phase| last.sources().any(|name| name == phase.name));
        let Some(next) = next.copied() else { return };
        if let Some(start) = path.iter().position(|phase| phase.name == next.name) {
            let mut names: Vec<&str> = path[start..].iter().map(|p| p.name.as_str()).collect();
            names.push(next.name.as_str());
            let place = written.iter().find(|w| *w.name.get_ref() == next.name);
            let message = format!("no phase may wait for itself: {}", names.join(" → "));
            let span = place.map_or(0..0, |phase| phase.name.span());
            errors.push(SpecError::new(span, message).label("waits for itself"));
            return;
        }
        path.push(next);
    }
}

impl Phase {
    /// The phases it refers to.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        let dropouts = self.dropouts.iter().filter_map(Dropout::source);
        self.rates.source().into_iter().chain(dropouts).chain(self.transfer_from.as_deref())
    }
}
