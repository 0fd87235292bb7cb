use std::sync::{Arc, OnceLock};

use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;
use burn::tensor::module::batch_norm_train;
use plateau_kernels::Isa;
use plateau_kernels::batch_norm::{
    GradientSums, Moments, PooledGradient, Winners, WinnersMut, pool_gradient_sums,
    pool_input_gradient, pool_normalize, pool_winners,
};
use plateau_kernels::conv::IMAGES_PER_PART;
use plateau_kernels::conv_dense::{DenseConv, DenseMethod, PackedWeights};
use plateau_kernels::framed::Framed;
use plateau_record::{Activation, BATCH_NORM_EPSILON};
use rayon::iter::IndexedParallelIterator;
use rayon::slice::{ParallelSlice, ParallelSliceMut};

use super::Operators;
use super::buffer::{Buffer, Contents, give_back_bytes, reclaim, take_bytes};
use super::conv_block::{Border, Convolution, conv2d_same, pool};
use super::graph::{Input, Operator, apply, floats, input};
use super::norm::{BatchStatistics, Normalised, ScaleShift, host};
use super::parts;
use super::profile::Work;
use crate::activation::activate;

/// 3×3 convolution, same padding → batch norm by the batch's statistics → activation → 2×2
/// max-pool, and those statistics.
///
/// The border of the input counts as zeros whatever it holds, and the gradient there is zero.
/// The convolution's bias has no effect but on the mean, and a gradient of zero.
///
/// # Shapes
/// - images `[batch, height + 2, width + 2, in]`
/// - output `[batch, height / 2, width / 2, out]`, and with a border two more rows and columns
#[must_use]
pub fn conv_norm_block(
    operators: Operators,
    images: Tensor<4>,
    convolution: Convolution,
    affine: ScaleShift,
    (activation, border): (Activation, Border),
) -> (Tensor<4>, BatchStatistics) {
    let [n_images, padded_height, padded_width, n_in] = images.dims();
    let (height, width) = (padded_height - 2, padded_width - 2);
    let has_windows = height >= 2 && width >= 2;
    if operators == Operators::Fused
        && activation == Activation::Relu
        && has_windows
        && let Some(inputs) = inputs(&images, &convolution, &affine)
    {
        drop(images);
        let n_out = convolution.bias.dims()[0];
        let conv = DenseConv { isa: Isa::detect(), n_in, n_out, height, width };
        let statistics = Arc::new(OnceLock::new());
        let operator = ConvNormPool { conv, border, statistics: statistics.clone() };
        let output = apply(operator, inputs);
        let statistics = statistics.get().cloned();
        return (output, statistics.expect("the forward pass has run"));
    }
    let x = conv2d_same(images, convolution); // [batch, out, height, width]
    let ScaleShift { scale, shift } = affine;
    let result = batch_norm_train(x, scale, shift, BATCH_NORM_EPSILON);
    let statistics = BatchStatistics {
        mean: host(&result.mean),
        variance: host(&result.variance),
        n_values: n_images * height * width,
    };
    (pool(activate(activation, result.output), border), statistics)
}

fn inputs(
    images: &Tensor<4>,
    convolution: &Convolution,
    affine: &ScaleShift,
) -> Option<[Input; 5]> {
    Some([
        input(images)?,
        input(&convolution.weight)?,
        input(&convolution.bias)?,
        input(&affine.scale)?,
        input(&affine.shift)?,
    ])
}

/// The fused operator; its inputs are images, weight, bias, scale and shift.
#[derive(Clone, Debug)]
struct ConvNormPool {
    conv: DenseConv,
    border: Border,
    statistics: Arc<OnceLock<BatchStatistics>>,
}

#[derive(Clone, Debug)]
struct Saved {
    conv: DenseConv,
    pooled: Framed,
    images: FlexTensor,
    weight: FlexTensor,
    /// The convolution's.
    output: FlexTensor,
    normalised: Normalised,
    winners: Vec<u8>,
    /// The winners', before scale and shift.
    x_hat: FlexTensor,
}

impl ConvNormPool {
    fn pooled(&self) -> Framed {
        let DenseConv { n_out, height, width, .. } = self.conv;
        match self.border {
            Border::None => Framed::dense(height / 2, width / 2, n_out),
            Border::Padded => Framed::padded(height / 2, width / 2, n_out),
        }
    }

    /// The convolution's output, who wins the pool, and the moments of the whole batch.
    fn convolve(&self, images: &[f32], [weight, bias, scale]: [&[f32]; 3]) -> Convolved {
        let conv = &self.conv;
        let packed = PackedWeights::forward(conv, DenseMethod::fastest(conv), weight, bias);
        let (input_len, shape) = (conv.input_shape().image_len(), conv.output_shape());
        let n_images = images.len() / input_len;
        let n_winners = self.pooled().n_pixels() * conv.n_out;
        let mut output = Buffer::any(n_images * shape.image_len());
        let mut pixel = take_bytes(n_images * n_winners);
        let mut x_hat = Buffer::any(n_images * n_winners);
        let moments: Vec<OnceLock<Moments>> =
            vec![OnceLock::new(); n_images.div_ceil(IMAGES_PER_PART)];
        // What is convolved is read again while it is in the cache.
        let at_once = (CACHED_FLOATS / shape.image_len().max(1)).clamp(1, IMAGES_PER_PART);
        let parts = images
            .par_chunks(IMAGES_PER_PART * input_len)
            .zip(output.par_chunks_mut(IMAGES_PER_PART * shape.image_len()))
            .zip(pixel.par_chunks_mut(IMAGES_PER_PART * n_winners))
            .zip(x_hat.par_chunks_mut(IMAGES_PER_PART * n_winners))
            .zip(moments.par_chunks(1));
        parts::for_each(parts, |((((images, output), pixel), x_hat), moments)| {
            let mut part = Moments::empty(conv.n_out);
            let winners =
                pixel.chunks_mut(at_once * n_winners).zip(x_hat.chunks_mut(at_once * n_winners));
            let images = images.chunks(at_once * input_len);
            let outputs = output.chunks_mut(at_once * shape.image_len());
            for ((images, output), (pixel, x_hat)) in images.zip(outputs).zip(winners) {
                conv.forward(&packed, images, output);
                let winners = WinnersMut { pixel, x_hat };
                pool_winners(conv.isa, (shape, output), scale, winners, &mut part);
            }
            moments[0].set(part).expect("each part has moments of its own");
        });
        let mut all = Moments::empty(conv.n_out);
        for part in moments.into_iter().filter_map(OnceLock::into_inner) {
            all.merge(&part);
        }
        Convolved { output, pixel, x_hat, moments: all }
    }
}

/// What is known before the statistics are.
struct Convolved {
    output: Buffer,
    pixel: Vec<u8>,
    /// x, until it is normalised.
    x_hat: Buffer,
    moments: Moments,
}

/// Floats of the convolution's output that stay in a cache of 512 KiB.
const CACHED_FLOATS: usize = 1 << 16;

impl Operator<5> for ConvNormPool {
    type Saved = Saved;

    fn work(&self, [images, ..]: &[FlexTensor; 5]) -> Work {
        let DenseConv { n_in, n_out, height, width, .. } = self.conv;
        let n_pixels = floats(images).len() / self.conv.input_shape().image_len() * height * width;
        Work {
            name: format!("convolution {n_in}→{n_out} at {height}×{width}, batch norm, ReLU, pool"),
            flop: 2.0 * (n_pixels * self.conv.weight_len()) as f64,
        }
    }

    fn forward(self, [images, weight, bias, scale, shift]: [FlexTensor; 5]) -> (FlexTensor, Saved) {
        let (conv, pooled) = (self.conv, self.pooled());
        let parameters = [floats(&weight), floats(&bias), floats(&scale)];
        let Convolved { output: x, pixel: mut winners, mut x_hat, moments } =
            self.convolve(floats(&images), parameters);
        let normalised = Normalised::by(&moments, floats(&scale), floats(&shift));
        let _ = self.statistics.set(BatchStatistics::of(&moments));
        let n_images = x.len() / conv.output_shape().image_len();
        let n_winners = pooled.n_pixels() * conv.n_out;
        let mut output = match self.border {
            Border::None => Buffer::any(n_images * pooled.image_len()),
            Border::Padded => {
                Buffer::padded(n_images, [pooled.height, pooled.width, pooled.channels])
            }
        };
        let parts = output
            .par_chunks_mut(IMAGES_PER_PART * pooled.image_len())
            .zip(winners.par_chunks_mut(IMAGES_PER_PART * n_winners))
            .zip(x_hat.par_chunks_mut(IMAGES_PER_PART * n_winners));
        parts::for_each(parts, |((output, pixel), x_hat)| {
            let winners = WinnersMut { pixel, x_hat };
            pool_normalize(conv.isa, normalised.by_channel(), winners, (pooled, output));
        });
        let border = 2 * pooled.border;
        let output =
            output.into_flex([n_images, pooled.height + border, pooled.width + border, conv.n_out]);
        let saved = Saved {
            conv,
            pooled,
            images,
            weight,
            output: x.into_flex([n_images, conv.height, conv.width, conv.n_out]),
            normalised,
            winners,
            x_hat: x_hat.into_flex([n_images, n_winners]),
        };
        (output, saved)
    }

    fn evaluate(self, inputs: [FlexTensor; 5]) -> FlexTensor {
        self.forward(inputs).0
    }

    fn backward(saved: Saved, gradient: FlexTensor, wanted: [bool; 5]) -> [Option<FlexTensor>; 5] {
        let sums = saved.gradient_sums(floats(&gradient));
        let (images_gradient, weight_gradient) =
            saved.convolution_gradients(floats(&gradient), &sums, wanted[0]);
        let Saved { conv, images, output, winners, x_hat, .. } = saved;
        let input = conv.input_shape();
        let contents =
            Contents::Padded { height: input.height, width: input.width, channels: input.channels };
        reclaim(contents, images);
        for tensor in [output, x_hat, gradient] {
            reclaim(Contents::Any, tensor);
        }
        give_back_bytes(winners);
        let mut bias_gradient = Buffer::any(conv.n_out);
        bias_gradient.fill(0.0);
        [
            images_gradient,
            Some(weight_gradient.into_flex([conv.n_out, 3, 3, conv.n_in])),
            Some(bias_gradient.into_flex([conv.n_out])),
            Some(Buffer::from_f64(sums.scale_gradient()).into_flex([conv.n_out])),
            Some(Buffer::from_f64(sums.shift_gradient()).into_flex([conv.n_out])),
        ]
    }
}

impl Saved {
    fn n_winners(&self) -> usize {
        self.pooled.n_pixels() * self.conv.n_out
    }

    fn gradient_sums(&self, gradient: &[f32]) -> GradientSums {
        let shape = self.pooled;
        let n_winners = self.n_winners();
        let n_parts = self.winners.len().div_ceil(IMAGES_PER_PART * n_winners);
        let sums: Vec<OnceLock<GradientSums>> = vec![OnceLock::new(); n_parts];
        let parts = gradient
            .par_chunks(IMAGES_PER_PART * shape.image_len())
            .zip(self.winners.par_chunks(IMAGES_PER_PART * n_winners))
            .zip(floats(&self.x_hat).par_chunks(IMAGES_PER_PART * n_winners))
            .zip(sums.par_chunks(1));
        parts::for_each(parts, |(((values, pixel), x_hat), sums)| {
            let gradient = PooledGradient { shape, values };
            let part = pool_gradient_sums(self.conv.isa, gradient, Winners { pixel, x_hat });
            sums[0].set(part).expect("each part has sums of its own");
        });
        let mut parts = sums.into_iter().filter_map(OnceLock::into_inner);
        let mut all = parts.next().expect("a batch has images");
        for part in parts {
            all.merge(&part);
        }
        all
    }

    /// Gradients of the images, if wanted, and of the weights.
    fn convolution_gradients(
        &self,
        gradient: &[f32],
        sums: &GradientSums,
        images_wanted: bool,
    ) -> (Option<FlexTensor>, Buffer) {
        let Self { conv, pooled, .. } = self;
        let method = DenseMethod::fastest(conv);
        let packed = PackedWeights::input_gradient(conv, method, floats(&self.weight));
        let (input, output) = (conv.input_shape(), conv.output_shape());
        let n_images = floats(&self.images).len() / input.image_len();
        let n_parts = n_images.div_ceil(IMAGES_PER_PART);
        let mut weight_parts = Buffer::any(n_parts * conv.weight_len());
        // Whoever takes it as a gradient gives it back as a buffer of any contents: taken as a
        // padded one, it would be lost to the pool's padded ones at each step.
        let mut images_gradient = images_wanted.then(|| Buffer::any(n_images * input.image_len()));
        let empty: &mut [f32] = &mut [];
        let images_gradients = images_gradient.as_deref_mut().unwrap_or(empty);
        let mut images_gradients = images_gradients.chunks_mut(IMAGES_PER_PART * input.image_len());
        let parts: Vec<Part<'_>> = floats(&self.images)
            .chunks(IMAGES_PER_PART * input.image_len())
            .zip(floats(&self.output).chunks(IMAGES_PER_PART * output.image_len()))
            .zip(gradient.chunks(IMAGES_PER_PART * pooled.image_len()))
            .zip(self.winners.chunks(IMAGES_PER_PART * self.n_winners()))
            .zip(floats(&self.x_hat).chunks(IMAGES_PER_PART * self.n_winners()))
            .zip(weight_parts.chunks_mut(conv.weight_len()))
            .map(|(((((images, x), gradient), pixel), x_hat), weight_gradient)| Part {
                images,
                x,
                gradient: PooledGradient { shape: *pooled, values: gradient },
                winners: Winners { pixel, x_hat },
                weight_gradient,
                images_gradient: images_gradients.next(),
            })
            .collect();
        parts::for_each(rayon::iter::IntoParallelIterator::into_par_iter(parts), |part| {
            self.part_gradients(part, sums, (method, &packed));
        });
        let padded = [n_images, conv.height + 2, conv.width + 2, conv.n_in];
        let images_gradient = images_gradient.map(|gradient| gradient.into_flex(padded));
        (images_gradient, parts::sum(weight_parts, conv.weight_len()))
    }

    fn part_gradients(
        &self,
        part: Part<'_>,
        sums: &GradientSums,
        (method, packed): (DenseMethod, &PackedWeights),
    ) {
        let conv = &self.conv;
        let shape = conv.output_gradient_shape();
        let n_images = part.images.len() / conv.input_shape().image_len();
        let mut output_gradient = Buffer::padded(n_images, [conv.height, conv.width, conv.n_out]);
        pool_input_gradient(
            conv.isa,
            (conv.output_shape(), part.x),
            (self.normalised.by_channel(), sums),
            (part.gradient, part.winners),
            (shape, &mut output_gradient),
        );
        part.weight_gradient.fill(0.0);
        conv.add_weight_gradient(method, (part.images, &output_gradient), part.weight_gradient);
        if let Some(images_gradient) = part.images_gradient {
            conv.input_gradient_shape().clear_borders(images_gradient);
            conv.input_gradient(packed, &output_gradient, images_gradient);
        }
        output_gradient.give_back_padded([conv.height, conv.width, conv.n_out]);
    }
}

/// Some images, and where their gradients go.
struct Part<'a> {
    images: &'a [f32],
    x: &'a [f32],
    gradient: PooledGradient<'a>,
    winners: Winners<'a>,
    weight_gradient: &'a mut [f32],
    images_gradient: Option<&'a mut [f32]>,
}
