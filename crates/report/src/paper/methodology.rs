//! Enough to do it again without the code.

use plateau_record::{BATCH_NORM_EPSILON, DataSet, Optimizer, RUNNING_STAT_DECAY, RunConfig};

use super::Writer;
use super::experiments;
use super::settings::split_words;
use crate::architecture::activation;
use crate::document::Formula;
use crate::document::markup::plain;
use crate::figures::{data, network};
use crate::number::{count, decimal, list, plural};

pub(super) fn write(writer: &mut Writer<'_>) -> Result<(), png::EncodingError> {
    writer.document.heading(1, "methodology", "Methodology");
    data(writer)?;
    architecture(writer);
    loss(writer);
    optimiser(writer);
    experiments::write(writer);
    statistics(writer);
    Ok(())
}

fn data(writer: &mut Writer<'_>) -> Result<(), png::EncodingError> {
    writer.document.heading(2, "data", "Data");
    let samples = writer.input.samples;
    let mut text = match writer.findings.study.data {
        DataSet::Cifar10 => "CIFAR-10 {cite:krizhevsky2009} holds RGB images of 32×32 pixels with \
             one of ten labels. "
            .to_owned(),
        DataSet::Synthetic => "The synthetic data are RGB images of 32×32 pixels with one of ten \
             labels, generated from a seed. "
            .to_owned(),
    };
    if let Some(samples) = samples {
        let n: u64 = samples.classes.iter().map(|class| class.n_train_images).sum();
        text.push_str(&format!("The training part has {} images", count(n)));
        text.push_str(match balance(samples.classes.iter().map(|class| class.n_train_images)) {
            Balance::Equal => ", as many of each class as of any other ({figure:class_balance}). ",
            Balance::Unequal => " ({figure:class_balance}). ",
        });
    }
    if let Some(best) = &writer.findings.best_model {
        let tested: u64 = best.confusion.iter().flatten().sum();
        let n = best.arm.n_finished.max(1) as u64;
        text.push_str(&format!("The test part has {} images. ", count(tested / n)));
    }
    writer.document.paragraph(text);
    if let Some(altered) = &writer.findings.study.altered {
        writer.document.paragraph(format!(
            "These are not the published images: they are called “{}” here, and `{}` is their id, \
             the MD5 of their files’ MD5s, which {{section:appendix-reproduction}} lists as far as \
             they were recorded.",
            plain(&writer.findings.study.data_title()),
            plain(altered)
        ));
    }
    let figures = match samples {
        Some(samples) => {
            let pictures = data::sample_images(samples)?;
            pictures.into_iter().chain(data::class_balance(samples)).collect()
        }
        None => Vec::new(),
    };
    writer.figures(figures);
    let splits: Vec<String> =
        writer.settings.distinct(|c| c.data.split.clone()).iter().map(split_words).collect();
    let seeds = writer.settings.words(|c| c.data.split.seed);
    writer.document.paragraph(format!(
        "The training part is put into a random order, seeded and balanced by class, the same for \
         all runs (split seed {seeds}), and divided. Runs are {}. Images are normalised by the \
         mean and standard deviation of each colour channel over the run’s own training images. \
         There is no augmentation. The test images are looked at once per finished run, and never \
         used to choose anything.",
        splits.join(", or ")
    ));
    let metric_images = writer
        .settings
        .distinct(|c| c.data.split.train_metric_images())
        .iter()
        .map(|n| count(u64::from(*n)))
        .collect::<Vec<_>>();
    writer.document.paragraph(format!(
        "Training performance is measured like validation performance, in evaluation mode \
         (without dropout, with running statistics in batch normalisation), after every epoch, on \
         a fixed class-balanced subset of the training images: as many as there are validation \
         images, but 5,000 at most (here {}). The *generalisation gap* is training minus \
         validation accuracy. All results are those of the weights after the last epoch: none is \
         taken from an earlier one because it looked better.",
        list(&metric_images)
    ));
    Ok(())
}

enum Balance {
    Equal,
    Unequal,
}

fn balance(counts: impl Iterator<Item = u64>) -> Balance {
    let mut counts = counts.peekable();
    match counts.peek().copied() {
        Some(first) if counts.all(|count| count == first) => Balance::Equal,
        _ => Balance::Unequal,
    }
}

fn architecture(writer: &mut Writer<'_>) {
    writer.document.heading(2, "architecture", "Architecture");
    let Some(base) = writer.settings.network() else { return };
    let act = activation(base.activation);
    let channels: Vec<String> = base.channels.iter().map(u32::to_string).collect();
    writer.document.paragraph(format!(
        "The network ({{figure:network}}, {{table:layers}}) has {} of a 3×3 convolution with \
         stride 1 and zero padding that keeps the size, the activation {act}, and 2×2 max-pooling \
         with stride 2, with {} channels. Their output is flattened to {} numbers, followed by a \
         fully connected layer of {} units with {act}, and a fully connected layer of 10 units \
         whose outputs are the logits. All layers have biases.",
        plural(base.channels.len(), "block"),
        list(&channels),
        base.n_features(),
        base.hidden,
    ));
    writer.figure(network::network(&base));
    writer.table(crate::tables::layers::layers(&base));
    writer.document.paragraph(
        "Weights and biases of a layer start uniform in ±1/√n, n being the number of inputs of \
         each of its units.",
    );
    if writer.settings.distinct(|c| c.network.dropout > 0.0).contains(&true) {
        writer.document.paragraph(
            "Where there is dropout {cite:srivastava2014}, it is applied to the inputs of both \
             fully connected layers: in training, each is set to zero with the given rate, and the \
             others are divided by 1 − rate; in evaluation all pass.",
        );
    }
    if writer.settings.distinct(|c| c.network.batch_norm).contains(&true) {
        writer.document.paragraph(format!(
            "Where there is batch normalisation {{cite:ioffe2015}}, it stands in each hidden layer \
             between the convolution (or the matrix) and the activation, with trained scale \
             (initially 1) and shift (0) and ε = {BATCH_NORM_EPSILON:e}. In training, batches are \
             normalised by their own mean and biased variance; in evaluation by running ones, which \
             start at 0 and 1 and at each step keep {RUNNING_STAT_DECAY} of their value and take the \
             rest from the batch (its unbiased variance).",
        ));
    }
    let others = writer.settings.distinct(|c| (c.network.channels.clone(), c.network.hidden));
    if others.len() > 1 {
        writer.document.paragraph(format!(
            "Some runs have other widths: {}.",
            list(
                &others[1..]
                    .iter()
                    .map(|(channels, hidden)| {
                        let channels: Vec<String> = channels.iter().map(u32::to_string).collect();
                        format!("{} channels and {hidden} hidden units", list(&channels))
                    })
                    .collect::<Vec<_>>()
            )
        ));
    }
}

fn loss(writer: &mut Writer<'_>) {
    let document = &mut writer.document;
    document.heading(2, "loss", "Loss function");
    document.paragraph(
        "The loss is the cross-entropy between the labels and the softmax of the logits, averaged \
         over the images of a batch, in nats; z are the logits of an image, and y is its label:",
    );
    document.formula(Formula {
        text: "L = −log( exp(z_y) / Σ_k exp(z_k) )",
        latex: r"L = -\log \frac{\exp z_y}{\sum_k \exp z_k}",
        typst: "L = -log (exp z_y) / (sum_k exp z_k)",
    });
}

fn optimiser(writer: &mut Writer<'_>) {
    writer.document.heading(2, "optimiser", "Optimiser");
    let optimisers = writer.settings.distinct(|c| c.optimizer.clone());
    for optimiser in &optimisers {
        match optimiser {
            Optimizer::Sgd { momentum, weight_decay } => {
                let decay = if *weight_decay == 0.0 {
                    "without weight decay (λ = 0)".to_owned()
                } else {
                    format!("weight decay λ = {}", decimal(*weight_decay))
                };
                writer.document.paragraph(format!(
                    "Stochastic gradient descent with momentum μ = {}, {decay}; g is the batch’s \
                     gradient, w a parameter, η the learning rate:",
                    decimal(*momentum)
                ));
                writer.document.formula(Formula {
                    text: "v ← μ·v + g + λ·w,\u{2003}w ← w − η·v",
                    latex: r"v \leftarrow \mu v + g + \lambda w, \qquad w \leftarrow w - \eta v",
                    typst: "v arrow.l mu v + g + lambda w, quad w arrow.l w - eta v",
                });
            }
            Optimizer::Adam { beta_1, beta_2, epsilon } => {
                writer.document.paragraph(format!(
                    "Adam with β₁ = {}, β₂ = {} and ε = {}.",
                    decimal(*beta_1),
                    decimal(*beta_2),
                    decimal(*epsilon)
                ));
            }
        }
    }
    writer.document.paragraph(format!(
        "A batch has {} images; the last one of an epoch may be smaller.{} The order of the images \
         is drawn anew for every epoch. A run’s seed decides its initial weights, the order of the \
         images, and the dropout masks.",
        writer.settings.words(|c| c.batch_size),
        if writer.settings.distinct(RunConfig::leaves_one_out).contains(&true) {
            " Where there is batch normalisation and that last batch would be a single image, which \
             has no variance, this image, the last of the epoch’s order, is left out."
        } else {
            ""
        }
    ));
}

fn statistics(writer: &mut Writer<'_>) {
    let document = &mut writer.document;
    document.heading(2, "statistics", "Statistics");
    document.paragraph(
        "Values are means over seeds with the 95 % confidence interval of Student’s t \
         distribution {cite:student1908}. An interval ends where the quantity does, which leaves \
         its coverage as it is: accuracies and calibration errors at 0 and 100 %, gaps and \
         differences of accuracies at ±100 percentage points, differences of gaps at ±200, losses \
         and absolute gradients at 0. A run diverges when a loss is not a finite number; it \
         then belongs to no mean. Settings are compared by a paired two-sided t-test over the seeds \
         that finished in both, since runs of one seed share their initial weights and the order of \
         their images; a transferred run is paired with the run whose convolutions it took. The \
         p-values of all tests of an experiment are a family, and are adjusted together by Holm’s \
         method {cite:holm1979}, so that the error rate is held within each experiment; those of the \
         calibration errors are another family. A difference is claimed where the adjusted p is \
         below 0.05. Intervals are for each comparison by itself, not adjusted: one may exclude 0 \
         where no difference is claimed. As effect size, d_z is the mean difference divided by the \
         standard deviation of the differences {cite:lakens2013}. With as few pairs as here the \
         tests see only large and regular effects: “no difference was found” does not mean that \
         there is none, and the interval tells how large it may be.",
    );
    document.paragraph(
        "What varies between seeds are initial weights, the order of the images and, where there is \
         dropout, its masks. \
         The division of the images and the test images are the same for all of them: intervals \
         and tests speak of new seeds on the same images, not of other images, whose choice varies \
         results as well {cite:bouthillier2021}.",
    );
}
