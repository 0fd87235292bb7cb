//! The network, layer by layer.

use plateau_record::Network;

use crate::architecture;
use crate::number::count;
use crate::table::{Cell, Csv, Table, numbers, words};

/// One row per operation, with the total at the end.
#[must_use]
pub fn layers(network: &Network) -> Table {
    let layers = architecture::layers(network);
    let mut csv = Csv::new(&["layer", "output_shape", "parameters"]);
    for layer in &layers {
        let parameters = layer.n_parameters.to_string();
        csv.push(vec![layer.layer.clone(), layer.shape.clone(), parameters]);
    }
    let mut header = words(&["Layer"]);
    header.extend(numbers(&["Output shape", "Parameters"]));
    let total: u64 = layers.iter().map(|layer| layer.n_parameters).sum();
    let mut rows: Vec<Vec<Cell>> = layers
        .into_iter()
        .map(|layer| {
            vec![
                Cell::new(layer.layer),
                Cell::new(layer.shape),
                Cell::new(count(layer.n_parameters)),
            ]
        })
        .collect();
    rows.push(vec![Cell::new("Total"), Cell::new(""), Cell::new(count(total))]);
    Table {
        id: "layers".to_owned(),
        title: "Layers of the network".to_owned(),
        caption: "Shapes as channels × height × width, without the batch; parameters are \
                  weights and biases."
            .to_owned(),
        header,
        rows,
        csv,
    }
}
