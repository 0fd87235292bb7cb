//! Training and evaluation passes differ in dropout and batch norm alone.

/// How a forward pass is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Batch norm uses the batch's statistics and updates the running ones.
    Training,
    /// Batch norm uses the running statistics; nothing is dropped.
    Evaluation,
}
