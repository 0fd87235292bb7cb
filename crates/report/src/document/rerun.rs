//! The cells of a notebook that run the program: its source, and the study's network, trained
//! anew on a few of its images.

use std::fmt::Write as _;

use plateau_record::{Activation, DataSet, Network};

/// What a notebook's cells need to know.
#[derive(Clone, Debug)]
pub struct Rerun {
    /// The program's source seen from the notebook; none if it isn't known.
    pub source: Option<String>,
    /// The study's images.
    pub data: DataSet,
    /// Whether these are not the published ones.
    pub altered: bool,
    /// The network of the study's first run; none without a run.
    pub network: Option<Network>,
}

impl Default for Rerun {
    fn default() -> Self {
        Self { source: None, data: DataSet::Cifar10, altered: false, network: None }
    }
}

impl Rerun {
    /// The cell that compiles the program.
    pub(super) fn setup(&self) -> String {
        match &self.source {
            Some(source) => format!(
                "// The program's source, seen from the folder of this notebook.\n\
                 :dep plateau = {{ path = {} }}\n\
                 use plateau::prelude::*;",
                toml_string(source)
            ),
            None => {
                "// Write the path of the folder `crates/plateau` of the program's source into the \
                     next line, and take\n\
                     // the slashes off its front.\n\
                     // :dep plateau = { path = \"PATH\" }\n\
                     use plateau::prelude::*;"
                    .to_owned()
            }
        }
    }

    /// The cells that train the network, with their names; none without a network.
    pub(super) fn training(&self) -> Vec<(&'static str, String)> {
        let Some(network) = &self.network else { return Vec::new() };
        let network =
            format!("let network: Network = {};\nlayers(&network)", construction(network));
        let data = match self.data {
            DataSet::Cifar10 => "cifar10()?",
            DataSet::Synthetic => "synthetic()",
        };
        let note =
            if self.altered { "// The published images: the study's are others.\n" } else { "" };
        // As many images as the smaller data set has.
        let train = format!(
            "{note}let data: Dataset = {data};\n\
             let run: Training = Training::of(network).images(4_000, 1_000).epochs(5).rate(0.02).cosine();\n\
             let trained: Trained = run.train(&data)?;\n\
             trained.curves()"
        );
        vec![("network", network), ("train", train), ("trained", "trained".to_owned())]
    }
}

/// The expression that builds a network, layer by layer.
fn construction(network: &Network) -> String {
    let mut code = "image()".to_owned();
    for channels in &network.channels {
        let _ = write!(code, ".block({channels})");
    }
    let _ = write!(code, ".fully_connected({})", network.hidden);
    match network.activation {
        Activation::Relu => {}
        other => {
            let _ = write!(code, ".activation(Activation::{other:?})");
        }
    }
    if network.batch_norm {
        code.push_str(".batch_norm()");
    }
    if network.dropout > 0.0 {
        let _ = write!(code, ".dropout({:?})", network.dropout);
    }
    code + ".logits()"
}

/// A basic string of TOML, in which the kernel reads what a cell depends on.
fn toml_string(text: &str) -> String {
    let mut quoted = String::from("\"");
    for sign in text.chars() {
        match sign {
            '"' | '\\' => quoted.extend(['\\', sign]),
            sign if sign.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(sign));
            }
            sign => quoted.push(sign),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network() -> Network {
        Network {
            channels: vec![16, 32],
            hidden: 64,
            activation: Activation::Relu,
            dropout: 0.0,
            batch_norm: false,
        }
    }

    #[test]
    fn the_network_is_built_as_it_was() {
        assert_eq!(
            construction(&network()),
            "image().block(16).block(32).fully_connected(64).logits()"
        );
        let other = Network {
            activation: Activation::LeakyRelu,
            batch_norm: true,
            dropout: 1e-7,
            ..network()
        };
        assert_eq!(
            construction(&other),
            "image().block(16).block(32).fully_connected(64).activation(Activation::LeakyRelu)\
             .batch_norm().dropout(1e-7).logits()"
        );
    }

    #[test]
    fn the_cells_train_on_the_study_s_own_data() {
        let rerun =
            Rerun { data: DataSet::Synthetic, network: Some(network()), ..Rerun::default() };
        let cells = rerun.training();
        assert!(cells[1].1.starts_with("let data: Dataset = synthetic();\n"), "{cells:?}");
        assert!(Rerun::default().training().is_empty(), "no run, no network");
    }

    #[test]
    fn a_path_is_escaped_and_one_that_isn_t_known_leaves_valid_code() {
        let of =
            |source: &str| Rerun { source: Some(source.to_owned()), ..Rerun::default() }.setup();
        assert!(of("../../crates/plateau").contains(r#"{ path = "../../crates/plateau" }"#));
        assert!(of("C:\\a \"b\"\n").contains(r#"{ path = "C:\\a \"b\"\u000A" }"#));
        let unknown = Rerun::default().setup();
        let code: Vec<&str> = unknown.lines().filter(|line| !line.starts_with("//")).collect();
        assert_eq!(code, ["use plateau::prelude::*;"]);
    }
}
