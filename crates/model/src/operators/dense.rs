use burn::backend::TensorMetadata;
use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;
use burn::tensor::module::linear;
use plateau_kernels::Isa;
use plateau_kernels::linear::{self as kernel, Parameters};
use plateau_record::Activation;
use rayon::iter::IndexedParallelIterator;
use rayon::slice::{ParallelSlice, ParallelSliceMut};

use super::Operators;
use super::buffer::{Buffer, Contents, reclaim};
use super::graph::{Input, Operator, apply, floats, input};
use super::parts;
use super::profile::Work;
use crate::activation::activate;

/// A fully connected layer's parameters.
#[derive(Clone, Debug)]
pub struct Affine {
    /// `[in, out]`.
    pub weight: Tensor<2>,
    /// `[out]`.
    pub bias: Tensor<1>,
}

/// (inputs · dropout mask) → x·W + b → activation, or none.
///
/// # Shapes
/// - inputs and mask `[batch, in]`
/// - output `[batch, out]`
#[must_use]
pub fn dense(
    operators: Operators,
    inputs: Tensor<2>,
    mask: Option<Tensor<2>>,
    affine: Affine,
    activation: Option<Activation>,
) -> Tensor<2> {
    let then = match activation {
        None => Some(kernel::Activation::Identity),
        Some(Activation::Relu) => Some(kernel::Activation::Relu),
        Some(_) => None,
    };
    if operators == Operators::Fused
        && let Some(activation) = then
        && let Some(fused) = fused(&inputs, &affine)
    {
        drop(inputs);
        let mask = mask.as_ref().and_then(input).map(Input::into_flex);
        return apply(Dense { mask, activation }, fused);
    }
    let x = match mask {
        Some(mask) => inputs * mask,
        None => inputs,
    };
    let x = linear(x, affine.weight, Some(affine.bias));
    match activation {
        Some(kind) => activate(kind, x),
        None => x,
    }
}

fn fused(inputs: &Tensor<2>, affine: &Affine) -> Option<[Input; 3]> {
    Some([input(inputs)?, input(&affine.weight)?, input(&affine.bias)?])
}

/// The fused operator; its inputs are the layer's inputs, weight and bias.
#[derive(Debug)]
struct Dense {
    mask: Option<FlexTensor>,
    activation: kernel::Activation,
}

#[derive(Clone, Debug)]
struct Saved {
    /// Dropout applied.
    inputs: FlexTensor,
    mask: Option<FlexTensor>,
    weight: FlexTensor,
    /// Where an activation follows.
    output: Option<FlexTensor>,
}

impl Dense {
    fn run(&self, inputs: &FlexTensor, weight: &FlexTensor, bias: &FlexTensor) -> FlexTensor {
        let [n_images, n_in] = inputs.shape().dims();
        let parameters = Parameters { weight: floats(weight), bias: floats(bias) };
        let n_out = parameters.bias.len();
        let mut output = Buffer::any(n_images * n_out);
        let images = parts::per_thread(n_images);
        let inputs = floats(inputs).par_chunks(images * n_in);
        parts::for_each(inputs.zip(output.par_chunks_mut(images * n_out)), |(input, output)| {
            kernel::forward(Isa::detect(), input, parameters, self.activation, output);
        });
        output.into_flex([n_images, n_out])
    }

    /// Dropout applied to the inputs.
    fn drop_out(&self, inputs: FlexTensor) -> FlexTensor {
        let Some(mask) = &self.mask else { return inputs };
        let [n_images, n_in] = inputs.shape().dims();
        let mut dropped = Buffer::any(n_images * n_in);
        multiply(floats(&inputs), floats(mask), &mut dropped);
        reclaim(Contents::Any, inputs);
        dropped.into_flex([n_images, n_in])
    }
}

/// Elements that a thread multiplies at a time.
const MASK_LEN: usize = 1 << 14;

fn multiply(input: &[f32], mask: &[f32], output: &mut [f32]) {
    let both = input.par_chunks(MASK_LEN).zip(mask.par_chunks(MASK_LEN));
    parts::for_each(both.zip(output.par_chunks_mut(MASK_LEN)), |((input, mask), output)| {
        kernel::apply_mask(input, mask, output);
    });
}

impl Operator<3> for Dense {
    type Saved = Saved;

    fn work(&self, [inputs, weight, _]: &[FlexTensor; 3]) -> Work {
        let [n_images, _] = inputs.shape().dims();
        let [n_in, n_out] = weight.shape().dims();
        let dropout = if self.mask.is_some() { "dropout, " } else { "" };
        Work {
            name: format!("{dropout}fully connected {n_in}→{n_out}"),
            flop: 2.0 * (n_images * n_in * n_out) as f64,
        }
    }

    fn forward(self, [inputs, weight, bias]: [FlexTensor; 3]) -> (FlexTensor, Saved) {
        let inputs = self.drop_out(inputs);
        let output = self.run(&inputs, &weight, &bias);
        let activated = self.activation != kernel::Activation::Identity;
        let saved =
            Saved { inputs, mask: self.mask, weight, output: activated.then(|| output.clone()) };
        (output, saved)
    }

    fn evaluate(self, [inputs, weight, bias]: [FlexTensor; 3]) -> FlexTensor {
        let inputs = self.drop_out(inputs);
        let output = self.run(&inputs, &weight, &bias);
        reclaim(Contents::Any, inputs);
        output
    }

    fn backward(saved: Saved, gradient: FlexTensor, wanted: [bool; 3]) -> [Option<FlexTensor>; 3] {
        let Saved { inputs, mask, weight, output } = saved;
        let isa = Isa::detect();
        let [n_images, n_in] = inputs.shape().dims();
        let [_, n_out] = gradient.shape().dims();
        let gradient = match output {
            None => gradient,
            Some(output) => {
                let mut before = Buffer::any(n_images * n_out);
                kernel::relu_gradient(isa, floats(&output), floats(&gradient), &mut before);
                reclaim(Contents::Any, gradient);
                reclaim(Contents::Any, output);
                before.into_flex([n_images, n_out])
            }
        };
        let mut bias_gradient = Buffer::any(n_out);
        kernel::bias_gradient(floats(&gradient), &mut bias_gradient);
        let mut weight_gradient = Buffer::any(n_in * n_out);
        let rows = parts::per_thread(n_in);
        let slices = weight_gradient.par_chunks_mut(rows * n_out).enumerate();
        parts::for_each(slices, |(i, slice)| {
            let rows = i * rows..i * rows + slice.len() / n_out;
            let input = (floats(&inputs), rows);
            kernel::weight_gradient(isa, input, floats(&gradient), [n_in, n_out], slice);
        });
        let inputs_gradient = wanted[0].then(|| {
            let mut result = Buffer::any(n_images * n_in);
            let images = parts::per_thread(n_images);
            let slices = floats(&gradient)
                .par_chunks(images * n_out)
                .zip(result.par_chunks_mut(images * n_in));
            parts::for_each(slices, |(gradient, result)| {
                kernel::input_gradient(isa, gradient, floats(&weight), n_out, result);
            });
            result
        });
        let inputs_gradient = inputs_gradient.map(|result| match &mask {
            None => result,
            Some(mask) => {
                let mut masked = Buffer::any(result.len());
                multiply(&result, floats(mask), &mut masked);
                result.give_back();
                masked
            }
        });
        for tensor in [Some(inputs), Some(gradient), mask].into_iter().flatten() {
            reclaim(Contents::Any, tensor);
        }
        [
            inputs_gradient.map(|gradient| gradient.into_flex([n_images, n_in])),
            Some(weight_gradient.into_flex([n_in, n_out])),
            Some(bias_gradient.into_flex([n_out])),
        ]
    }
}
