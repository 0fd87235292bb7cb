use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;
use rayon::iter::IntoParallelIterator;

use super::buffer::{Contents, reclaim};
use super::graph::{contiguous, floats};
use super::parts;

/// Elements that a thread updates at a time.
const UPDATE_LEN: usize = 1 << 14;

/// Updates parameters and an optimiser's state, in place unless something else holds them.
/// `step` sees some elements of each tensor and the same ones of the gradient, which is used up.
///
/// # Panics
/// If the tensors' lengths differ, or they aren't on the CPU without automatic differentiation.
pub fn update<const D: usize, const N: usize>(
    tensors: [Tensor<D>; N],
    gradient: Tensor<D>,
    step: impl Fn([&mut [f32]; N], &[f32]) + Sync,
) -> [Tensor<D>; N] {
    let mut primitives = tensors.map(primitive);
    let gradient = primitive(gradient);
    let slices = primitives.each_mut().map(floats_mut);
    let n = floats(&gradient).len();
    assert!(slices.iter().all(|slice| slice.len() == n), "tensors of one length");
    let mut chunks = slices.map(|slice| slice.chunks_mut(UPDATE_LEN));
    let chunks: Vec<_> = floats(&gradient)
        .chunks(UPDATE_LEN)
        .map(|gradient| (chunks.each_mut().map(|of| of.next().unwrap_or_default()), gradient))
        .collect();
    parts::for_each(chunks.into_par_iter(), |(tensors, gradient)| step(tensors, gradient));
    reclaim(Contents::Any, gradient);
    primitives.map(Tensor::from_primitive::<Flex>)
}

fn primitive<const D: usize>(tensor: Tensor<D>) -> FlexTensor {
    let tensor = tensor.try_into_primitive::<Flex>();
    contiguous(tensor.expect("a tensor on the CPU, without a graph"))
}

fn floats_mut(tensor: &mut FlexTensor) -> &mut [f32] {
    let (start, end) = tensor.layout().contiguous_offsets().expect("a contiguous tensor");
    &mut tensor.storage_mut()[start..end]
}
