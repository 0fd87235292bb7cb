//! Failed, blocked, or both: different endings, in text, in `status` and in JSON.

use crate::place::{Place, STUDY};

/// Rates at which every run diverges or collapses, and a schedule that follows from them.
fn hot() -> String {
    let phases = "[phase.constant]\nrate = [1e4, 1e5]\n[phase.scheduled]\n\
                  rate = { best_of = \"constant\", times = 2.0 }\nschedule = \"cosine\"\n\
                  [[experiment]]\nkind = \"learning-rate\"\nconstant = \"constant\"\n\
                  scheduled = \"scheduled\"\n";
    let head = STUDY.split("[phase.d]").next().unwrap().replace("rate = 0.02\n", "");
    head + phases
}

#[test]
fn results_that_allow_no_choice_end_in_a_sentence_that_says_so() {
    let place = Place::new();
    place.write("hot.toml", hot());
    let said = place.run(&["run", "hot.toml", "--out", "OUT", "--json"]);
    assert_eq!(said.code, 1);
    said.contains(&[
        "no run failed",
        "no rate can be chosen from phase constant",
        "lower the rates of phase constant",
    ]);
    assert!(!said.err.contains("0 runs failed"), "{}", said.err);
    let json = said.json();
    assert_eq!((&json["complete"], &json["failed"]), (&false.into(), &serde_json::json!([])));
    let blocked = &json["blocked_phases"][0];
    assert_eq!(blocked["name"], "scheduled");
    assert!(blocked["reason"].as_str().unwrap().contains("10000"), "{blocked}");
    assert!(place.path("OUT/report/report.html").is_file(), "what there is, is reported");
    let status = place.succeed(&["status", "OUT", "--json"]).json();
    assert_eq!(status["blocked"][0]["phase"], "scheduled", "{status}");
    let text = place.succeed(&["status", "OUT"]).out;
    assert!(text.contains("scheduled  cannot be run: no rate can be chosen"), "{text}");
    let plan = place.succeed(&["plan", "hot.toml", "--out", "OUT"]).out;
    assert!(plan.contains("cannot be run") && plan.contains("lower the rates"), "{plan}");
}

#[test]
fn a_shortened_study_chooses_and_says_so() {
    let place = Place::new();
    let said = place.succeed(&["run", "synthetic", "--epochs", "1", "--seeds", "1"]);
    said.contains(&["the study was shortened"]);
    let text = place.read("plateau-out/synthetic/report/report.md");
    assert!(text.contains("the study was shortened"), "the report says so, too");
}
