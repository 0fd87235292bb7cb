//! References, every run, and how to do it again.

use plateau_analysis::{Failure, FailureKind, Missing};
use plateau_record::default_folder;

use super::Writer;
use crate::document::Block;
use crate::document::markup::{one_line, plain};
use crate::number::{duration, fixed, plural};
use crate::place::Origin;

pub(super) fn write(writer: &mut Writer<'_>) {
    writer.document.heading(1, "references", "References");
    writer.document.blocks.push(Block::References);
    runs(writer);
    reproduction(writer);
}

fn runs(writer: &mut Writer<'_>) {
    let findings = writer.findings;
    writer.document.heading(1, "appendix-runs", "Appendix: runs");
    for note in writer.input.notes {
        writer.notice(plain(&one_line(note)));
    }
    let study = &findings.study;
    writer.document.paragraph(format!(
        "{}, {} of them with a result; {} of computing in all.{}",
        plural(study.n_runs, "run"),
        study.n_stored,
        duration(study.seconds),
        if findings.runs.is_empty() { "" } else { " {table:runs} lists them." },
    ));
    writer.document.bullets(findings.failures.iter().map(failure).collect());
    let missing: Vec<String> = findings.missing.iter().filter_map(missing_phase).collect();
    writer.document.bullets(missing);
    writer.table(crate::tables::runs::runs(&findings.runs, writer.input.runs));
}

fn failure(failure: &Failure) -> String {
    let what = match failure.kind {
        FailureKind::Diverged { epoch, step } => {
            format!("diverged in epoch {epoch}, at step {step}")
        }
        FailureKind::Collapsed { train_loss } => format!(
            "collapsed: its final training loss of {} nats is that of guessing",
            fixed(train_loss, 3)
        ),
    };
    format!("`{}` ({}, seed {}) {what}.", failure.run, plain(&failure.label), failure.seed)
}

/// Missing runs are in the table of runs already.
fn missing_phase(missing: &Missing) -> Option<String> {
    match missing {
        Missing::Phase { phase, pending: true } => {
            Some(format!("The phase “{}” waits for another’s result.", plain(phase)))
        }
        Missing::Phase { phase, pending: false } => {
            Some(format!("The phase “{}” is not there.", plain(phase)))
        }
        Missing::Run { .. } => None,
    }
}

/// What is to be typed for the study to be trained anew, and for its report.
fn commands(writer: &Writer<'_>) -> String {
    let name = &writer.findings.study.name;
    let mut run = vec!["plateau run".to_owned()];
    let (study, folder) = match writer.input.place.origin {
        Origin::Preset => (name.clone(), default_folder(name, &writer.input.study.arguments)),
        Origin::Folder => (".".to_owned(), ".".to_owned()),
    };
    run.push(study);
    run.extend(writer.input.study.arguments.iter().cloned());
    if writer.findings.study.altered.is_some() {
        run.push("--data PATH --accept-altered".to_owned());
    }
    if writer.input.place.origin == Origin::Folder {
        run.push(format!("--out ../{name}-again"));
    }
    format!("{}\nplateau report {folder}", run.join(" "))
}

fn reproduction(writer: &mut Writer<'_>) {
    let findings = writer.findings;
    writer.document.heading(1, "appendix-reproduction", "Appendix: reproduction");
    let study = &findings.study;
    let origin = writer.input.place.origin;
    writer.document.paragraph(format!(
        "The same program, study file, back end and instruction set give the same records to the \
         last bit, wall times apart. {}{}",
        match origin {
            Origin::Preset => {
                "These commands train the study and write its report, and write the report again \
                 from the stored records alone"
            }
            Origin::Folder => {
                "Typed in this study’s folder (the one that holds `study.toml`, and the study as \
                 written in `study-as-written.toml`), these commands train it anew into a folder \
                 beside it, and write the report again from the stored records alone"
            }
        },
        if study.altered.is_some() {
            " (PATH stands for the folder of these images, which are not the published ones):"
        } else {
            ":"
        }
    ));
    writer.document.blocks.push(Block::Code(commands(writer)));
    let mut items = Vec::new();
    for provenance in &findings.provenances {
        items.push(format!(
            "Plateau {}, commit `{}`, on {} ({}), instruction set {}.",
            plain(&provenance.program),
            plain(&provenance.commit),
            plain(&provenance.machine),
            plain(&provenance.system),
            plain(&provenance.instruction_set),
        ));
    }
    writer.document.bullets(items);
    let md5 = findings.provenances.first().map(|provenance| &provenance.data_md5);
    if let Some(md5) = md5.filter(|md5| !md5.is_empty()) {
        writer.document.paragraph("MD5 of the data files:");
        let items = md5.iter().map(|(file, md5)| format!("{}: `{}`", plain(file), plain(md5)));
        writer.document.bullets(items.collect());
    }
    if let Some(config) = writer.settings.first() {
        let json = serde_json::to_string(config).unwrap_or_default();
        writer.document.paragraph("The whole configuration of one run, as an example:");
        writer.document.blocks.push(Block::Code(json));
    }
}
