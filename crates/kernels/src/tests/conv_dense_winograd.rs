//! Winograd's three passes against 64 bits, and against each other.

use super::{Stream, assert_close, isas};
use crate::Isa;
use crate::conv_dense::{DenseConv, DenseMethod, PackedWeights};
use crate::framed::Framed;
use crate::scalar::{conv_dense, widen};

/// Channels, extents and images: sizes of the network, and all remainders of blocks of channels,
/// of groups of tiles and of rows of tiles.
const CASES: [([usize; 2], [usize; 2], usize); 9] = [
    ([32, 64], [16, 16], 5),
    ([64, 128], [8, 8], 17),
    ([16, 16], [4, 4], 1),
    ([16, 16], [4, 4], 67),
    ([16, 48], [4, 8], 33),
    ([48, 16], [8, 4], 2),
    ([32, 80], [12, 12], 8),
    ([16, 32], [32, 32], 1),
    ([16, 32], [20, 4], 13),
];

struct Case {
    conv: DenseConv,
    input: Vec<f32>,
    weights: Vec<f32>,
    output_gradient: Vec<f32>,
}

impl Case {
    fn new(isa: Isa, ([n_in, n_out], [height, width], n): ([usize; 2], [usize; 2], usize)) -> Self {
        let conv = DenseConv { isa, n_in, n_out, height, width };
        let mut stream = Stream::new((n_in * 100 + n_out + height + n) as u64);
        let input = images(&mut stream, conv.input_shape(), n);
        let output_gradient = images(&mut stream, conv.output_gradient_shape(), n);
        Self { conv, input, weights: stream.floats(conv.weight_len()), output_gradient }
    }

    fn n_images(&self) -> usize {
        self.conv.input_shape().n_images(self.input.len())
    }

    fn forward(&self, method: DenseMethod) -> Vec<f32> {
        let packed = PackedWeights::forward(&self.conv, method, &self.weights, &[]);
        let mut output = vec![f32::NAN; self.n_images() * self.conv.output_shape().image_len()];
        self.conv.forward(&packed, &self.input, &mut output);
        output
    }

    fn input_gradient(&self, method: DenseMethod) -> Vec<f32> {
        let packed = PackedWeights::input_gradient(&self.conv, method, &self.weights);
        let len = self.n_images() * self.conv.input_gradient_shape().image_len();
        let mut gradient = vec![f32::NAN; len];
        self.conv.input_gradient(&packed, &self.output_gradient, &mut gradient);
        let shape = self.conv.input_gradient_shape();
        let images = gradient.chunks_exact(shape.image_len());
        images.flat_map(|image| inside(shape, &widen(image))).map(|value| value as f32).collect()
    }

    fn weight_gradient(&self, method: DenseMethod) -> Vec<f32> {
        let mut gradient = vec![0.0; self.conv.weight_len()];
        let images = (&self.input[..], &self.output_gradient[..]);
        self.conv.add_weight_gradient(method, images, &mut gradient);
        gradient
    }

    /// Output, input gradient and weight gradient in 64 bits.
    fn twins(&self) -> [Vec<f64>; 3] {
        let (shape, output_shape) = (self.conv.input_shape(), self.conv.output_gradient_shape());
        let (weights, bias) = (widen(&self.weights), vec![0.0; self.conv.n_out]);
        let (mut output, mut to_input) = (vec![], vec![]);
        let mut to_weights = vec![0.0; weights.len()];
        let images = self.input.chunks_exact(shape.image_len());
        let gradients = self.output_gradient.chunks_exact(output_shape.image_len());
        for (image, gradient) in images.map(widen).zip(gradients.map(widen)) {
            output.extend(conv_dense::forward(shape, &image, &weights, &bias));
            let dense = inside(output_shape, &gradient);
            to_input.extend(inside(shape, &conv_dense::input_gradient(shape, &weights, &dense)));
            let of_image = conv_dense::weight_gradient(shape, &image, &dense);
            to_weights.iter_mut().zip(of_image).for_each(|(sum, g)| *sum += g);
        }
        [output, to_input, to_weights]
    }
}

/// Uniform, with a border of zeros.
fn images(stream: &mut Stream, shape: Framed, n_images: usize) -> Vec<f32> {
    let mut images = vec![0.0; n_images * shape.image_len()];
    for image in images.chunks_exact_mut(shape.image_len()) {
        for row in 0..shape.height {
            let len = shape.width * shape.channels;
            image[shape.pixel(row, 0)..][..len].copy_from_slice(&stream.floats(len));
        }
    }
    images
}

fn inside(shape: Framed, image: &[f64]) -> Vec<f64> {
    let len = shape.width * shape.channels;
    (0..shape.height).flat_map(|row| image[shape.pixel(row, 0)..][..len].to_vec()).collect()
}

/// Largest and root mean square error, as parts of the root mean square of what is expected.
fn errors(actual: &[f32], expected: &[f64]) -> [f64; 2] {
    assert_eq!(actual.len(), expected.len());
    let errors = actual.iter().zip(expected).map(|(&a, e)| (f64::from(a) - e).abs());
    assert!(errors.clone().all(f64::is_finite));
    let mean = |sum: f64| (sum / expected.len() as f64).sqrt();
    let scale = mean(expected.iter().map(|e| e * e).sum());
    let largest = errors.clone().fold(0.0, f64::max);
    [largest / scale, mean(errors.map(|e| e * e).sum()) / scale]
}

#[test]
fn errors_are_small() {
    for isa in isas() {
        for sizes in CASES {
            let case = Case::new(isa, sizes);
            assert_eq!(DenseMethod::fastest(&case.conv), DenseMethod::Winograd);
            let twins = case.twins();
            let of = |method| {
                let actual = [
                    case.forward(method),
                    case.input_gradient(method),
                    case.weight_gradient(method),
                ];
                [0, 1, 2].map(|i| errors(&actual[i], &twins[i]))
            };
            let (winograd, direct) = (of(DenseMethod::Winograd), of(DenseMethod::Direct));
            println!("{sizes:?}: {winograd:?}; direct {direct:?}");
            for ([max, rms], [_, direct_rms]) in winograd.into_iter().zip(direct) {
                assert!(max < 5e-5 && rms < 5e-6, "{sizes:?}: {max}, {rms}");
                assert!(direct_rms < 2e-6, "{sizes:?}: {direct_rms}");
            }
        }
    }
}

/// ⟨Y̅, conv(X, W)⟩ = ⟨X̅, X⟩ = ⟨W̅, W⟩: the passes are each other's transposes.
#[test]
fn passes_are_transposes() {
    for isa in isas() {
        for sizes in CASES {
            let case = Case::new(isa, sizes);
            let inside = |shape: Framed, images: &[f32]| -> Vec<f64> {
                images
                    .chunks_exact(shape.image_len())
                    .flat_map(|i| inside(shape, &widen(i)))
                    .collect()
            };
            let dot = |a: &[f64], b: &[f32]| super::dot(a, &widen(b));
            let method = DenseMethod::Winograd;
            let output_gradient = inside(case.conv.output_gradient_shape(), &case.output_gradient);
            let products = [
                dot(&output_gradient, &case.forward(method)),
                dot(&inside(case.conv.input_shape(), &case.input), &case.input_gradient(method)),
                dot(&widen(&case.weights), &case.weight_gradient(method)),
            ];
            // Of about N(0, 1): the products' sum is of the size of the root of their number.
            let n = output_gradient.len() * 9 * case.conv.n_in;
            let products = products.map(|product| (product / (n as f64).sqrt()) as f32);
            assert_close(&products, &[f64::from(products[0]); 3], 2e-4, &format!("{sizes:?}"));
        }
    }
}

#[test]
fn zeros_give_the_bias_and_non_finite_values_show() {
    for isa in isas() {
        let mut case = Case::new(isa, ([16, 32], [8, 8], 2));
        let conv = case.conv;
        let (shape, output_shape) = (conv.input_shape(), conv.output_gradient_shape());
        let bias: Vec<f32> = (0..32).map(|i| i as f32).collect();
        let packed = PackedWeights::forward(&conv, DenseMethod::Winograd, &case.weights, &bias);
        let mut output = vec![f32::NAN; 2 * 64 * 32];
        conv.forward(&packed, &vec![0.0; case.input.len()], &mut output);
        assert!(output.chunks_exact(32).all(|pixel| pixel == bias));

        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let (input, output_gradient) = (case.input.clone(), case.output_gradient.clone());
            case.input[shape.pixel(4, 4) + 3] = value;
            let (first, second) = (case.forward(DenseMethod::Winograd), 64 * 32);
            assert!(first[..second].iter().filter(|y| y.is_nan()).count() >= 9 * 32);
            assert!(first[second..].iter().all(|y| y.is_finite()), "other images");
            let gradient = case.weight_gradient(DenseMethod::Winograd);
            for (i, g) in gradient.iter().enumerate() {
                assert_eq!(!g.is_finite(), i % 16 == 3, "{value}: {i} is {g}");
            }
            case.input = input;
            case.output_gradient[output_shape.pixel(4, 4) + 5] = value;
            let gradient = case.weight_gradient(DenseMethod::Winograd);
            for (i, g) in gradient.iter().enumerate() {
                assert_eq!(!g.is_finite(), i / (9 * 16) == 5, "{value}: {i} is {g}");
            }
            case.output_gradient = output_gradient;
        }
    }
}

#[test]
fn only_sizes_that_fit() {
    for ([n_in, n_out], [height, width]) in [
        ([3, 16], [4, 4]),
        ([16, 8], [4, 4]),
        ([16, 17], [4, 4]),
        ([24, 16], [4, 4]),
        ([16, 16], [5, 4]),
        ([16, 16], [4, 6]),
        ([16, 16], [0, 4]),
    ] {
        let conv = DenseConv { isa: Isa::portable(), n_in, n_out, height, width };
        assert_eq!(DenseMethod::fastest(&conv), DenseMethod::Direct, "{conv:?}");
    }
}

#[test]
#[should_panic(expected = "no Winograd")]
fn other_sizes_are_refused() {
    let conv = DenseConv { isa: Isa::portable(), n_in: 1, n_out: 1, height: 4, width: 4 };
    let _ = PackedWeights::forward(&conv, DenseMethod::Winograd, &[0.0; 9], &[]);
}

#[test]
#[should_panic(expected = "another pass")]
fn weights_of_the_other_pass_are_refused() {
    let conv = DenseConv { isa: Isa::portable(), n_in: 16, n_out: 16, height: 4, width: 4 };
    let weights = vec![0.0; conv.weight_len()];
    let packed = PackedWeights::input_gradient(&conv, DenseMethod::Winograd, &weights);
    conv.forward(&packed, &[], &mut []);
}
