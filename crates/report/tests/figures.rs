//! The report of a made-up study.

mod made_up;

#[test]
fn draw() {
    let made_up = made_up::study();
    let input = plateau_report::ReportInput {
        study: &made_up.study,
        runs: &made_up.runs,
        findings: &made_up.findings,
        samples: Some(&made_up.samples),
    };
    let files = plateau_report::render(&input).unwrap();
    for f in files {
        let path = std::path::Path::new("/tmp/rep").join(&f.path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, f.bytes).unwrap();
    }
}
