//! How a kernel becomes a node of burn's graph.

use std::fmt::Debug;
use std::marker::PhantomData;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, DispatchDevice, Flex};
use burn::tensor::{Device, Tensor};

use super::profile::{Work, timed, wanted};

/// An operator of `N` tensors with its own backward pass, on the CPU back end.
pub(super) trait Operator<const N: usize> {
    /// What the backward pass needs to know.
    type Saved: Clone + Debug + Send + 'static;

    /// Its name and sizes, and the operations of its forward pass.
    fn work(&self, inputs: &[FlexTensor; N]) -> Work;

    /// The output, and what the backward pass needs.
    fn forward(self, inputs: [FlexTensor; N]) -> (FlexTensor, Self::Saved);

    /// The output alone.
    fn evaluate(self, inputs: [FlexTensor; N]) -> FlexTensor;

    /// Gradients of the inputs, at least of those that are wanted, from that of the output.
    fn backward(
        saved: Self::Saved,
        gradient: FlexTensor,
        wanted: [bool; N],
    ) -> [Option<FlexTensor>; N];
}

/// One of an operator's inputs, of any rank.
pub(super) enum Input {
    Constant(FlexTensor),
    Tracked(FloatTensor<Autodiff<Flex>>),
}

impl Input {
    /// The primitive, contiguous.
    pub(super) fn into_flex(self) -> FlexTensor {
        match self {
            Self::Constant(tensor) => tensor,
            Self::Tracked(tensor) => contiguous(tensor.into_primitive()),
        }
    }
}

/// The tensor as an operator's input; `None` if it isn't on the CPU back end.
pub(super) fn input<const D: usize>(tensor: &Tensor<D>) -> Option<Input> {
    let tensor = tensor.clone();
    match tensor.device().as_dispatch() {
        DispatchDevice::Flex(_) => {
            tensor.try_into_primitive::<Flex>().ok().map(contiguous).map(Input::Constant)
        }
        DispatchDevice::Autodiff(_) => {
            tensor.try_into_primitive::<Autodiff<Flex>>().ok().map(Input::Tracked)
        }
        #[allow(unreachable_patterns, reason = "which back ends there are depends on features")]
        _ => None,
    }
}

/// Whether tensors of the device are on the CPU back end.
pub fn is_cpu(device: &Device) -> bool {
    matches!(device.clone().inner().as_dispatch(), DispatchDevice::Flex(_))
}

/// The tensor in row-major order without gaps.
pub(super) fn contiguous(tensor: FlexTensor) -> FlexTensor {
    if tensor.is_contiguous() { tensor } else { tensor.to_contiguous() }
}

/// Applies the operator, and registers its backward pass if any input is tracked.
pub(super) fn apply<O, const N: usize, const D: usize>(operator: O, inputs: [Input; N]) -> Tensor<D>
where
    O: Operator<N> + Send + Debug + 'static,
{
    if inputs.iter().any(|input| matches!(input, Input::Tracked(_))) {
        let inputs = inputs.map(|input| match input {
            Input::Tracked(tensor) => tensor,
            Input::Constant(tensor) => Autodiff::<Flex>::from_inner(tensor),
        });
        return Tensor::from_primitive::<Autodiff<Flex>>(track(operator, inputs));
    }
    let inputs = inputs.map(Input::into_flex);
    let work = wanted().then(|| operator.work(&inputs));
    Tensor::from_primitive::<Flex>(forward(work, || operator.evaluate(inputs)))
}

fn track<O, const N: usize>(
    operator: O,
    inputs: [FloatTensor<Autodiff<Flex>>; N],
) -> FloatTensor<Autodiff<Flex>>
where
    O: Operator<N> + Send + Debug + 'static,
{
    let nodes = inputs.each_ref().map(|input| input.node());
    let inputs = inputs.map(|input| contiguous(input.into_primitive()));
    let step = Step::<O>(PhantomData);
    match step.prepare::<NoCheckpointing>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(preparation) => {
            let work = wanted().then(|| operator.work(&inputs));
            let (output, saved) = forward(work.clone(), || operator.forward(inputs));
            preparation.finish((saved, work), output)
        }
        OpsKind::UnTracked(preparation) => preparation.finish(operator.evaluate(inputs)),
    }
}

/// Runs a forward pass, timed if its work is told.
fn forward<T>(work: Option<Work>, run: impl FnOnce() -> T) -> T {
    match work {
        None => run(),
        Some(work) => timed(|| Work { name: format!("{}, forward", work.name), ..work }, run),
    }
}

struct Step<O>(PhantomData<O>);

impl<O> Debug for Step<O> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(std::any::type_name::<O>())
    }
}

impl<O, const N: usize> Backward<Flex, N> for Step<O>
where
    O: Operator<N> + Send + Debug + 'static,
{
    type State = (O::Saved, Option<Work>);

    fn backward(
        self,
        ops: Ops<Self::State, N>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = contiguous(gradients.consume::<Flex>(&ops.node));
        let wanted = ops.parents.each_ref().map(Option::is_some);
        let (saved, work) = ops.state;
        let results = match work {
            None => O::backward(saved, gradient, wanted),
            Some(work) => {
                // A gradient costs what the forward pass does: that of the weights, and that of
                // the inputs where it is wanted.
                let flop = work.flop * if wanted[0] { 2.0 } else { 1.0 };
                let name = format!("{}, backward", work.name);
                timed(|| Work { name, flop }, || O::backward(saved, gradient, wanted))
            }
        };
        for (parent, result) in ops.parents.into_iter().zip(results) {
            if let (Some(node), Some(result)) = (parent, result) {
                gradients.register::<Flex>(node.id, result);
            }
        }
    }
}

/// The elements of a tensor of the CPU back end.
pub(super) fn floats(tensor: &FlexTensor) -> &[f32] {
    tensor.as_slice().expect("a contiguous tensor of 32-bit floats")
}

/// Calls `look` with the tensor's elements, in row-major order; on the CPU they are not copied.
pub fn with_values<const D: usize, T>(tensor: &Tensor<D>, look: impl FnOnce(&[f32]) -> T) -> T {
    match input(tensor) {
        Some(input) => look(floats(&input.into_flex())),
        None => {
            let data = tensor.clone().into_data();
            look(data.as_slice().expect("32-bit floats"))
        }
    }
}
