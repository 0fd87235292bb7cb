//! The 3×3 convolution (same padding, stride 1) with dense output: what batch normalisation
//! needs, whose gradients are dense too. Images are channels last; what a pass reads in a window
//! has a border of zeros one pixel wide.
//!
//! # Layout
//! - [`DenseConv`]: the sizes, and the three passes
//! - [`DenseMethod`]: product by product, or by Winograd's minimal filtering
//! - `weights`: [`PackedWeights`], weights as the kernels read them
//! - `direct`, `weight_direct`: product by product; `colour`, `weight_colour`: the same for three
//!   input channels
//! - `winograd`: the other method
//!
//! # Threads
//!
//! Kernels take whole images, any number of them, and never spawn. An image's output and input
//! gradient don't depend on the images beside it. Those of a call share a weight gradient, whose
//! bits depend on which they are: cut a batch into parts of a fixed number of images
//! ([`IMAGES_PER_PART`](crate::conv::IMAGES_PER_PART)), give each its own weight gradient, and
//! sum those in order ([`sum_parts`](crate::conv::sum_parts)).

mod colour;
mod direct;
mod weight_colour;
mod weight_direct;
mod weights;
mod winograd;

pub use weights::PackedWeights;

use crate::Isa;
use crate::framed::Framed;
use crate::winograd::{TILE, VECTORS};
use weights::Pass;

/// How the three passes compute their sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DenseMethod {
    /// Product by product, for all sizes; infinities as IEEE has them.
    Direct,
    /// Winograd's F(4×4, 3×3): a quarter of the products, for convolutions that
    /// [`DenseConv::has_winograd`]. An infinity or NaN makes all 4×4 pixels of the tiles that see
    /// it NaN, and of a weight gradient all taps of its channel.
    ///
    /// Rounding errors, root mean square as a part of that of the results, of uniform random
    /// numbers at the sizes of the tests: output 1.1e-6 to 1.9e-6, input gradient 0.9e-6 to
    /// 2.6e-6, weight gradient 0.8e-6 to 2.0e-6; with the direct method 1.8e-7 to 4.0e-7, 1.8e-7
    /// to 5.7e-7 and 0.7e-7 to 1.7e-7. The largest were 40, 45 and 29 in a million.
    Winograd,
}

impl DenseMethod {
    /// The faster one that the convolution has.
    #[must_use]
    pub fn fastest(conv: &DenseConv) -> Self {
        if conv.has_winograd() { Self::Winograd } else { Self::Direct }
    }
}

/// Sizes of one convolution, and the instruction set whose kernels run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DenseConv {
    /// Instruction set.
    pub isa: Isa,
    /// Channels of the input.
    pub n_in: usize,
    /// Channels of the output.
    pub n_out: usize,
    /// Rows of an image, border not counted.
    pub height: usize,
    /// Columns of an image, border not counted.
    pub width: usize,
}

impl DenseConv {
    /// Whether the sizes are multiples of what Winograd's kernels take.
    #[must_use]
    pub fn has_winograd(&self) -> bool {
        let panel = VECTORS * self.isa.lanes();
        self.height.is_multiple_of(TILE)
            && self.width.is_multiple_of(TILE)
            && self.n_in.is_multiple_of(panel)
            && self.n_out.is_multiple_of(panel)
            && self.height * self.width * self.n_in * self.n_out > 0
    }

    /// Of the input: padded.
    #[must_use]
    pub fn input_shape(&self) -> Framed {
        Framed::padded(self.height, self.width, self.n_in)
    }

    /// Of the output: dense.
    #[must_use]
    pub fn output_shape(&self) -> Framed {
        Framed::dense(self.height, self.width, self.n_out)
    }

    /// Of the output's gradient: padded.
    #[must_use]
    pub fn output_gradient_shape(&self) -> Framed {
        Framed::padded(self.height, self.width, self.n_out)
    }

    /// Of the input's gradient: padded, as the input is.
    #[must_use]
    pub fn input_gradient_shape(&self) -> Framed {
        self.input_shape()
    }

    /// Floats of the weights `[n_out, 3, 3, n_in]`.
    #[must_use]
    pub fn weight_len(&self) -> usize {
        self.n_out * 9 * self.n_in
    }

    /// Convolution and bias.
    ///
    /// # Shapes
    /// - weights: from [`PackedWeights::forward`]
    /// - input: images of [`input_shape`](Self::input_shape), borders zero
    /// - output: as many images of [`output_shape`](Self::output_shape)
    ///
    /// # Panics
    /// If a length doesn't fit, or the weights are another convolution's or pass's.
    pub fn forward(&self, weights: &PackedWeights, input: &[f32], output: &mut [f32]) {
        weights.check(self, Pass::Forward);
        self.convolve(weights, (self.input_shape(), input), (self.output_shape(), output));
    }

    /// The gradient of the input; the border is left as it is.
    ///
    /// # Shapes
    /// - weights: from [`PackedWeights::input_gradient`]
    /// - output gradient: images of [`output_gradient_shape`](Self::output_gradient_shape),
    ///   borders zero
    /// - input gradient: as many images of [`input_gradient_shape`](Self::input_gradient_shape)
    ///
    /// # Panics
    /// If a length doesn't fit, or the weights are another convolution's or pass's.
    pub fn input_gradient(
        &self,
        weights: &PackedWeights,
        output_gradient: &[f32],
        input_gradient: &mut [f32],
    ) {
        weights.check(self, Pass::InputGradient);
        let from = (self.output_gradient_shape(), output_gradient);
        self.convolve(weights, from, (self.input_gradient_shape(), input_gradient));
    }

    fn convolve(
        &self,
        weights: &PackedWeights,
        (shape, input): (Framed, &[f32]),
        (output_shape, output): (Framed, &mut [f32]),
    ) {
        let n_images = shape.n_images(input.len());
        assert_eq!(output.len(), n_images * output_shape.image_len(), "the output's length");
        if output.is_empty() {
            return;
        }
        let packed = (weights.packed(), weights.bias());
        match weights.method() {
            DenseMethod::Direct => {
                direct::forward(self.isa, (shape, input), packed, (output_shape, output));
            }
            DenseMethod::Winograd => {
                winograd::convolve(self.isa, (shape, input), packed, (output_shape, output));
            }
        }
    }

    /// Adds the gradient of some images to that of the weights.
    ///
    /// # Shapes
    /// - input: images of [`input_shape`](Self::input_shape), borders zero
    /// - output gradient: as many images of
    ///   [`output_gradient_shape`](Self::output_gradient_shape); the border is not read
    /// - gradient `[n_out, 3, 3, n_in]`
    ///
    /// # Panics
    /// If a length doesn't fit, or the convolution doesn't have the method.
    pub fn add_weight_gradient(
        &self,
        method: DenseMethod,
        (input, output_gradient): (&[f32], &[f32]),
        gradient: &mut [f32],
    ) {
        let (shape, output_shape) = (self.input_shape(), self.output_gradient_shape());
        let n_images = shape.n_images(input.len());
        assert_eq!(output_gradient.len(), n_images * output_shape.image_len(), "output gradient");
        assert_eq!(gradient.len(), self.weight_len(), "the gradient's length");
        if n_images == 0 || gradient.is_empty() {
            return;
        }
        let (input, output_gradient) = ((shape, input), (output_shape, output_gradient));
        match method {
            DenseMethod::Direct => weight_direct::add(self.isa, input, output_gradient, gradient),
            DenseMethod::Winograd => {
                assert!(self.has_winograd(), "no Winograd: {self:?}");
                winograd::add_weight_gradient(self.isa, input, output_gradient, gradient);
            }
        }
    }
}
