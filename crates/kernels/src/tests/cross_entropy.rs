use super::{SIZES, Stream, assert_close, assert_derivative, bits, isas};
use crate::Isa;
use crate::cross_entropy::{cross_entropy, sum_losses};
use crate::exp::exp;
use crate::scalar::{self, widen};
use crate::simd::{Chunks, Kernel, Simd};

struct Exp<'a>(&'a mut [f32]);

impl Kernel for Exp<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for chunk in self.0.chunks_mut(8) {
            simd.store_up_to(chunk, exp(simd, simd.load_up_to(chunk)));
        }
    }
}

#[test]
fn exp_is_within_two_units_in_the_last_place() {
    for isa in isas() {
        let x: Vec<f32> = (0..400_000).map(|i| -87.0 + i as f32 * (175.0 / 400_000.0)).collect();
        let mut y = x.clone();
        isa.run(Exp(&mut y));
        let mut worst = 0.0f64;
        for (&x, &y) in x.iter().zip(&y) {
            let expected = f64::from(x).exp();
            let unit = f64::from(f32::from_bits((expected as f32).to_bits() + 1))
                - f64::from(expected as f32);
            worst = worst.max((f64::from(y) - expected).abs() / unit);
        }
        assert!(worst <= 2.0, "{worst} units, {isa:?}");
        let mut edges = [0.0, -88.0, -1e30, f32::NEG_INFINITY, 1.0, -0.0];
        isa.run(Exp(&mut edges));
        assert_eq!(edges, [1.0, 0.0, 0.0, 0.0, std::f32::consts::E, 1.0]);
    }
}

fn run(isa: Isa, logits: &[f32], labels: &[u8], scale: f32) -> (Vec<f32>, Vec<f32>) {
    let mut losses = vec![f32::NAN; labels.len()];
    let mut gradient = vec![f32::NAN; logits.len()];
    cross_entropy(isa, logits, labels, scale, &mut losses, &mut gradient);
    (losses, gradient)
}

#[test]
fn kernel_matches_twin() {
    for isa in isas() {
        for n_classes in SIZES.into_iter().chain([10]) {
            for n_images in [1, 2, 127, 128, 129] {
                let mut stream = Stream::new(n_classes as u64);
                let spread = [1.0, 30.0, 1e4][n_images % 3];
                let logits: Vec<_> =
                    stream.floats(n_images * n_classes).iter().map(|x| x * spread).collect();
                let labels: Vec<_> = (0..n_images).map(|_| stream.below(n_classes) as u8).collect();
                let (losses, gradient) = run(isa, &logits, &labels, 1.0 / 128.0);
                let (expected, expected_gradient) =
                    scalar::cross_entropy::cross_entropy(&widen(&logits), &labels, 1.0 / 128.0);
                assert_close(&losses, &expected, 1e-6, "losses");
                assert_close(&gradient, &expected_gradient, 1e-8, "gradient");
            }
        }
    }
}

#[test]
fn any_non_finite_logit_shows_in_its_own_image_only() {
    for isa in isas() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for place in 0..10 {
                let mut logits = vec![0.5; 30];
                logits[10 + place] = bad;
                let (losses, gradient) = run(isa, &logits, &[0, 1, 2], 1.0);
                assert!(!losses[1].is_finite() && !sum_losses(&losses).is_finite());
                assert!(gradient[10..20].iter().all(|g| g.is_nan()));
                assert!((losses[0] - 10f32.ln()).abs() < 1e-6);
                assert!(gradient[..10].iter().chain(&gradient[20..]).all(|g| g.is_finite()));
            }
        }
    }
}

#[test]
fn bits_do_not_depend_on_how_the_batch_is_cut() {
    for isa in isas() {
        let logits = Stream::new(1).floats(129 * 10);
        let labels: Vec<_> = (0..129).map(|i| (i % 10) as u8).collect();
        let (losses, gradient) = run(isa, &logits, &labels, 0.1);
        for images in [1, 2, 7, 32, 64] {
            let parts = logits.chunks(images * 10).zip(labels.chunks(images));
            let parts: Vec<_> =
                parts.map(|(logits, labels)| run(isa, logits, labels, 0.1)).collect();
            let losses_apart: Vec<_> = parts.iter().flat_map(|part| part.0.clone()).collect();
            let gradient_apart: Vec<_> = parts.iter().flat_map(|part| part.1.clone()).collect();
            assert_eq!(bits(&losses), bits(&losses_apart));
            assert_eq!(bits(&gradient), bits(&gradient_apart));
        }
    }
}

#[test]
fn twins_gradient_is_the_derivative() {
    let logits = widen(&Stream::new(2).floats(4 * 10));
    let labels = [0, 9, 3, 3];
    let loss = |logits: &[f64]| -> f64 {
        scalar::cross_entropy::cross_entropy(logits, &labels, 0.25).0.iter().sum::<f64>() * 0.25
    };
    let (_, gradient) = scalar::cross_entropy::cross_entropy(&logits, &labels, 0.25);
    assert_derivative(loss, &logits, &gradient, "logits");
}
