//! One small trait for vectors of floats, one file for each instruction set.
//!
//! A kernel is written once, generic over [`Simd`], and compiled for each
//! instruction set. Values of a type that implements [`Simd`] are tokens: that
//! one exists proves that this processor has the instructions, which is what
//! makes the arithmetic methods safe to call.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod chunk;
mod portable;

pub(crate) use chunk::{CHUNK, Chunks};

/// An instruction set that this processor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Isa(Token);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    #[cfg(target_arch = "x86_64")]
    Avx2(avx2::Avx2),
    Portable(portable::Portable),
}

impl Isa {
    /// The fastest set that this processor has.
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(token) = avx2::Avx2::detect() {
            return Self(Token::Avx2(token));
        }
        Self::portable()
    }

    /// Plain Rust on arrays: any processor.
    pub fn portable() -> Self {
        Self(Token::Portable(portable::Portable))
    }

    /// Name for the record of a run, whose bits depend on it.
    pub fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Token::Avx2(_) => "avx2+fma",
            Token::Portable(_) => "portable",
        }
    }

    /// Floats in one vector.
    pub(crate) fn lanes(self) -> usize {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Token::Avx2(_) => avx2::Avx2::LANES,
            Token::Portable(_) => portable::Portable::LANES,
        }
    }

    pub(crate) fn run<K: Kernel>(self, kernel: K) {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Token::Avx2(token) => token.vectorize(kernel),
            Token::Portable(token) => token.vectorize(kernel),
        }
    }
}

/// Code to be compiled once for each instruction set. `run` and all it calls in
/// hot loops must be `#[inline(always)]`, or the vectors go through memory.
pub(crate) trait Kernel {
    fn run<S: Simd>(self, simd: S);
}

/// Rows and columns of [`Simd::transpose`], elements of [`Simd::keep_positions`].
pub(crate) const TILE: usize = 8;

/// Marks, in [`Simd::keep_positions`], an element to leave out: the highest bit.
pub(crate) const NO_POSITION: u32 = 1 << 31;

/// # Safety
///
/// Only for types of four bytes, of which all bits are a value.
pub(crate) unsafe trait Word: Copy + Default {}
// SAFETY: both are as the trait asks.
unsafe impl Word for u32 {}
// SAFETY: see above.
unsafe impl Word for f32 {}

/// Vectors of [`LANES`](Self::LANES) floats.
pub(crate) trait Simd: Copy {
    type Vector: Copy;
    const LANES: usize;

    /// Calls `kernel` where the instruction set is enabled.
    fn vectorize<K: Kernel>(self, kernel: K);

    fn splat(self, value: f32) -> Self::Vector;

    /// # Safety
    ///
    /// `LANES` floats must be readable at `from`; no alignment is needed.
    unsafe fn load(self, from: *const f32) -> Self::Vector;

    /// # Safety
    ///
    /// `LANES` floats must be writable at `to`; no alignment is needed.
    unsafe fn store(self, to: *mut f32, vector: Self::Vector);

    /// # Safety
    ///
    /// `LANES` bytes must be writable at `to`. Lanes are whole numbers in 0..=127.
    unsafe fn store_bytes(self, to: *mut u8, vector: Self::Vector);

    fn add(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;

    fn sub(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;

    /// `a · b + c`, fused or not.
    fn mul_add(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;

    /// In each lane `if a > b { a } else { b }`.
    fn max(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;

    /// In each lane `if a > b { then } else { otherwise }`.
    fn if_greater(
        self,
        a: Self::Vector,
        b: Self::Vector,
        then: Self::Vector,
        otherwise: Self::Vector,
    ) -> Self::Vector;

    /// Whether any lane of `a` or `b` is NaN.
    fn any_nan(self, a: Self::Vector, b: Self::Vector) -> bool;

    /// `table[index % 8] + offset` for each index.
    fn look_up(
        self,
        table: &[u32; TILE],
        indices: &[u8; TILE],
        offsets: &[u32; TILE],
    ) -> [u32; TILE];

    /// Columns to rows.
    fn transpose<T: Word>(self, rows: [&[T; TILE]; TILE]) -> [[T; TILE]; TILE];

    /// Writes, in order, what has a position below [`NO_POSITION`]; returns how many.
    ///
    /// # Safety
    ///
    /// `TILE` elements must be writable at `to_positions` and at `to_values`: what
    /// is beyond the number returned may be overwritten too.
    unsafe fn keep_positions(
        self,
        positions: &[u32; TILE],
        values: &[f32; TILE],
        to_positions: *mut u32,
        to_values: *mut f32,
    ) -> usize;

    fn mul(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;

    fn div(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;

    fn sqrt(self, a: Self::Vector) -> Self::Vector;

    /// In each lane `if a <= b { otherwise } else { then }`: `then` where either is NaN.
    fn if_not_le(
        self,
        a: Self::Vector,
        b: Self::Vector,
        then: Self::Vector,
        otherwise: Self::Vector,
    ) -> Self::Vector;

    /// In each lane `if a == b { then } else { otherwise }`.
    fn if_equal(
        self,
        a: Self::Vector,
        b: Self::Vector,
        then: Self::Vector,
        otherwise: Self::Vector,
    ) -> Self::Vector;

    /// 2 to the power of each lane, a whole number in -126..=127.
    fn exp2_whole(self, exponent: Self::Vector) -> Self::Vector;

    /// Bytes as whole numbers.
    ///
    /// # Safety
    ///
    /// `LANES` bytes must be readable at `from`.
    unsafe fn load_bytes(self, from: *const u8) -> Self::Vector;

    /// Writes what is not zero, in order, with its index counted from `first`; returns how many.
    ///
    /// # Safety
    ///
    /// `TILE` elements must be writable at `to_indices` and at `to_values`: what is
    /// beyond the number returned may be overwritten too.
    unsafe fn keep_non_zero(
        self,
        values: &[f32; TILE],
        first: u32,
        to_indices: *mut u32,
        to_values: *mut f32,
    ) -> usize;
}

#[cfg(test)]
mod tests {
    use super::{Isa, Kernel, NO_POSITION, Simd, TILE};

    /// What each instruction set must do alike, whatever its vectors.
    struct Conformance;

    impl Kernel for Conformance {
        fn run<S: Simd>(self, simd: S) {
            let rows: [[u32; TILE]; TILE] =
                std::array::from_fn(|i| std::array::from_fn(|j| (TILE * i + j) as u32));
            let columns = simd.transpose(rows.each_ref());
            for (i, column) in columns.iter().enumerate() {
                for (j, &value) in column.iter().enumerate() {
                    assert_eq!(value, rows[j][i]);
                }
            }

            let table = [10, 20, 30, 40, NO_POSITION, 60, 70, 80];
            let found = simd.look_up(&table, &[4, 0, 1, 3, 2, 4, 7, 9], &[1; TILE]);
            assert_eq!(found, [NO_POSITION + 1, 11, 21, 41, 31, NO_POSITION + 1, 81, 21]);

            for mask in 0..1 << TILE {
                let positions: [u32; TILE] = std::array::from_fn(|i| {
                    if mask >> i & 1 == 1 { i as u32 } else { NO_POSITION + i as u32 }
                });
                let values = std::array::from_fn(|i| i as f32);
                let (mut kept, mut kept_values) = ([0; TILE], [0.0; TILE]);
                // SAFETY: both arrays hold `TILE` elements.
                let n = unsafe {
                    let to = (kept.as_mut_ptr(), kept_values.as_mut_ptr());
                    simd.keep_positions(&positions, &values, to.0, to.1)
                };
                let expected: Vec<u32> = (0..TILE as u32).filter(|i| mask >> i & 1 == 1).collect();
                assert_eq!(kept[..n], expected);
                assert!(kept_values[..n].iter().zip(&expected).all(|(&a, &b)| a == b as f32));
            }

            let lane = |vector: S::Vector| {
                let mut lanes = [0.0; 64];
                // SAFETY: no vector has more than 64 lanes.
                unsafe { simd.store(lanes.as_mut_ptr(), vector) };
                lanes[S::LANES - 1]
            };
            let (nan, one, two) = (simd.splat(f32::NAN), simd.splat(1.0), simd.splat(2.0));
            assert_eq!(lane(simd.max(nan, one)), 1.0);
            assert!(lane(simd.max(one, nan)).is_nan());
            assert_eq!(lane(simd.max(two, one)), 2.0);
            assert_eq!(lane(simd.if_greater(two, one, one, two)), 1.0);
            assert_eq!(lane(simd.if_greater(one, one, one, two)), 2.0);
            assert_eq!(lane(simd.if_greater(nan, one, one, two)), 2.0);
            assert!(simd.any_nan(one, nan) && simd.any_nan(nan, one) && !simd.any_nan(one, two));
            assert_eq!(lane(simd.mul_add(two, two, one)), 5.0);
            assert_eq!(lane(simd.sub(one, two)), -1.0);
            assert_eq!(lane(simd.add(one, two)), 3.0);
        }
    }

    #[test]
    fn instruction_sets_agree() {
        Isa::portable().run(Conformance);
        Isa::detect().run(Conformance);
    }
}
