//! The network's layers in order, with shapes and numbers of parameters, from its configuration.

use plateau_record::{Activation, N_CLASSES, Network};

/// A stage of the diagram: the input, a convolutional block, a fully connected layer.
#[derive(Clone, Debug)]
pub(crate) struct Stage {
    pub(crate) kind: StageKind,
    /// Name first, then what it does.
    pub(crate) lines: Vec<String>,
    /// Channels and side length that leave it.
    pub(crate) shape: (u32, u32),
    /// The same as text.
    pub(crate) shape_text: String,
    /// Trainable parameters.
    pub(crate) n_parameters: u64,
}

/// What a stage is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StageKind {
    Input,
    Block,
    Hidden,
    Output,
}

/// A row of the layer table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LayerRow {
    /// What the layer does.
    pub(crate) layer: String,
    /// Shape that leaves it.
    pub(crate) shape: String,
    /// Trainable parameters.
    pub(crate) n_parameters: u64,
}

/// The activation's name in text.
pub(crate) fn activation(activation: Activation) -> &'static str {
    match activation {
        Activation::Relu => "ReLU",
        Activation::LeakyRelu => "leaky ReLU",
        Activation::Tanh => "tanh",
    }
}

fn volume(channels: u32, side: u32) -> String {
    format!("{channels}×{side}×{side}")
}

/// Channels in, channels out and side length out of each block.
fn blocks(network: &Network) -> impl Iterator<Item = (u32, u32, u32)> + '_ {
    let inputs = std::iter::once(3).chain(network.channels.iter().copied());
    inputs
        .zip(&network.channels)
        .enumerate()
        .map(|(i, (input, output))| (input, *output, 32_u32.checked_shr(i as u32 + 1).unwrap_or(0)))
}

/// Weights and biases of a 3×3 convolution.
fn convolution(input: u32, output: u32) -> u64 {
    (u64::from(input) * 9 + 1) * u64::from(output)
}

/// Weights and biases of a fully connected layer.
fn linear(input: u32, output: u32) -> u64 {
    (u64::from(input) + 1) * u64::from(output)
}

/// Scale and shift of batch normalisation.
fn norm(network: &Network, channels: u32) -> u64 {
    if network.batch_norm { 2 * u64::from(channels) } else { 0 }
}

/// The stages of the diagram.
pub(crate) fn stages(network: &Network) -> Vec<Stage> {
    let act = activation(network.activation);
    let mut stages = vec![Stage {
        kind: StageKind::Input,
        lines: vec!["Input".to_owned(), "RGB image".to_owned(), "normalised".to_owned()],
        shape: (3, 32),
        shape_text: volume(3, 32),
        n_parameters: 0,
    }];
    for (i, (input, output, side)) in blocks(network).enumerate() {
        let mut lines = vec![format!("conv{}", i + 1), "3×3 conv, same".to_owned()];
        if network.batch_norm {
            lines.push("batch norm".to_owned());
        }
        lines.extend([act.to_owned(), "2×2 max-pool".to_owned()]);
        stages.push(Stage {
            kind: StageKind::Block,
            lines,
            shape: (output, side),
            shape_text: volume(output, side),
            n_parameters: convolution(input, output) + norm(network, output),
        });
    }
    let mut hidden = vec!["fc1".to_owned(), format!("flatten: {} in", network.n_features())];
    let mut output = vec!["fc2".to_owned(), format!("{} in", network.hidden)];
    if network.dropout > 0.0 {
        let dropout = format!("dropout {}", crate::number::decimal(network.dropout));
        hidden.insert(2, dropout.clone());
        output.insert(2, dropout);
    }
    if network.batch_norm {
        hidden.push("batch norm".to_owned());
    }
    hidden.push(act.to_owned());
    output.push("logits".to_owned());
    let n_classes = N_CLASSES as u32;
    stages.push(Stage {
        kind: StageKind::Hidden,
        lines: hidden,
        shape: (network.hidden, 1),
        shape_text: network.hidden.to_string(),
        n_parameters: linear(network.n_features(), network.hidden) + norm(network, network.hidden),
    });
    stages.push(Stage {
        kind: StageKind::Output,
        lines: output,
        shape: (n_classes, 1),
        shape_text: n_classes.to_string(),
        n_parameters: linear(network.hidden, n_classes),
    });
    stages
}

/// The rows of the layer table, every operation on its own.
pub(crate) fn layers(network: &Network) -> Vec<LayerRow> {
    let act = activation(network.activation);
    let row =
        |layer: String, shape: String, n_parameters: u64| LayerRow { layer, shape, n_parameters };
    let mut rows = vec![row("input".to_owned(), volume(3, 32), 0)];
    for (i, (input, output, side)) in blocks(network).enumerate() {
        let (name, before) = (format!("conv{}", i + 1), volume(output, side * 2));
        let parameters = convolution(input, output);
        rows.push(row(
            format!("{name}: 3×3 convolution, same padding"),
            before.clone(),
            parameters,
        ));
        if network.batch_norm {
            rows.push(row("batch normalisation".to_owned(), before.clone(), norm(network, output)));
        }
        rows.push(row(act.to_owned(), before, 0));
        rows.push(row("2×2 max-pool".to_owned(), volume(output, side), 0));
    }
    let (features, hidden) = (network.n_features(), network.hidden);
    let dropout = |rows: &mut Vec<LayerRow>, n: u32| {
        if network.dropout > 0.0 {
            let rate = crate::number::decimal(network.dropout);
            rows.push(row(format!("dropout, rate {rate}"), n.to_string(), 0));
        }
    };
    rows.push(row("flatten".to_owned(), features.to_string(), 0));
    dropout(&mut rows, features);
    rows.push(row("fc1: fully connected".to_owned(), hidden.to_string(), linear(features, hidden)));
    if network.batch_norm {
        rows.push(row("batch normalisation".to_owned(), hidden.to_string(), norm(network, hidden)));
    }
    rows.push(row(act.to_owned(), hidden.to_string(), 0));
    dropout(&mut rows, hidden);
    let n_classes = N_CLASSES as u32;
    let output = linear(hidden, n_classes);
    rows.push(row("fc2: fully connected (the logits)".to_owned(), n_classes.to_string(), output));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn baseline() -> Network {
        Network {
            channels: vec![32, 64, 128],
            hidden: 256,
            activation: Activation::Relu,
            dropout: 0.0,
            batch_norm: false,
        }
    }

    #[test]
    fn diagram_and_table_count_the_same_parameters() {
        let total = 896 + 18_496 + 73_856 + 524_544 + 2_570;
        for (network, expected) in [
            (baseline(), total),
            (Network { batch_norm: true, ..baseline() }, total + 2 * (32 + 64 + 128 + 256)),
        ] {
            let by_stage: u64 = stages(&network).iter().map(|stage| stage.n_parameters).sum();
            let by_layer: u64 = layers(&network).iter().map(|row| row.n_parameters).sum();
            assert_eq!([by_stage, by_layer], [expected, expected]);
        }
    }

    #[test]
    fn dropout_stands_before_both_fully_connected_layers() {
        let rows = layers(&Network { dropout: 0.5, ..baseline() });
        let names: Vec<&str> = rows.iter().rev().take(5).map(|row| row.layer.as_str()).collect();
        assert_eq!(names[1], "dropout, rate 0.5");
        assert_eq!(names[4], "dropout, rate 0.5");
    }
}
