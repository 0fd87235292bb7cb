use super::{Kernel, NO_POSITION, Simd, TILE, Word};

const LANES: usize = 8;

/// Arrays that the compiler may turn into what vectors the target has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Portable;

#[inline(always)]
fn zip(a: [f32; LANES], b: [f32; LANES], f: impl Fn(f32, f32) -> f32) -> [f32; LANES] {
    let mut out = a;
    for i in 0..LANES {
        out[i] = f(a[i], b[i]);
    }
    out
}

impl Simd for Portable {
    type Vector = [f32; LANES];
    const LANES: usize = LANES;

    #[inline]
    fn vectorize<K: Kernel>(self, kernel: K) {
        kernel.run(self);
    }

    #[inline(always)]
    fn splat(self, value: f32) -> [f32; LANES] {
        [value; LANES]
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> [f32; LANES] {
        // SAFETY: the caller proves that `LANES` floats are readable; the pointer
        // may be cast since an array has the alignment of its element.
        unsafe { from.cast::<[f32; LANES]>().read() }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, vector: [f32; LANES]) {
        // SAFETY: the caller proves that `LANES` floats are writable.
        unsafe { to.cast::<[f32; LANES]>().write(vector) }
    }

    #[inline(always)]
    unsafe fn store_bytes(self, to: *mut u8, vector: [f32; LANES]) {
        // SAFETY: the caller proves that `LANES` bytes are writable.
        unsafe { to.cast::<[u8; LANES]>().write(vector.map(|lane| lane as u8)) }
    }

    #[inline(always)]
    fn add(self, a: [f32; LANES], b: [f32; LANES]) -> [f32; LANES] {
        zip(a, b, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, a: [f32; LANES], b: [f32; LANES]) -> [f32; LANES] {
        zip(a, b, |a, b| a - b)
    }

    #[inline(always)]
    fn mul_add(self, a: [f32; LANES], b: [f32; LANES], c: [f32; LANES]) -> [f32; LANES] {
        // Not `f32::mul_add`, which is a function call without an FMA unit.
        zip(zip(a, b, |a, b| a * b), c, |ab, c| ab + c)
    }

    #[inline(always)]
    fn max(self, a: [f32; LANES], b: [f32; LANES]) -> [f32; LANES] {
        zip(a, b, |a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    fn if_greater(
        self,
        a: [f32; LANES],
        b: [f32; LANES],
        then: [f32; LANES],
        otherwise: [f32; LANES],
    ) -> [f32; LANES] {
        let mut out = otherwise;
        for i in 0..LANES {
            out[i] = if a[i] > b[i] { then[i] } else { otherwise[i] };
        }
        out
    }

    #[inline(always)]
    fn any_nan(self, a: [f32; LANES], b: [f32; LANES]) -> bool {
        a.iter().chain(&b).any(|lane| lane.is_nan())
    }

    #[inline(always)]
    fn look_up(
        self,
        table: &[u32; TILE],
        indices: &[u8; TILE],
        offsets: &[u32; TILE],
    ) -> [u32; TILE] {
        std::array::from_fn(|i| table[usize::from(indices[i]) % TILE].wrapping_add(offsets[i]))
    }

    #[inline(always)]
    fn transpose<T: Word>(self, rows: [&[T; TILE]; TILE]) -> [[T; TILE]; TILE] {
        std::array::from_fn(|column| rows.map(|row| row[column]))
    }

    #[inline(always)]
    unsafe fn keep_positions(
        self,
        positions: &[u32; TILE],
        values: &[f32; TILE],
        to_positions: *mut u32,
        to_values: *mut f32,
    ) -> usize {
        let mut n_kept = 0;
        for (&position, &value) in positions.iter().zip(values) {
            // SAFETY: fewer than `TILE` were kept before; the caller proves that so
            // many are writable.
            unsafe {
                to_positions.add(n_kept).write(position);
                to_values.add(n_kept).write(value);
            }
            n_kept += usize::from(position < NO_POSITION);
        }
        n_kept
    }

    #[inline(always)]
    fn mul(self, a: [f32; LANES], b: [f32; LANES]) -> [f32; LANES] {
        zip(a, b, |a, b| a * b)
    }

    #[inline(always)]
    fn div(self, a: [f32; LANES], b: [f32; LANES]) -> [f32; LANES] {
        zip(a, b, |a, b| a / b)
    }

    #[inline(always)]
    fn sqrt(self, a: [f32; LANES]) -> [f32; LANES] {
        a.map(f32::sqrt)
    }

    #[inline(always)]
    fn if_not_le(
        self,
        a: [f32; LANES],
        b: [f32; LANES],
        then: [f32; LANES],
        otherwise: [f32; LANES],
    ) -> [f32; LANES] {
        std::array::from_fn(|i| {
            if a[i].partial_cmp(&b[i]).is_none_or(|order| order.is_gt()) {
                then[i]
            } else {
                otherwise[i]
            }
        })
    }

    #[inline(always)]
    fn if_equal(
        self,
        a: [f32; LANES],
        b: [f32; LANES],
        then: [f32; LANES],
        otherwise: [f32; LANES],
    ) -> [f32; LANES] {
        std::array::from_fn(|i| if a[i] == b[i] { then[i] } else { otherwise[i] })
    }

    #[inline(always)]
    fn exp2_whole(self, exponent: [f32; LANES]) -> [f32; LANES] {
        exponent.map(|lane| f32::from_bits(((lane as i32 + 127) as u32) << 23))
    }

    #[inline(always)]
    unsafe fn load_bytes(self, from: *const u8) -> [f32; LANES] {
        // SAFETY: the caller proves that `LANES` bytes are readable.
        unsafe { from.cast::<[u8; LANES]>().read() }.map(f32::from)
    }

    #[inline(always)]
    unsafe fn keep_non_zero(
        self,
        values: &[f32; TILE],
        first: u32,
        to_indices: *mut u32,
        to_values: *mut f32,
    ) -> usize {
        let mut n_kept = 0;
        for (index, &value) in (first..).zip(values) {
            // SAFETY: fewer than `TILE` were kept before; the caller proves that so
            // many are writable.
            unsafe {
                to_indices.add(n_kept).write(index);
                to_values.add(n_kept).write(value);
            }
            n_kept += usize::from(value != 0.0);
        }
        n_kept
    }
}
