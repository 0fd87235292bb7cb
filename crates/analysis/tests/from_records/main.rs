//! Choices and findings from made-up records.

mod choose;
mod gradient_flow;
mod incomplete;
mod learning_rate;
mod overview;
mod regularisation;
mod scenario;
