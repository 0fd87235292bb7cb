//! Study files: what is said about mistakes in them, and where.

use plateau_study::{Overrides, SpecError, Study};

use crate::support::STUDY;

fn mistakes(source: &str) -> Vec<SpecError> {
    Study::parse(source, &Overrides::default()).unwrap_err().into_iter().collect()
}

/// Replaces a piece of the study, and expects exactly one mistake, on the line of `at`.
#[track_caller]
fn mistake(old: &str, new: &str, at: &str) -> SpecError {
    assert!(STUDY.contains(old), "{old}");
    let source = STUDY.replacen(old, new, 1);
    let [error] = mistakes(&source).try_into().unwrap();
    let line = source.lines().nth(error.line(&source) - 1).unwrap();
    assert!(line.contains(at), "reported on {line:?}: {error}");
    error
}

#[test]
fn an_unknown_key_is_reported_with_the_nearest_known_one() {
    let error = mistake("batch_size = 16", "batchsize = 16\nbatch_size = 16", "batchsize");
    assert_eq!(error.message, "[training] has no key `batchsize`");
    assert_eq!(error.help.as_deref(), Some("did you mean `batch_size`?"));
    let error = mistake("times = 2.0", "time = 2.0", "time = 2.0");
    assert_eq!(error.help.as_deref(), Some("did you mean `times`?"));
    let error = mistake("[network]", "[networks]\n[network]", "[networks]");
    assert_eq!(error.help.as_deref(), Some("did you mean `network`?"));
}

#[test]
fn values_out_of_range_are_reported_with_what_was_found() {
    let error = mistake("[0.0, 0.2, 0.5]", "[0.0, 0.2, 1.5]", "dropout = [0.0");
    assert_eq!(error.message, "`dropout` must be 0, or a number from 1e-12 to 0.999999");
    assert_eq!(error.label, "found 1.5");
    assert_eq!(error.span.len(), "1.5".len());
    let cases = [
        ("epochs = 3", "epochs = 0", "`epochs` must be a whole number from 1 to 100000", "found 0"),
        (
            "batch_size = 16",
            "batch_size = -1",
            "`batch_size` must be a whole number from 1 to 1000000",
            "found -1",
        ),
        (
            "hidden = 8",
            "hidden = \"8\"",
            "`hidden` must be a whole number from 1 to 8192",
            "found the text \"8\"",
        ),
        ("seeds = 2", "seeds = []", "`seeds` must list one value at least", "found an empty list"),
        ("seeds = 2", "seeds = [1, 2, 1]", "`seeds` lists the same value twice", "listed before"),
        (
            "data = \"synthetic\"",
            "data = \"mnist\"",
            "`data` must be one of \"cifar10\", \"synthetic\"",
            "found the text \"mnist\"",
        ),
        (
            "channels = [4]",
            "channels = [1, 1, 1, 1, 1, 1]",
            "`channels` must list 1 to 5 blocks: 32 pixels can be halved so often",
            "found a list of 6",
        ),
        ("to = 1.0", "to = 1e-5", "`to` must be above `from`, which is 0.0001", "found 0.00001"),
        ("to = 1.0", "to = inf", "`to` must be a number from 1e-12 to 1e6", "found inf"),
        (
            "momentum = 0.9",
            "momentum = 1",
            "`momentum` must be 0, or a number from 1e-12 to 0.999999",
            "found 1",
        ),
        (
            "name = \"tiny\"",
            "name = \"ti ny\"",
            "`name` must consist of letters, digits and hyphens, 60 at most, and begin with none of the \
             last",
            "found the text \"ti ny\"",
        ),
        (
            "train = 200, validation = 100",
            "train = 4950, validation = 100",
            "the split must fit into the 5000 training images of the synthetic data",
            "needs 5050",
        ),
        (
            "half = \"A\", images = 100",
            "half = \"A\", images = 2501",
            "the split must fit into the 5000 training images of the synthetic data",
            "needs 5002",
        ),
        (
            "schedule = \"cosine\"",
            "schedule = \"cosin\"",
            "`schedule` must be one of \"constant\", \"cosine\", \"step\"",
            "found the text \"cosin\"",
        ),
        (
            "title = \"A tiny study\"",
            "title = \"  \"",
            "`title` must say something: it heads the report",
            "found nothing but space",
        ),
        ("batch_norm = true", "batch_norm = 1", "`batch_norm` must be true or false", "found 1"),
        (
            "rate = { same_as = \"scheduled\" }",
            "rate = -0.1",
            "`rate` must be a number from 1e-12 to 1e6",
            "found -0.1",
        ),
        (
            "rate = { same_as = \"scheduled\" }",
            "rate = {}",
            "`rate` must say one of `proposed_by`, `best_of` and `same_as`",
            "here",
        ),
    ];
    for (old, new, message, label) in cases {
        let error = mistake(old, new, new);
        assert_eq!((error.message.as_str(), error.label.as_str()), (message, label), "{new}");
    }
}

#[test]
fn a_missing_setting_is_reported_at_the_phases_that_lack_it() {
    let errors = mistakes(&STUDY.replace("epochs = 3\n", ""));
    assert_eq!(errors.len(), 5, "the range test has its own");
    assert_eq!(errors[0].message, "phase `constant` has no `epochs`");
    assert_eq!(&STUDY.replace("epochs = 3\n", "")[errors[0].span.clone()], "[phase.constant]");
    let error = mistake("title = \"A tiny study\"\n", "", "");
    assert_eq!(error.message, "the study lacks `title`");
}

#[test]
fn a_default_that_is_wrong_is_reported_once() {
    let split = "split = { train = 4000, validation = 2000 }\nbatch_size = 16";
    let without_own = STUDY.replace("split = { train = 200, validation = 100 }\n", "");
    let errors = mistakes(&without_own.replace("batch_size = 16", split));
    assert_eq!(errors.len(), 1, "{errors:?}");
}

#[test]
fn several_mistakes_are_reported_together_in_the_order_of_the_file() {
    let source = STUDY.replace("hidden = 8", "hidden = 0").replace("times = 2.0", "times = 0");
    let lines: Vec<_> = mistakes(&source).iter().map(|error| error.line(&source)).collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0] < lines[1]);
}

#[test]
fn what_is_no_toml_is_reported_at_its_line() {
    let source = STUDY.replace("hidden = 8", "hidden = = 8");
    let [error] = mistakes(&source).try_into().unwrap();
    assert!(error.message.starts_with("this is not TOML: "), "{error}");
    assert_eq!(source.lines().nth(error.line(&source) - 1), Some("hidden = = 8"));
}

#[test]
fn references_must_lead_to_phases_of_the_right_sort() {
    let error = mistake("best_of = \"constant\"", "best_of = \"constnat\"", "constnat");
    assert_eq!(error.message, "there is no phase `constnat`");
    assert_eq!(error.help.as_deref(), Some("did you mean `constant`?"));
    let cases = [
        (
            "proposed_by = \"range-test\"",
            "proposed_by = \"batch-norm\"",
            "`proposed_by` needs a phase with `range_test`, `batch-norm` has none",
        ),
        (
            "best_of = \"constant\"",
            "best_of = \"batch-norm\"",
            "`best_of` chooses among constant rates, those of `batch-norm` change",
        ),
        (
            "rate = { same_as = \"scheduled\" }",
            "rate = { same_as = \"constant\" }",
            "`same_as` needs a phase with one rate, `constant` has 2",
        ),
        (
            "best_of = \"dropout\", above = 0.0",
            "best_of = \"dropout\", above = 0.5",
            "`dropout` has no dropout rate above 0.5 to choose from",
        ),
        (
            "dropout = [0.0, {",
            "dropout = [0.2, {",
            "dropout 0.2 is listed, and could be chosen from `dropout` as well",
        ),
        (
            "dropout = [0.0, { best_of = \"dropout\", above = 0.0 }]",
            "dropout = [0.0, 0.3]\n",
            "`dropout` has no run with dropout 0.3, only [0.0, 0.2, 0.5]",
        ),
        (
            "transfer_from = \"dropout\"",
            "transfer_from = \"dropout\"\nactivation = \"tanh\"",
            "weights must come from the same network: `dropout` has another activation",
        ),
        (
            "half = \"B\"",
            "half = \"A\"",
            "weights must come from the other half of the data: `dropout` trains on half A, this phase on half A",
        ),
    ];
    for (old, new, message) in cases {
        let source = STUDY.replacen(old, new, 1);
        let errors = mistakes(&source);
        assert_eq!(errors[0].message, message);
    }
}

#[test]
fn no_phase_may_wait_for_itself() {
    let error = mistake(
        "rate = { best_of = \"constant\", times = 2.0 }",
        "rate = { same_as = \"dropout\" }",
        "[phase.",
    );
    assert!(error.message.starts_with("no phase may wait for itself: "), "{error}");
    assert!(error.message.contains("scheduled → dropout"), "{error}");
}

#[test]
fn range_tests_have_no_other_course() {
    let error = mistake("[phase.range-test]", "[phase.range-test]\nepochs = 3", "epochs = 3");
    assert_eq!(error.message, "a phase with `range_test` cannot have `epochs`");
}

#[test]
fn experiments_need_phases_that_fit_their_part() {
    let cases = [
        ("constant = \"constant\"", "constant = \"dropout\"", "several constant rates"),
        ("scheduled = \"scheduled\"", "scheduled = \"dropout\"", "one group whose `schedule`"),
        ("range_test = \"range-test\"", "range_test = \"constant\"", "with `range_test`"),
        ("transfer = \"transfer\"", "transfer = \"dropout\"", "`transfer_from` the experiment's"),
        (
            "batch_norm = \"batch-norm\"",
            "batch_norm = \"scheduled\"",
            "with batch norm and without",
        ),
    ];
    for (old, new, part) in cases {
        let error = mistake(old, new, new);
        assert!(error.message.starts_with("this part needs a phase "), "{error}");
        assert!(error.message.contains(part), "{error}");
    }
    let errors = mistakes(&STUDY.replace("dropout = [0.0, 0.2, 0.5]", "dropout = [0.0]"));
    assert!(!errors.is_empty());
    let error = mistake("batch_norm = true", "batch_norm = true\nepochs = 4", "batch_norm = ");
    assert_eq!(
        error.message,
        "`dropout` and `batch-norm` are compared, and must have one `epochs`"
    );
    let error = mistake("kind = \"gradient-flow\"", "kind = \"gradient-flows\"", "gradient-flows");
    assert_eq!(error.help.as_deref(), Some("did you mean `gradient-flow`?"));
}

#[test]
fn numbers_that_vanish_in_single_precision_are_refused() {
    for (old, new) in [
        ("rate = { same_as = \"scheduled\" }", "rate = 1e300"),
        ("rate = { same_as = \"scheduled\" }", "rate = 1e-50"),
        ("[0.0, 0.2, 0.5]", "[0.0, 0.2, 0.99999999999]"),
        ("momentum = 0.9", "momentum = 0.99999999999"),
        ("momentum = 0.9", "momentum = 0.9, weight_decay = 1e-60"),
        ("kind = \"sgd\", momentum = 0.9", "kind = \"adam\", epsilon = 1e-50"),
        ("kind = \"sgd\", momentum = 0.9", "kind = \"adam\", beta_2 = 0.99999999999"),
        ("schedule = \"cosine\"", "schedule = { kind = \"step\", every = 1, factor = 1e-50 }"),
        ("from = 1e-4", "from = 1e-50"),
        ("times = 2.0", "times = 1e300"),
        ("factor = 2.0", "factor = 1e300"),
        ("epochs = 3", "epochs = 4294967295"),
    ] {
        let source = STUDY.replace(old, new);
        assert_ne!(source, STUDY, "{old}");
        let errors = mistakes(&source);
        assert!(errors.iter().all(|error| error.message.contains("must be")), "{new}: {errors:?}");
    }
}

#[test]
fn names_are_bounded_and_differ_in_more_than_capitals() {
    let long = "p".repeat(240);
    let errors = mistakes(&STUDY.replace("batch-norm", &long));
    assert!(errors[0].message.contains("60 at most"), "{errors:?}");
    assert!(errors[0].label.len() < 100, "{errors:?}");
    mistakes(&STUDY.replace("name = \"tiny\"", "name = \"-tiny\""));
    let errors = mistakes(&STUDY.replace("[phase.batch-norm]", "[phase.CONSTANT]"));
    assert!(errors[0].message.contains("capital letters"), "{errors:?}");
    mistakes(&STUDY.replace("A tiny study", "A\\ntiny study"));
}

#[test]
fn two_experiments_of_one_kind_are_refused_and_two_sweeps_of_one_phase() {
    for again in [
        "kind = \"regularisation\"\ndropout = \"dropout\"\n",
        "kind = \"learning-rate\"\nconstant = \"constant\"\n",
        "kind = \"gradient-flow\"\ndropout = \"dropout\"\nbatch_norm = \"batch-norm\"\n",
    ] {
        let errors = mistakes(&format!("{STUDY}\n[[experiment]]\n{again}"));
        assert_eq!(errors[0].label, "a second one", "{errors:?}");
    }
    let sweep = |phase: &str| format!("\n[[experiment]]\nkind = \"sweep\"\nphase = \"{phase}\"\n");
    let twice = [STUDY, &sweep("dropout"), &sweep("dropout")].concat();
    assert_eq!(mistakes(&twice)[0].message, "the sweep of `dropout` is asked for twice");
    crate::support::parse(&[STUDY, &sweep("dropout"), &sweep("constant")].concat());
}

#[test]
fn what_cannot_be_trained_is_refused() {
    let error = mistake("batch_norm = true", "batch_norm = true\nbatch_size = 1", "batch_size = 1");
    assert!(error.message.contains("batch norm can't be trained on batches of one"), "{error}");
    // Of one image, every batch is one.
    mistakes(&STUDY.replace(
        "batch_norm = true",
        "batch_norm = true\nsplit = { half = \"A\", images = 1 }\nrate = 0.1",
    ));
    let error = mistake("batch_size = 16", "batch_size = 512", "range_test = ");
    assert!(error.message.contains("10 steps at least"), "{error}");
}

#[test]
fn a_study_that_is_too_large_is_refused_at_once() {
    let started = std::time::Instant::now();
    let list: Vec<String> = (1..=1_000_000).map(|i| format!("{i}e-6")).collect();
    let source = STUDY.replace("[0.0, 0.2, 0.5]", &format!("[{}]", list.join(", ")));
    assert!(mistakes(&source)[0].message.contains("at most 10000 values"));
    let rates: Vec<String> = (1..=10).map(|i| format!("0.{i}1")).collect();
    let phase = |name: usize| {
        format!(
            "[phase.p{name}]\nrate = [{}]\nsplit = {{ train = 100, validation = 100 }}\n",
            rates.join(", ")
        )
    };
    let phases: String = (0..100).map(phase).collect();
    let source = STUDY.replace("seeds = 2", "seeds = 1000") + &phases;
    let errors = mistakes(&source);
    assert!(errors[0].message.contains("10000 at most"), "{errors:?}");
    assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
}

#[test]
fn seeds_have_64_bits() {
    let study = crate::support::parse(
        &STUDY.replace("seeds = 2", "seeds = [0, 18446744073709551615, 0xffff_ffff_ffff_fffe]"),
    );
    assert_eq!(
        study.seeds.iter().map(|seed| seed.0).collect::<Vec<_>>(),
        [0, u64::MAX, u64::MAX - 1]
    );
    let plan = plateau_study::Plan::new(&study, &plateau_study::plan::Results::new());
    let root = tempfile::tempdir().unwrap();
    let store = plateau_study::Store::open(root.path(), "tiny").unwrap();
    let record = plan.record(&study);
    store.write_study(&record).unwrap();
    assert_eq!(store.study().unwrap(), Some(record));
    mistakes(&STUDY.replace("seeds = 2", "seeds = [18446744073709551616]"));
    mistakes(&STUDY.replace("seeds = 2", "seeds = [-1]"));
}
