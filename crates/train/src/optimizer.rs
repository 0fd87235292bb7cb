//! Optimisers with PyTorch's meaning: on the CPU one pass over parameters and state, elsewhere
//! burn's tensor operations.
//!
//! burn's own `ModuleOptimizer` keeps its state behind identities that are drawn anew in every
//! process; here the state can be taken out and put back, in the module's order of parameters.

use std::collections::HashMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};
use plateau_model::operators::with_values;
use plateau_record::Optimizer as Config;

mod adam;
mod sgd;

/// A rule, and what it remembers of each parameter.
pub struct Optimizer {
    rule: Box<dyn Rule>,
    states: HashMap<ParamId, State>,
}

/// How a gradient changes a parameter, element by element.
trait Rule {
    /// Running means that it keeps of each parameter.
    fn n_means(&self) -> usize;

    /// The new values and means of one parameter, all of one length.
    fn step(&self, now: Now, values: Values) -> (Tensor<1>, Vec<Tensor<1>>);
}

/// A parameter's update.
#[derive(Clone, Copy)]
struct Now {
    /// The learning rate.
    rate: f64,
    /// Updates of the parameter, this one included.
    updates: u32,
}

/// A parameter before an update.
struct Values {
    weights: Tensor<1>,
    gradient: Tensor<1>,
    means: Vec<Tensor<1>>,
}

/// What an optimiser remembers of one parameter: running means as long as the parameter
/// (momentum's velocity; Adam's moments), and the updates that it has seen.
struct State {
    means: Vec<Tensor<1>>,
    updates: u32,
}

/// The same on the host: what a checkpoint holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ParameterState {
    /// Each as long as the parameter, in its order of elements; none before its first update.
    pub means: Vec<Vec<f32>>,
    /// Updates of the parameter so far.
    pub updates: u32,
}

/// A state that isn't one of this optimiser and these parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misfit;

impl Optimizer {
    /// The optimiser of a configuration, which remembers nothing yet.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let rule: Box<dyn Rule> = match *config {
            Config::Sgd { momentum, weight_decay } => Box::new(sgd::Sgd { momentum, weight_decay }),
            Config::Adam { beta_1, beta_2, epsilon } => {
                Box::new(adam::Adam { betas: [beta_1, beta_2], epsilon })
            }
        };
        Self { rule, states: HashMap::new() }
    }

    /// Updates all parameters of a module that have a gradient.
    #[must_use]
    pub fn step<M: Module>(&mut self, rate: f64, module: M, gradients: GradientsParams) -> M {
        module.map(&mut Update { optimizer: self, rate, gradients })
    }

    /// What is remembered of a module's parameters, in the module's order.
    #[must_use]
    pub fn state<M: Module>(&self, module: &M) -> Vec<ParameterState> {
        let of = |parameter: &Shape| {
            self.states.get(&parameter.id).map_or_else(ParameterState::default, State::to_host)
        };
        shapes(module).iter().map(of).collect()
    }

    /// Remembers what [`Optimizer::state`] gave of a module of the same shape.
    ///
    /// # Errors
    /// If it doesn't fit the rule, or the module's parameters.
    pub fn restore<M: Module>(
        &mut self,
        module: &M,
        state: &[ParameterState],
    ) -> Result<(), Misfit> {
        let shapes = shapes(module);
        if shapes.len() != state.len() {
            return Err(Misfit);
        }
        for (parameter, state) in shapes.into_iter().zip(state) {
            let n_means = if state.updates == 0 { 0 } else { self.rule.n_means() };
            let fits = state.means.iter().all(|mean| mean.len() == parameter.n_elements);
            if !fits || state.means.len() != n_means {
                return Err(Misfit);
            }
            if state.updates > 0 {
                let tensor =
                    |mean: &Vec<f32>| Tensor::from_floats(mean.as_slice(), &parameter.device);
                let means = state.means.iter().map(tensor).collect();
                self.states.insert(parameter.id, State { means, updates: state.updates });
            }
        }
        Ok(())
    }
}

impl State {
    fn to_host(&self) -> ParameterState {
        let mean = |mean: &Tensor<1>| with_values(mean, <[f32]>::to_vec);
        ParameterState { means: self.means.iter().map(mean).collect(), updates: self.updates }
    }
}

/// One update of a module.
struct Update<'a> {
    optimizer: &'a mut Optimizer,
    rate: f64,
    gradients: GradientsParams,
}

impl ModuleMapper for Update<'_> {
    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, tensor, mapper) = parameter.consume();
        let Some(gradient) = self.gradients.remove::<D>(id) else {
            return Param::from_mapped_value(id, tensor, mapper);
        };
        let dims = tensor.dims();
        let n = dims.iter().product::<usize>();
        let weights = tensor.inner().reshape([n]);
        let Optimizer { rule, states } = &mut *self.optimizer;
        let State { means, updates } = states.remove(&id).unwrap_or_else(|| {
            let zeros = || Tensor::zeros([n], &weights.device());
            State { means: (0..rule.n_means()).map(|_| zeros()).collect(), updates: 0 }
        });
        // Beyond so many updates Adam's corrections are long 1.
        let now = Now { rate: self.rate, updates: updates.saturating_add(1) };
        let values = Values { weights, gradient: gradient.reshape([n]), means };
        let (weights, means) = rule.step(now, values);
        states.insert(id, State { means, updates: now.updates });
        let tensor = Tensor::from_inner(weights.reshape(dims)).require_grad();
        Param::from_mapped_value(id, tensor, mapper)
    }
}

/// What there is to know of a parameter, apart from its values.
struct Shape {
    id: ParamId,
    n_elements: usize,
    /// Without automatic differentiation.
    device: Device,
}

/// Of all parameters of a module, in its order.
fn shapes<M: Module>(module: &M) -> Vec<Shape> {
    struct Shapes(Vec<Shape>);
    impl ModuleVisitor for Shapes {
        fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
            let n_elements = parameter.dims().iter().product();
            let device = parameter.val().inner().device();
            self.0.push(Shape { id: parameter.id, n_elements, device });
        }
    }
    let mut shapes = Shapes(Vec::new());
    module.visit(&mut shapes);
    shapes.0
}

/// The running means of a rule that keeps so many.
fn exactly<const N: usize>(means: Vec<Tensor<1>>) -> [Tensor<1>; N] {
    let Ok(means) = means.try_into() else { unreachable!("the rule says how many it keeps") };
    means
}
