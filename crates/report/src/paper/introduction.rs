//! Topic, data set, goal.

use plateau_analysis::ExperimentFindings;
use plateau_record::DataSet;

use super::Writer;
use crate::number::{list, plural};

pub(super) fn write(writer: &mut Writer<'_>) {
    let document = &mut writer.document;
    document.heading(1, "introduction", "Introduction");
    document.paragraph(
        "Convolutional networks, trained by gradient descent from the pixels to the label \
         since {textcite:lecun1998}, are a standard tool for recognising images \
         {cite:krizhevsky2012}. How \
         well they come to generalise depends on choices that are often made by habit: how large \
         the steps of the descent are and how they shrink {cite:smith2017} \
         {cite:loshchilov2017}, whether units are dropped at random during training \
         {cite:srivastava2014}, and whether the layers’ activations are normalised \
         {cite:ioffe2015}. Since a single run says little about any of them, the results of other \
         seeds being different, settings are compared here by means over seeds with their \
         uncertainty.",
    );
    match writer.findings.study.data {
        DataSet::Cifar10 => document.paragraph(
            "The data are CIFAR-10 {cite:krizhevsky2009}: small colour photographs of ten kinds \
             of animals and vehicles, a labelled subset of the Tiny Images collection. The set is \
             among the most used in the field: large enough for networks to overfit in \
             interesting ways, and small enough for experiments to be repeated with many seeds.",
        ),
        DataSet::Synthetic => document.paragraph(
            "The data are synthetic: ten classes of generated pictures with the shape of CIFAR-10 \
             {cite:krizhevsky2009}, made for trying out the program. Nothing in this report says \
             anything about photographs.",
        ),
    }
    let findings = writer.findings;
    if findings.study.altered.is_some() {
        document.paragraph(
            "The images used here are not the published ones, but an altered copy \
             ({section:data}).",
        );
    }
    let goals: Vec<String> = findings.experiments.iter().flat_map(goal).collect();
    if !goals.is_empty() {
        let seeds = plural(findings.study.seeds.len(), "seed");
        document.paragraph(format!(
            "The goal is to answer, for one small network and {seeds} per setting, the following: \
             {}.",
            list(&goals)
        ));
    }
}

fn goal(experiment: &ExperimentFindings) -> Vec<String> {
    let goals: &[&str] = match experiment {
        ExperimentFindings::LearningRate(f) if f.scheduled.is_empty() => {
            &["how the learning rate affects accuracy and the generalisation gap"]
        }
        ExperimentFindings::LearningRate(_) => &[
            "how the learning rate affects accuracy and the generalisation gap",
            "whether lowering the rate during training beats the best constant rate",
        ],
        ExperimentFindings::Regularisation(f) if f.transfer.is_none() => &["what dropout changes"],
        ExperimentFindings::Regularisation(_) => &[
            "what dropout changes",
            "whether convolutions learned on one half of the data serve the other half as well as \
             training all layers together {cite:yosinski2014}",
        ],
        ExperimentFindings::GradientFlow(_) => {
            &["whether dropout and batch normalisation change the gradients that reach each layer \
             {cite:glorot2010} {cite:santurkar2018}"]
        }
        ExperimentFindings::Sweep(_) => &["which of a list of settings does best"],
    };
    goals.iter().map(|goal| (*goal).to_owned()).collect()
}
