//! Each kernel against its scalar twin, on whole numbers: every sum is exact, so
//! that values, winners and ties must agree to the last bit.

mod case;

use case::{CHANNELS, Case, Random, SIDES, assert_same, isas};
use plateau_kernels::conv::{ConvBlock, ForwardMethod, ForwardWeights, Placement, PooledMut};
use proptest::prelude::*;

fn check(c_in: usize, c_out: usize, height: usize, width: usize, n_images: usize) {
    for isa in isas() {
        let block = ConvBlock::with_isa(isa, c_in, c_out, height, width);
        let mut random = Random((1 + c_in + 64 * c_out) as u64);
        let case = Case::new(block, n_images, |len| random.whole(len));
        assert_same(&case.kernels(), &case.twins(), &format!("{block:?}"));
    }
}

#[test]
fn channels() {
    for c_in in CHANNELS {
        for c_out in CHANNELS {
            check(c_in, c_out, 5, 4, 2);
        }
    }
}

#[test]
fn sides() {
    for height in SIDES {
        for width in SIDES {
            check(1, 9, height, width, 2);
            check(3, 17, height, width, 3);
            check(9, 8, height, width, 2);
        }
    }
}

#[test]
fn many_channels() {
    check(33, 65, 8, 8, 1);
    check(4, 129, 4, 4, 3);
    check(70, 130, 3, 6, 2);
}

/// Lists of winners that span images, and end in the middle of a batch.
#[test]
fn many_images() {
    for n_images in [0, 1, 15, 16, 17, 33] {
        check(3, 8, 4, 4, n_images);
        check(2, 3, 2, 2, n_images);
    }
}

/// The shapes of the studies.
#[test]
fn study_shapes() {
    for (c_in, c_out, side) in [(3, 32, 32), (32, 64, 16), (64, 128, 8)] {
        check(c_in, c_out, side, side, 2);
    }
}

#[test]
fn pooled_values_are_placed_inside_the_next_padding() {
    for isa in isas() {
        let block = ConvBlock::with_isa(isa, 3, 9, 6, 8);
        let mut random = Random(7);
        let case = Case::new(block, 2, |len| random.whole(len));
        let expected = case.kernels().pooled;
        let next = ConvBlock::with_isa(isa, 9, 1, 3, 4);
        let weights =
            ForwardWeights::pack(&block, ForwardMethod::Direct, &case.weights, &case.bias);
        let mut padded = vec![0.0; 2 * next.padded_len()];
        let pooled = PooledMut { data: &mut padded, placement: Placement::padded(&block) };
        block.evaluate(&weights, &case.images, pooled);

        let mut values = expected.chunks_exact(9);
        for (i, pixel) in padded.chunks_exact(9).enumerate() {
            let (y, x) = (i / 6 % 5, i % 6);
            let inside = (1..4).contains(&y) && (1..5).contains(&x);
            let expected = if inside { values.next().expect("as many") } else { &[0.0; 9] };
            assert_eq!(pixel, expected, "{isa:?}, pixel {i}");
        }
    }
}

#[test]
#[should_panic(expected = "images end at")]
fn a_short_buffer_is_refused() {
    let block = ConvBlock::new(1, 1, 4, 4);
    let weights = ForwardWeights::pack(&block, ForwardMethod::Direct, &[0.0; 9], &[0.0]);
    let pooled = PooledMut { data: &mut [0.0; 3], placement: Placement::dense(&block) };
    block.evaluate(&weights, &[0.0; 36], pooled);
}

#[test]
#[should_panic(expected = "overlap")]
fn strides_that_overflow_are_refused() {
    let block = ConvBlock::new(1, 1, 4, 4);
    let weights = ForwardWeights::pack(&block, ForwardMethod::Direct, &[0.0; 9], &[0.0]);
    let placement = Placement { offset: 0, row: usize::MAX, image: usize::MAX };
    block.evaluate(&weights, &[0.0; 36], PooledMut { data: &mut [0.0; 4], placement });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_shape(c_in in 1_usize..20, c_out in 1_usize..40, height in 1_usize..12,
        width in 1_usize..12, n_images in 1_usize..4)
    {
        check(c_in, c_out, height, width, n_images);
    }
}
