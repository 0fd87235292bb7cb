use std::ops::{Deref, DerefMut};

const FLOATS_PER_LINE: usize = 16;

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct CacheLine([f32; FLOATS_PER_LINE]);

/// Floats that begin on a cache line, so that vector loads at multiples of the
/// vector's length never straddle two lines.
///
/// Kernels accept any slice; with this one the weight gradient, which is bound
/// by loads, does not pay for each second load twice.
#[derive(Clone, Default)]
pub struct AlignedBuffer {
    lines: Vec<CacheLine>,
    len: usize,
}

impl AlignedBuffer {
    /// `len` zeros.
    pub fn zeros(len: usize) -> Self {
        let n_lines = len.div_ceil(FLOATS_PER_LINE);
        Self { lines: vec![CacheLine([0.0; FLOATS_PER_LINE]); n_lines], len }
    }
}

impl From<&[f32]> for AlignedBuffer {
    fn from(values: &[f32]) -> Self {
        let mut buffer = Self::zeros(values.len());
        buffer.copy_from_slice(values);
        buffer
    }
}

impl Deref for AlignedBuffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        // SAFETY: a `CacheLine` is 16 floats without padding (`repr(C)`, size 64),
        // all initialised; `len` floats lie within the lines by construction.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }
}

impl DerefMut for AlignedBuffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: as in `deref`; `&mut self` makes the access exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }
}

impl std::fmt::Debug for AlignedBuffer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.deref().fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::AlignedBuffer;

    #[test]
    fn floats_begin_on_a_line() {
        for len in [0, 1, 15, 16, 17, 1000] {
            let values: Vec<f32> = (0..len).map(|i| i as f32).collect();
            let mut buffer = AlignedBuffer::from(&values[..]);
            assert_eq!(buffer.as_ptr() as usize % 64, 0);
            assert_eq!(buffer[..], values[..]);
            buffer.fill(2.0);
            assert_eq!(buffer[..], vec![2.0; len][..]);
        }
    }
}
