//! Winograd's forward pass against the direct one.

mod case;

use case::{Case, Random, isas};
use plateau_kernels::{
    Isa,
    conv::{ConvBlock, ForwardMethod, ForwardWeights, Placement, PooledMut},
    scalar,
};

fn forward(case: &Case, method: ForwardMethod) -> (Vec<f32>, Vec<u8>) {
    let block = &case.block;
    let mut pooled = vec![f32::NAN; case.gradient.len()];
    let mut evaluated = pooled.clone();
    let mut winners = vec![99; pooled.len()];
    let weights = ForwardWeights::pack(block, method, &case.weights, &case.bias);
    let placement = Placement::dense(block);
    let to = PooledMut { data: &mut pooled, placement };
    block.forward(&weights, &case.images, to, &mut winners);
    let to = PooledMut { data: &mut evaluated, placement };
    block.evaluate(&weights, &case.images, to);
    let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&pooled), bits(&evaluated), "forward and evaluate");
    (pooled, winners)
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| f64::from(value)).collect()
}

/// (c_in, c_out, height, width, images): sizes of the studies, and all remainders of
/// groups of images and of rows of tiles.
const SHAPES: [(usize, usize, usize, usize, usize); 8] = [
    (32, 64, 16, 16, 3),
    (64, 128, 8, 8, 9),
    (8, 16, 4, 4, 1),
    (8, 16, 4, 4, 35),
    (16, 48, 4, 8, 17),
    (24, 32, 8, 4, 2),
    (8, 16, 12, 12, 5),
    (40, 16, 32, 32, 1),
];

/// Largest and root mean square error of pooled values, as parts of the standard
/// deviation of what is pooled, and how many winners differ from f64's.
fn errors(case: &Case, method: ForwardMethod) -> (f64, f64, usize) {
    let block = &case.block;
    let (pooled, winners) = forward(case, method);
    let (weights, bias) = (wide(&case.weights), wide(&case.bias));
    let (mut expected, mut expected_winners) = (Vec::new(), Vec::new());
    for image in case.images.chunks_exact(block.padded_len()) {
        let (values, winners) = scalar::conv_forward(block, &weights, &bias, &wide(image));
        expected.extend(values);
        expected_winners.extend(winners);
    }
    // Uniform in −1..1: 9 · c_in products of variance 1/9.
    let scale = (block.c_in() as f64).sqrt();
    let (mut max, mut squares) = (0.0_f64, 0.0);
    for (&value, expected) in pooled.iter().zip(&expected) {
        let error = (f64::from(value) - expected).abs() / scale;
        assert!(error.is_finite());
        max = max.max(error);
        squares += error * error;
    }
    let others = winners.iter().zip(&expected_winners).filter(|(a, b)| a != b).count();
    (max, (squares / expected.len() as f64).sqrt(), others)
}

#[test]
fn errors_are_small() {
    for isa in isas() {
        for (c_in, c_out, height, width, n_images) in SHAPES {
            let block = ConvBlock::with_isa(isa, c_in, c_out, height, width);
            assert!(block.has_winograd());
            let mut random = Random(13);
            let case = Case::new(block, n_images, |len| random.uniform(len));
            let (max, rms, others) = errors(&case, ForwardMethod::Winograd);
            println!("{block:?}: {max:.1e}, {rms:.1e}, {others}");
            println!("    direct: {:?}", errors(&case, ForwardMethod::Direct));
            assert!(max < 1e-4 && rms < 1e-5, "{block:?}: {max}, {rms}");
            // Another winner only where two pixels are as good as equal.
            assert!(others * 1000 <= case.gradient.len(), "{block:?}: {others}");
        }
    }
}

#[test]
fn an_image_does_not_depend_on_its_batch() {
    for isa in isas() {
        for (c_in, c_out, height, width, n_images) in SHAPES {
            let block = ConvBlock::with_isa(isa, c_in, c_out, height, width);
            let mut random = Random(17);
            let case = Case::new(block, n_images, |len| random.uniform(len));
            let (pooled, winners) = forward(&case, ForwardMethod::Winograd);
            for (i, image) in case.images.chunks_exact(block.padded_len()).enumerate() {
                let range = i * block.pooled_len()..(i + 1) * block.pooled_len();
                let alone = Case {
                    n_images: 1,
                    images: image.to_vec(),
                    gradient: case.gradient[range.clone()].to_vec(),
                    ..case.clone()
                };
                let (alone, alone_winners) = forward(&alone, ForwardMethod::Winograd);
                assert_eq!(alone, pooled[range.clone()], "{block:?}, {i}");
                assert_eq!(alone_winners, winners[range], "{block:?}, {i}");
            }
        }
    }
}

/// Zero images and zero weights give the bias, exactly; NaN and infinities show.
#[test]
fn special_values() {
    for isa in isas() {
        let block = ConvBlock::with_isa(isa, 8, 16, 8, 8);
        let mut random = Random(19);
        let mut case = Case::new(block, 2, |len| random.uniform(len));
        let image = case.images.clone();
        case.images.fill(0.0);
        let (pooled, _) = forward(&case, ForwardMethod::Winograd);
        for pixel in pooled.chunks_exact(16) {
            for (value, bias) in pixel.iter().zip(&case.bias) {
                assert_eq!(*value, bias.max(0.0));
            }
        }
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            case.images.clone_from(&image);
            // Row 4, column 4 of the first image: the first tile and its neighbours.
            case.images[(4 * 10 + 4) * 8 + 3] = value;
            let (pooled, winners) = forward(&case, ForwardMethod::Winograd);
            let n_nan = pooled.iter().filter(|value| value.is_nan()).count();
            assert!(n_nan >= 16, "{value}: {n_nan}");
            assert!(winners.iter().all(|&winner| winner <= 4));
            let second = &pooled[block.pooled_len()..];
            assert!(second.iter().all(|value| value.is_finite()), "other images");
        }
    }
}

#[test]
fn only_sizes_that_fit() {
    let has = |c_in, c_out, height, width| {
        ConvBlock::with_isa(Isa::portable(), c_in, c_out, height, width).has_winograd()
    };
    assert!(has(8, 16, 4, 4));
    for (c_in, c_out, height, width) in
        [(3, 16, 4, 4), (8, 8, 4, 4), (8, 17, 4, 4), (8, 16, 5, 4), (8, 16, 4, 6), (8, 16, 0, 4)]
    {
        assert!(!has(c_in, c_out, height, width));
    }
    let block = ConvBlock::new(3, 16, 4, 4);
    assert_eq!(ForwardMethod::fastest(&block), ForwardMethod::Direct);
}

#[test]
#[should_panic(expected = "no Winograd")]
fn other_sizes_are_refused() {
    let block = ConvBlock::new(1, 1, 4, 4);
    ForwardWeights::pack(&block, ForwardMethod::Winograd, &[0.0; 9], &[0.0]);
}
