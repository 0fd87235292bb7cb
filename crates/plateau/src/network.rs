//! A network, layer by layer.

use plateau_record::{Activation, Network};
use plateau_report::figure::Figure;
use plateau_report::table::Table;
use plateau_report::{figures, tables};

/// A network under construction, from the image to the logits.
///
/// ```
/// let network = plateau::network::image().block(16).block(32).fully_connected(64).logits();
/// assert_eq!(network.layer_names(), ["conv1", "conv2", "fc1", "fc2"]);
/// ```
#[derive(Clone, Debug)]
pub struct Blocks {
    network: Network,
}

/// The beginning: an image of 3×32×32.
#[must_use]
pub fn image() -> Blocks {
    Blocks {
        network: Network {
            channels: Vec::new(),
            hidden: 0,
            activation: Activation::Relu,
            dropout: 0.0,
            batch_norm: false,
        },
    }
}

impl Blocks {
    /// A hidden block: 3×3 convolution to so many channels, same padding → activation → 2×2
    /// max-pool. Five fit an image of 32×32.
    #[must_use]
    pub fn block(mut self, channels: u32) -> Self {
        self.network.channels.push(channels);
        self
    }

    /// The hidden fully connected layer, with the activation.
    #[must_use]
    pub fn fully_connected(mut self, units: u32) -> Self {
        self.network.hidden = units;
        self
    }

    /// Another activation in all hidden layers; without it, ReLU.
    #[must_use]
    pub fn activation(mut self, activation: Activation) -> Self {
        self.network.activation = activation;
        self
    }

    /// Dropout at that rate on the inputs of both fully connected layers.
    #[must_use]
    pub fn dropout(mut self, rate: f64) -> Self {
        self.network.dropout = rate;
        self
    }

    /// Batch normalisation in each hidden layer, before the activation.
    #[must_use]
    pub fn batch_norm(mut self) -> Self {
        self.network.batch_norm = true;
        self
    }

    /// The end: a fully connected layer of ten units, whose outputs are the logits.
    #[must_use]
    pub fn logits(self) -> Network {
        self.network
    }
}

/// The network as a table: one row per operation, with shapes and parameters.
#[must_use]
pub fn layers(network: &Network) -> Table {
    tables::layers::layers(network)
}

/// The network as a drawing.
#[must_use]
pub fn diagram(network: &Network) -> Figure {
    figures::network::network(network)
}
