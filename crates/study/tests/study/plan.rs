//! What a plan asks for, before and after results.

use std::collections::BTreeSet;

use plateau_record::{RunId, ScheduleShape, Start};
use plateau_study::plan::Results;
use plateau_study::spec::preset;
use plateau_study::{Overrides, PhaseState, Plan, Study};
use proptest::prelude::*;

use crate::support::{STUDY, parse, record, tiny_study};

/// Finishes all runs of the plan that are known.
fn finish(plan: &Plan, results: &mut Results) {
    for run in &plan.runs {
        results.insert(run.id.clone(), record(&run.config));
    }
}

/// The plan with all results there can be, and these results.
fn finished(study: &Study) -> (Plan, Results) {
    let mut results = Results::new();
    loop {
        let plan = Plan::new(study, &results);
        if plan.missing(&results).next().is_none() {
            return (plan, results);
        }
        finish(&plan, &mut results);
    }
}

fn waits_for<'a>(plan: &'a Plan, name: &str) -> &'a [String] {
    let phase = plan.phases.iter().find(|phase| phase.name == name).unwrap();
    match &phase.state {
        PhaseState::Pending { waits_for } => waits_for,
        other => panic!("{name} does not wait: {other:?}"),
    }
}

#[test]
fn phases_are_resolved_as_results_arrive() {
    let study = tiny_study();
    let mut results = Results::new();
    let plan = Plan::new(&study, &results);
    assert_eq!(plan.runs.len(), 2, "the range tests");
    assert!(plan.runs.iter().all(|run| {
        matches!(run.config.schedule.shape, ScheduleShape::RangeTest { to } if to == 1.0)
    }));
    assert_eq!(plan.n_runs(), 20);
    assert_eq!(waits_for(&plan, "constant"), ["range-test"]);
    assert_eq!(waits_for(&plan, "scheduled"), ["constant"]);
    assert_eq!(waits_for(&plan, "dropout"), ["scheduled"]);
    assert_eq!(waits_for(&plan, "transfer"), ["scheduled", "dropout"]);
    let total = plan.remaining_cost(&results);

    finish(&plan, &mut results);
    let plan = Plan::new(&study, &results);
    assert_eq!(plan.runs.len(), 6, "and the constant rates");
    finish(&plan, &mut results);
    let plan = Plan::new(&study, &results);
    assert_eq!(plan.runs.len(), 16, "and all but the transferred");
    assert_eq!(waits_for(&plan, "transfer"), ["dropout"]);
    let record = plan.record(&study);
    assert_eq!(record.pending, ["transfer"]);
    assert_eq!(record.phases.len(), 5);
    finish(&plan, &mut results);
    let plan = Plan::new(&study, &results);
    assert_eq!(plan.runs.len(), 20);
    finish(&plan, &mut results);
    assert_eq!(plan.remaining_cost(&results), 0.0);
    let sum: f64 = plan.runs.iter().map(|run| run.cost).sum();
    assert!((sum - total).abs() < 1e-9 * total, "costs don't depend on results");
}

#[test]
fn choices_are_recorded_with_their_rule() {
    let (plan, _) = finished(&tiny_study());
    let record = plan.record(&tiny_study());
    let constant = record.phase("constant").unwrap();
    assert_eq!(constant.choices.len(), 1);
    assert_eq!(
        (constant.choices[0].setting.as_str(), constant.choices[0].from.as_str()),
        ("rate", "range-test")
    );
    let rates: Vec<f64> = constant.groups.iter().map(|group| group.schedule.rate).collect();
    assert_eq!(constant.choices[0].values, rates);
    let scheduled = record.phase("scheduled").unwrap();
    let start = scheduled.groups[0].schedule.rate;
    assert!(start > rates[0] && start <= rates[1], "twice the smaller is at most the larger");
    assert_eq!(scheduled.choices[0].values, [start]);
    let transfer = record.phase("transfer").unwrap();
    let dropout = transfer.choices.iter().find(|choice| choice.setting == "dropout").unwrap();
    assert_eq!(dropout.values, [0.2]);
    assert!(!dropout.rule.is_empty());
}

#[test]
fn transferred_runs_start_from_the_same_seed_and_dropout_and_come_later() {
    let (plan, results) = finished(&tiny_study());
    let mut n_transferred = 0;
    for (i, run) in plan.runs.iter().enumerate() {
        let Start::Transfer { parent } = &run.config.start else { continue };
        n_transferred += 1;
        let place = plan.runs.iter().position(|other| other.id == *parent).unwrap();
        assert!(place < i);
        let parent = &results[parent].config;
        assert_eq!(parent.seed, run.config.seed);
        assert_eq!(parent.network, run.config.network);
        assert_eq!(parent.start, Start::Fresh);
    }
    assert_eq!(n_transferred, 4);
}

#[test]
fn runs_that_phases_share_are_planned_once() {
    let source = format!(
        "{STUDY}\n[phase.again]\nsplit = {{ half = \"A\", images = 100 }}\n\
        rate = {{ same_as = \"scheduled\" }}\nschedule = \"cosine\"\ndropout = [0.5, 0.1]\n"
    );
    let (plan, _) = finished(&parse(&source));
    assert_eq!(plan.runs.len(), 22, "0.1 is new");
    let shared: Vec<_> = plan.runs.iter().filter(|run| run.phases.len() > 1).collect();
    assert_eq!(shared.len(), 2);
    assert!(shared.iter().all(|run| run.phases == ["dropout", "again"]));
}

#[test]
fn a_phase_whose_source_allows_no_choice_is_blocked() {
    let study = tiny_study();
    let mut results = Results::new();
    let plan = Plan::new(&study, &results);
    finish(&plan, &mut results);
    for run in results.values_mut() {
        run.range.clear();
    }
    let plan = Plan::new(&study, &results);
    let PhaseState::Blocked { reason, .. } = &plan.phases[1].state else {
        panic!("{:?}", plan.phases[1]);
    };
    assert!(reason.starts_with("no rate can be chosen from phase range-test: "), "{reason}");
    assert_eq!(waits_for(&plan, "scheduled"), ["constant"]);
}

#[test]
fn the_presets_ask_for_as_many_runs_as_they_say() {
    for (name, n_runs) in [("quick", 73), ("cifar10", 73), ("synthetic", 22)] {
        let study = parse(preset(name).unwrap().source);
        assert_eq!(Plan::new(&study, &Results::new()).n_runs(), n_runs, "{name}");
        let (plan, _) = finished(&study);
        assert_eq!(plan.runs.len(), n_runs, "{name}");
        assert_eq!(plan.unresolved().count(), 0);
    }
}

#[derive(Clone, Debug)]
struct Sweep {
    seeds: u32,
    rates: Vec<f64>,
    dropouts: Vec<f64>,
    batch_norms: Vec<bool>,
}

impl Sweep {
    fn phase(&self, name: &str) -> String {
        format!(
            "[phase.{name}]\nrate = {:?}\ndropout = {:?}\nbatch_norm = {:?}\n",
            self.rates, self.dropouts, self.batch_norms
        )
    }

    fn n_groups(&self) -> usize {
        self.rates.len() * self.dropouts.len() * self.batch_norms.len()
    }
}

fn sweep() -> impl Strategy<Value = Sweep> {
    let rates = proptest::sample::subsequence(vec![0.001, 0.01, 0.1, 1.0], 1..=4);
    let dropouts = proptest::sample::subsequence(vec![0.0, 0.1, 0.5], 1..=3);
    let batch_norms = proptest::sample::subsequence(vec![false, true], 1..=2);
    (1..6_u32, rates, dropouts, batch_norms).prop_map(|(seeds, rates, dropouts, batch_norms)| {
        Sweep { seeds, rates, dropouts, batch_norms }
    })
}

fn study_of(seeds: u32, split_seed: u32, phases: &[String]) -> Study {
    parse(&format!(
        "name = \"s\"\ntitle = \"Many\"\ndata = \"synthetic\"\nseeds = {seeds}\n\
         split_seed = {split_seed}\n[network]\nchannels = [2]\nhidden = 2\n[training]\n\
         batch_size = 8\nepochs = 1\noptimizer = {{ kind = \"adam\" }}\n\
         split = {{ train = 20, validation = 10 }}\n{}",
        phases.concat()
    ))
}

fn ids(study: &Study) -> BTreeSet<RunId> {
    Plan::new(study, &Results::new()).runs.into_iter().map(|run| run.id).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_phase_asks_for_the_product_of_its_values_and_seeds(sweep in sweep()) {
        let study = study_of(sweep.seeds, 0, &[sweep.phase("one")]);
        let plan = Plan::new(&study, &Results::new());
        let expected = sweep.n_groups() * sweep.seeds as usize;
        prop_assert_eq!(plan.runs.len(), expected);
        prop_assert_eq!(plan.n_runs(), expected);
        prop_assert_eq!(plan.phases[0].record().unwrap().groups.len(), sweep.n_groups());
        let sum: f64 = plan.runs.iter().map(|run| run.cost).sum();
        prop_assert!((sum - plan.phases[0].cost).abs() <= 1e-9 * sum);
    }

    #[test]
    fn runs_are_merged_without_loss(a in sweep(), b in sweep()) {
        let study = study_of(a.seeds, 0, &[a.phase("one"), b.phase("two")]);
        let plan = Plan::new(&study, &Results::new());
        let ids: BTreeSet<_> = plan.runs.iter().map(|run| &run.id).collect();
        prop_assert_eq!(ids.len(), plan.runs.len(), "each run once");
        for run in &plan.runs {
            prop_assert_eq!(&run.config.id(), &run.id);
        }
        for phase in &plan.phases {
            for run in phase.record().unwrap().groups.iter().flat_map(|group| &group.runs) {
                let planned = plan.run(&run.id).unwrap();
                prop_assert!(planned.phases.contains(&phase.name));
                prop_assert_eq!(planned.config.seed, run.seed);
            }
        }
        let asked: usize = plan.runs.iter().map(|run| run.phases.len()).sum();
        prop_assert_eq!(asked, (a.n_groups() + b.n_groups()) * a.seeds as usize);
    }

    #[test]
    fn the_order_of_phases_changes_no_run(a in sweep(), b in sweep()) {
        let (one, two) = (a.phase("one"), b.phase("two"));
        let forth = study_of(a.seeds, 0, &[one.clone(), two.clone()]);
        let back = study_of(a.seeds, 0, &[two, one]);
        prop_assert_eq!(ids(&forth), ids(&back));
    }

    #[test]
    fn another_division_of_the_images_changes_every_run(sweep in sweep()) {
        let phase = [sweep.phase("one")];
        let (one, other) = (study_of(2, 0, &phase), study_of(2, 1, &phase));
        prop_assert!(ids(&one).is_disjoint(&ids(&other)));
    }

    #[test]
    fn fewer_seeds_are_the_first_ones(sweep in sweep(), n in 1..6_u32) {
        let source = [sweep.phase("one")];
        let (all, some) = (study_of(6, 0, &source), study_of(n, 0, &source));
        prop_assert!(ids(&some).is_subset(&ids(&all)));
        let runs = |study: &Study| {
            let plan = Plan::new(study, &Results::new());
            plan.phases[0].record().unwrap().groups[0].runs.clone()
        };
        prop_assert_eq!(&runs(&all)[..n as usize], &runs(&some)[..]);
    }
}

#[test]
fn overriding_the_seeds_gives_the_runs_of_a_study_with_as_many() {
    let fewer = Overrides { seeds: std::num::NonZeroU32::new(1), ..Overrides::default() };
    let one = Study::parse(STUDY, &fewer).unwrap();
    assert!(ids(&one).is_subset(&ids(&tiny_study())));
}

#[test]
fn planning_takes_time_in_proportion_to_the_runs() {
    let rates: Vec<String> = (1..=10).map(|i| format!("0.{i}1")).collect();
    let source = |n_phases: usize| {
        let phase = |name: usize| {
            format!("[phase.p{name}]\nrate = [{}]\nepochs = {}\n", rates.join(", "), name + 1)
        };
        let phases: String = (0..n_phases).map(phase).collect();
        format!(
            "name = \"large\"\ntitle = \"Many\"\ndata = \"synthetic\"\nseeds = {}\n\
             [network]\nchannels = [4]\nhidden = 8\n[training]\nbatch_size = 32\n\
             optimizer = {{ kind = \"sgd\", momentum = 0.9 }}\n\
             split = {{ train = 100, validation = 100 }}\n{phases}",
            1000 / n_phases
        )
    };
    for n_phases in [1, 10, 100] {
        let study = parse(&source(n_phases));
        let started = std::time::Instant::now();
        let plan = Plan::new(&study, &Results::new());
        let elapsed = started.elapsed();
        assert_eq!(plan.n_runs(), 10_000);
        println!("{n_phases} phases: {elapsed:?}");
        assert!(elapsed.as_secs_f64() < 2.0, "{n_phases} phases: {elapsed:?}");
    }
}
