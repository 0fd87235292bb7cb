use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;
use burn::tensor::module::{conv2d, max_pool2d};
use burn::tensor::ops::{ConvOptions, MaxPoolOptions, PadMode};
use plateau_kernels::conv::{
    ConvBlock, ForwardMethod, ForwardWeights, IMAGES_PER_PART, InputGradientWeights, Placement,
    Pooled, PooledMut,
};
use plateau_record::Activation;
use rayon::iter::IndexedParallelIterator;
use rayon::slice::{ParallelSlice, ParallelSliceMut};

use super::Operators;
use super::buffer::{Buffer, Contents, give_back_bytes, reclaim, take_bytes};
use super::graph::{Input, Operator, apply, floats, input};
use super::parts;
use super::profile::Work;
use crate::activation::activate;

/// What lies around the pooled images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Border {
    /// One pixel of zeros on each side, for the next convolution.
    Padded,
    /// Nothing.
    None,
}

/// A 3×3 convolution's parameters.
#[derive(Clone, Debug)]
pub struct Convolution {
    /// `[out, 3, 3, in]`.
    pub weight: Tensor<4>,
    /// `[out]`.
    pub bias: Tensor<1>,
}

/// 3×3 convolution, same padding → bias → activation → 2×2 max-pool.
///
/// The border of the input counts as zeros whatever it holds, and the gradient there means
/// nothing.
///
/// # Shapes
/// - images `[batch, height + 2, width + 2, in]`
/// - output `[batch, height / 2, width / 2, out]`, and with a border two more rows and columns
#[must_use]
pub fn conv_block(
    operators: Operators,
    images: Tensor<4>,
    convolution: Convolution,
    activation: Activation,
    border: Border,
) -> Tensor<4> {
    if operators == Operators::Fused
        && activation == Activation::Relu
        && let Some(inputs) = inputs(&images, &convolution)
    {
        let [_, padded_height, padded_width, n_in] = images.dims();
        drop(images);
        let n_out = convolution.bias.dims()[0];
        let block = ConvBlock::new(n_in, n_out, padded_height - 2, padded_width - 2);
        return apply(ConvPool { block, border }, inputs);
    }
    let x = conv2d_same(images, convolution); // [batch, out, height, width]
    pool(activate(activation, x), border)
}

fn inputs(images: &Tensor<4>, convolution: &Convolution) -> Option<[Input; 3]> {
    Some([input(images)?, input(&convolution.weight)?, input(&convolution.bias)?])
}

/// burn's convolution on padded channels-last images.
///
/// # Shapes
/// - images `[batch, height + 2, width + 2, in]`
/// - output `[batch, out, height, width]`
pub(super) fn conv2d_same(images: Tensor<4>, convolution: Convolution) -> Tensor<4> {
    let [n_images, padded_height, padded_width, n_in] = images.dims();
    let inside = images
        .slice([0..n_images, 1..padded_height - 1, 1..padded_width - 1, 0..n_in])
        .permute([0, 3, 1, 2]); // [batch, in, height, width]
    let weight = convolution.weight.permute([0, 3, 1, 2]); // [out, in, 3, 3]
    let same = ConvOptions::new([1, 1], [1, 1], [1, 1], 1);
    conv2d(inside, weight, Some(convolution.bias), same)
}

/// burn's max-pool, from `[batch, out, height, width]` to channels last.
pub(super) fn pool(x: Tensor<4>, border: Border) -> Tensor<4> {
    let pooled = max_pool2d(x, MaxPoolOptions::new([2, 2])).permute([0, 2, 3, 1]);
    match border {
        Border::None => pooled,
        Border::Padded => pooled.pad([(0, 0), (1, 1), (1, 1), (0, 0)], PadMode::Constant(0.0)),
    }
}

/// The fused operator; its inputs are images, weight and bias.
#[derive(Clone, Copy, Debug)]
struct ConvPool {
    block: ConvBlock,
    border: Border,
}

#[derive(Clone, Debug)]
struct Saved {
    operator: ConvPool,
    images: FlexTensor,
    weight: FlexTensor,
    winners: Vec<u8>,
}

impl ConvPool {
    fn contents(&self) -> Contents {
        match self.border {
            Border::None => Contents::Any,
            Border::Padded => Contents::Padded {
                height: self.block.pooled_height(),
                width: self.block.pooled_width(),
                channels: self.block.c_out(),
            },
        }
    }

    fn placement(&self) -> Placement {
        match self.border {
            Border::None => Placement::dense(&self.block),
            Border::Padded => Placement::padded(&self.block),
        }
    }

    /// Height, width, channels.
    fn output_shape(&self) -> [usize; 3] {
        let border = if self.border == Border::Padded { 2 } else { 0 };
        let block = &self.block;
        [block.pooled_height() + border, block.pooled_width() + border, block.c_out()]
    }

    fn run(&self, images: &FlexTensor, weights: &ForwardWeights, winners: &mut [u8]) -> FlexTensor {
        let block = &self.block;
        let images = floats(images);
        let n_images = images.len() / block.padded_len();
        let [height, width, n_out] = self.output_shape();
        let image_len = height * width * n_out;
        let mut output = Buffer::take(self.contents(), n_images * image_len);
        let placement = self.placement();
        let parts = images
            .par_chunks(IMAGES_PER_PART * block.padded_len())
            .zip(output.par_chunks_mut(IMAGES_PER_PART * image_len));
        if winners.is_empty() {
            parts::for_each(parts, |(images, data)| {
                block.evaluate(weights, images, PooledMut { data, placement });
            });
        } else {
            let winners = winners.par_chunks_mut(IMAGES_PER_PART * block.pooled_len());
            parts::for_each(parts.zip(winners), |((images, data), winners)| {
                block.forward(weights, images, PooledMut { data, placement }, winners);
            });
        }
        output.into_flex([n_images, height, width, n_out])
    }

    fn pack(&self, weight: &FlexTensor, bias: &FlexTensor) -> ForwardWeights {
        let method = ForwardMethod::fastest(&self.block);
        ForwardWeights::pack(&self.block, method, floats(weight), floats(bias))
    }
}

/// What padded images of this operator's input hold.
fn input_contents(block: &ConvBlock) -> Contents {
    Contents::Padded { height: block.height(), width: block.width(), channels: block.c_in() }
}

impl Operator<3> for ConvPool {
    type Saved = Saved;

    fn work(&self, [images, ..]: &[FlexTensor; 3]) -> Work {
        let block = &self.block;
        let n_pixels = floats(images).len() / block.padded_len() * block.height() * block.width();
        Work {
            name: format!(
                "convolution {}→{} at {}×{}, ReLU, pool",
                block.c_in(),
                block.c_out(),
                block.height(),
                block.width()
            ),
            flop: 2.0 * (n_pixels * block.weight_len()) as f64,
        }
    }

    fn forward(self, [images, weight, bias]: [FlexTensor; 3]) -> (FlexTensor, Saved) {
        let n_images = floats(&images).len() / self.block.padded_len();
        let mut winners = take_bytes(n_images * self.block.pooled_len());
        let output = self.run(&images, &self.pack(&weight, &bias), &mut winners);
        (output, Saved { operator: self, images, weight, winners })
    }

    fn evaluate(self, [images, weight, bias]: [FlexTensor; 3]) -> FlexTensor {
        let output = self.run(&images, &self.pack(&weight, &bias), &mut []);
        reclaim(input_contents(&self.block), images);
        output
    }

    fn backward(saved: Saved, gradient: FlexTensor, wanted: [bool; 3]) -> [Option<FlexTensor>; 3] {
        let Saved { operator, images, weight, winners } = saved;
        let ConvPool { block, .. } = operator;
        let n_images = floats(&images).len() / block.padded_len();
        let n_parts = n_images.div_ceil(IMAGES_PER_PART);
        let mut weight_parts = Buffer::any(n_parts * block.weight_len());
        let mut bias_parts = Buffer::any(n_parts * block.c_out());
        let [height, width, n_out] = operator.output_shape();
        let placement = operator.placement();
        let parts = floats(&images)
            .par_chunks(IMAGES_PER_PART * block.padded_len())
            .zip(floats(&gradient).par_chunks(IMAGES_PER_PART * height * width * n_out))
            .zip(winners.par_chunks(IMAGES_PER_PART * block.pooled_len()))
            .zip(weight_parts.par_chunks_mut(block.weight_len()))
            .zip(bias_parts.par_chunks_mut(block.c_out()));
        let mut images_gradient = None;
        if wanted[0] {
            let packed = InputGradientWeights::pack(&block, floats(&weight));
            let mut result = Buffer::any(n_images * block.padded_len());
            let results = result.par_chunks_mut(IMAGES_PER_PART * block.padded_len());
            parts::for_each(
                parts.zip(results),
                |(((((images, data), winners), weight), bias), result)| {
                    let gradient = (Pooled { data, placement }, winners);
                    block.backward_weights(images, gradient, weight, bias);
                    block.backward_input(&packed, gradient, result);
                },
            );
            let padded = [n_images, block.height() + 2, block.width() + 2, block.c_in()];
            images_gradient = Some(result.into_flex(padded));
        } else {
            parts::for_each(parts, |((((images, data), winners), weight), bias)| {
                block.backward_weights(images, (Pooled { data, placement }, winners), weight, bias);
            });
        }
        let weight_gradient = parts::sum(weight_parts, block.weight_len());
        let bias_gradient = parts::sum(bias_parts, block.c_out());
        reclaim(input_contents(&block), images);
        reclaim(Contents::Any, gradient);
        give_back_bytes(winners);
        [
            images_gradient,
            Some(weight_gradient.into_flex([block.c_out(), 3, 3, block.c_in()])),
            Some(bias_gradient.into_flex([block.c_out()])),
        ]
    }
}
