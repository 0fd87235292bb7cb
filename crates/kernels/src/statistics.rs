//! Sums from which the mean and the spread of a layer's gradients follow.

use crate::simd::{CHUNK, Isa, Kernel, Simd};

/// Of some values g, in 64 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sums {
    /// How many.
    pub count: u64,
    /// Σ g.
    pub sum: f64,
    /// Σ |g|.
    pub abs: f64,
    /// Σ g².
    pub squares: f64,
}

impl Sums {
    /// In one pass and a fixed order: sixteen running sums of every sixteenth value, then those
    /// in order. The bits are the same on every instruction set, since the square of an `f32`
    /// is exact in an `f64`.
    #[must_use]
    pub fn of(isa: Isa, values: &[f32]) -> Self {
        let mut sums = Self { count: values.len() as u64, ..Self::default() };
        isa.run(Pass { values, sums: &mut sums });
        sums
    }
}

/// Two chunks: so the additions of one don't wait for those of the other.
const STRIDE: usize = 2 * CHUNK;

struct Pass<'a> {
    values: &'a [f32],
    sums: &'a mut Sums,
}

impl Kernel for Pass<'_> {
    // Arrays, not vectors of `Simd`: those hold floats of 32 bits only, and the compiler makes
    // good code of these.
    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let mut lanes = [[0.0; STRIDE]; 3];
        let (whole, rest) = self.values.as_chunks::<STRIDE>();
        for values in whole {
            add(&mut lanes, values);
        }
        let mut last = [0.0; STRIDE];
        last[..rest.len()].copy_from_slice(rest);
        add(&mut lanes, &last);
        let [sum, abs, squares] = lanes.map(|lanes| lanes.iter().fold(0.0, |sum, lane| sum + lane));
        *self.sums = Sums { sum, abs, squares, ..*self.sums };
    }
}

#[inline(always)]
fn add([sum, abs, squares]: &mut [[f64; STRIDE]; 3], values: &[f32; STRIDE]) {
    for (i, &value) in values.iter().enumerate() {
        let value = f64::from(value);
        sum[i] += value;
        abs[i] += value.abs();
        squares[i] += value * value;
    }
}
