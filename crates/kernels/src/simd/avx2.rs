use std::arch::x86_64::*;

use super::{Kernel, Simd, TILE, Word};

/// Proof that this processor has AVX2 and FMA: only `detect` makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Avx2(());

impl Avx2 {
    pub(super) fn detect() -> Option<Self> {
        let has_all = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("popcnt");
        has_all.then_some(Self(()))
    }
}

#[target_feature(enable = "avx2,fma,popcnt")]
#[inline(never)]
fn enter<K: Kernel>(simd: Avx2, kernel: K) {
    kernel.run(simd);
}

// All methods are `inline(always)`: they must merge into `enter`, where the
// compiler may use AVX2. (A function can't be both that and `target_feature`.)
impl Simd for Avx2 {
    type Vector = __m256;
    const LANES: usize = 8;

    #[inline]
    fn vectorize<K: Kernel>(self, kernel: K) {
        // SAFETY: `self` proves that the processor has AVX2 and FMA.
        unsafe { enter(self, kernel) }
    }

    #[inline(always)]
    fn splat(self, value: f32) -> __m256 {
        // SAFETY: `self` proves that the processor has AVX2 and FMA.
        unsafe { _mm256_set1_ps(value) }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> __m256 {
        // SAFETY: `self` proves AVX2; the caller, that eight floats are readable.
        unsafe { _mm256_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, vector: __m256) {
        // SAFETY: `self` proves AVX2; the caller, that eight floats are writable.
        unsafe { _mm256_storeu_ps(to, vector) }
    }

    #[inline(always)]
    unsafe fn store_bytes(self, to: *mut u8, vector: __m256) {
        // SAFETY: `self` proves AVX2; the caller, that eight bytes are writable,
        // which is what `_mm_storel_epi64` writes.
        unsafe {
            let ints = _mm256_cvtps_epi32(vector);
            let (low, high) = (_mm256_castsi256_si128(ints), _mm256_extracti128_si256(ints, 1));
            let words = _mm_packs_epi32(low, high);
            _mm_storel_epi64(to.cast(), _mm_packus_epi16(words, words));
        }
    }

    #[inline(always)]
    fn add(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: `self` proves that the processor has AVX2 and FMA.
        unsafe { _mm256_add_ps(a, b) }
    }

    #[inline(always)]
    fn sub(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: `self` proves that the processor has AVX2 and FMA.
        unsafe { _mm256_sub_ps(a, b) }
    }

    #[inline(always)]
    fn mul_add(self, a: __m256, b: __m256, c: __m256) -> __m256 {
        // SAFETY: `self` proves that the processor has AVX2 and FMA.
        unsafe { _mm256_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn max(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: `self` proves that the processor has AVX2 and FMA.
        unsafe { _mm256_max_ps(a, b) }
    }

    #[inline(always)]
    fn if_greater(self, a: __m256, b: __m256, then: __m256, otherwise: __m256) -> __m256 {
        // SAFETY: `self` proves that the processor has AVX2 and FMA.
        unsafe { _mm256_blendv_ps(otherwise, then, _mm256_cmp_ps(a, b, _CMP_GT_OQ)) }
    }

    #[inline(always)]
    fn any_nan(self, a: __m256, b: __m256) -> bool {
        // SAFETY: `self` proves that the processor has AVX2 and FMA.
        unsafe { _mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_UNORD_Q)) != 0 }
    }

    #[inline(always)]
    fn look_up(
        self,
        table: &[u32; TILE],
        indices: &[u8; TILE],
        offsets: &[u32; TILE],
    ) -> [u32; TILE] {
        let mut found = [0; TILE];
        // SAFETY: `self` proves AVX2; loads and the store are of whole arrays.
        unsafe {
            let table = _mm256_loadu_si256(table.as_ptr().cast());
            let indices = _mm256_cvtepu8_epi32(_mm_loadl_epi64(indices.as_ptr().cast()));
            // Only the lowest three bits of an index count.
            let entries = _mm256_permutevar8x32_epi32(table, indices);
            let sums = _mm256_add_epi32(entries, _mm256_loadu_si256(offsets.as_ptr().cast()));
            _mm256_storeu_si256(found.as_mut_ptr().cast(), sums);
        }
        found
    }

    #[inline(always)]
    fn transpose<T: Word>(self, rows: [&[T; TILE]; TILE]) -> [[T; TILE]; TILE] {
        let mut columns = [[T::default(); TILE]; TILE];
        // SAFETY: `self` proves AVX2 and FMA.
        unsafe { transpose(rows, &mut columns) };
        columns
    }

    #[inline(always)]
    unsafe fn keep_positions(
        self,
        positions: &[u32; TILE],
        values: &[f32; TILE],
        to_positions: *mut u32,
        to_values: *mut f32,
    ) -> usize {
        // SAFETY: `self` proves AVX2; loads are of whole arrays (eight bytes of the
        // table's entry), and the caller proves that eight elements are writable.
        unsafe {
            let positions = _mm256_loadu_si256(positions.as_ptr().cast());
            let values = _mm256_loadu_ps(values.as_ptr());
            // One bit for each lane whose highest bit is set: those to leave out.
            let out = _mm256_movemask_ps(_mm256_castsi256_ps(positions)) as usize;
            let order = _mm256_cvtepu8_epi32(_mm_loadl_epi64(KEPT_LANES[out].as_ptr().cast()));
            let positions = _mm256_permutevar8x32_epi32(positions, order);
            let values = _mm256_permutevar8x32_ps(values, order);
            _mm256_storeu_si256(to_positions.cast(), positions);
            _mm256_storeu_ps(to_values, values);
            TILE - out.count_ones() as usize
        }
    }

    #[inline(always)]
    fn mul(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: `self` proves that the processor has AVX2 and FMA.
        unsafe { _mm256_mul_ps(a, b) }
    }

    #[inline(always)]
    fn div(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: `self` proves that the processor has AVX2 and FMA.
        unsafe { _mm256_div_ps(a, b) }
    }

    #[inline(always)]
    fn sqrt(self, a: __m256) -> __m256 {
        // SAFETY: `self` proves that the processor has AVX2 and FMA.
        unsafe { _mm256_sqrt_ps(a) }
    }

    #[inline(always)]
    fn if_not_le(self, a: __m256, b: __m256, then: __m256, otherwise: __m256) -> __m256 {
        // SAFETY: `self` proves that the processor has AVX2 and FMA.
        unsafe { _mm256_blendv_ps(otherwise, then, _mm256_cmp_ps(a, b, _CMP_NLE_UQ)) }
    }

    #[inline(always)]
    fn if_equal(self, a: __m256, b: __m256, then: __m256, otherwise: __m256) -> __m256 {
        // SAFETY: `self` proves that the processor has AVX2 and FMA.
        unsafe { _mm256_blendv_ps(otherwise, then, _mm256_cmp_ps(a, b, _CMP_EQ_OQ)) }
    }

    #[inline(always)]
    fn exp2_whole(self, exponent: __m256) -> __m256 {
        // SAFETY: `self` proves that the processor has AVX2 and FMA.
        unsafe {
            let biased = _mm256_add_epi32(_mm256_cvtps_epi32(exponent), _mm256_set1_epi32(127));
            _mm256_castsi256_ps(_mm256_slli_epi32(biased, 23))
        }
    }

    #[inline(always)]
    unsafe fn load_bytes(self, from: *const u8) -> __m256 {
        // SAFETY: `self` proves AVX2; the caller, that eight bytes are readable,
        // which is what `_mm_loadl_epi64` reads.
        unsafe { _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(from.cast()))) }
    }

    #[inline(always)]
    unsafe fn keep_non_zero(
        self,
        values: &[f32; TILE],
        first: u32,
        to_indices: *mut u32,
        to_values: *mut f32,
    ) -> usize {
        // SAFETY: `self` proves AVX2; loads are of whole arrays (eight bytes of the
        // table's entry), and the caller proves that eight elements are writable.
        unsafe {
            let values = _mm256_loadu_ps(values.as_ptr());
            let zeros = _mm256_cmp_ps(values, _mm256_setzero_ps(), _CMP_EQ_OQ);
            let out = _mm256_movemask_ps(zeros) as usize;
            let order = _mm256_cvtepu8_epi32(_mm_loadl_epi64(KEPT_LANES[out].as_ptr().cast()));
            let indices = _mm256_add_epi32(order, _mm256_set1_epi32(first as i32));
            _mm256_storeu_si256(to_indices.cast(), indices);
            _mm256_storeu_ps(to_values, _mm256_permutevar8x32_ps(values, order));
            TILE - out.count_ones() as usize
        }
    }
}

#[target_feature(enable = "avx2,fma,popcnt")]
#[inline]
fn transpose<T: Word>(rows: [&[T; TILE]; TILE], columns: &mut [[T; TILE]; TILE]) {
    let zero = _mm256_setzero_ps();
    // Four rows at a time: columns 0 to 3 in the lower halves, 4 to 7 in the upper.
    let mut fours = [[zero; 4]; 2];
    for (i, four) in fours.iter_mut().enumerate() {
        let mut vectors = [zero; 4];
        for (vector, row) in vectors.iter_mut().zip(&rows[4 * i..]) {
            // SAFETY: the row is an array of eight words.
            *vector = unsafe { _mm256_loadu_ps(row.as_ptr().cast()) };
        }
        let [a, b, c, d] = vectors;
        let (ab_low, ab_high) = (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
        let (cd_low, cd_high) = (_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
        *four = [
            _mm256_shuffle_ps(ab_low, cd_low, 0b01_00_01_00),
            _mm256_shuffle_ps(ab_low, cd_low, 0b11_10_11_10),
            _mm256_shuffle_ps(ab_high, cd_high, 0b01_00_01_00),
            _mm256_shuffle_ps(ab_high, cd_high, 0b11_10_11_10),
        ];
    }
    for i in 0..4 {
        let low = _mm256_permute2f128_ps(fours[0][i], fours[1][i], 0x20);
        let high = _mm256_permute2f128_ps(fours[0][i], fours[1][i], 0x31);
        // SAFETY: columns are arrays of eight words.
        unsafe {
            _mm256_storeu_ps(columns[i].as_mut_ptr().cast(), low);
            _mm256_storeu_ps(columns[i + 4].as_mut_ptr().cast(), high);
        }
    }
}

/// For each set of lanes to leave out the others, in order.
static KEPT_LANES: [[u8; TILE]; 1 << TILE] = {
    let mut table = [[0; TILE]; 1 << TILE];
    let mut out = 0;
    while out < table.len() {
        let (mut lane, mut n_kept) = (0, 0);
        while lane < TILE {
            if out >> lane & 1 == 0 {
                table[out][n_kept] = lane as u8;
                n_kept += 1;
            }
            lane += 1;
        }
        out += 1;
    }
    table
};
