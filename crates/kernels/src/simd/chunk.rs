use super::Simd;

/// Elements of a chunk, and lanes of every instruction set so far.
pub(crate) const CHUNK: usize = 8;

/// Safe loads and stores, of chunks and of what is left at a slice's end.
pub(crate) trait Chunks: Simd {
    /// A whole chunk.
    #[inline(always)]
    fn load_chunk(self, from: &[f32; CHUNK]) -> Self::Vector {
        const { assert!(Self::LANES == CHUNK) };
        // SAFETY: the array has `LANES` floats.
        unsafe { self.load(from.as_ptr()) }
    }

    /// A whole chunk.
    #[inline(always)]
    fn store_chunk(self, to: &mut [f32; CHUNK], vector: Self::Vector) {
        const { assert!(Self::LANES == CHUNK) };
        // SAFETY: the array has `LANES` floats.
        unsafe { self.store(to.as_mut_ptr(), vector) };
    }

    /// A chunk or less; the lanes beyond are zero.
    #[inline(always)]
    fn load_up_to(self, from: &[f32]) -> Self::Vector {
        if let Ok(chunk) = from.try_into() {
            return self.load_chunk(chunk);
        }
        let mut chunk = [0.0; CHUNK];
        chunk[..from.len()].copy_from_slice(from);
        self.load_chunk(&chunk)
    }

    /// The first `to.len()` lanes.
    #[inline(always)]
    fn store_up_to(self, to: &mut [f32], vector: Self::Vector) {
        if let Ok(chunk) = to.try_into() {
            return self.store_chunk(chunk, vector);
        }
        let mut chunk = [0.0; CHUNK];
        self.store_chunk(&mut chunk, vector);
        to.copy_from_slice(&chunk[..to.len()]);
    }

    /// A chunk of bytes or less, as whole numbers; the lanes beyond are zero.
    #[inline(always)]
    fn load_bytes_up_to(self, from: &[u8]) -> Self::Vector {
        const { assert!(Self::LANES == CHUNK) };
        if from.len() >= CHUNK {
            // SAFETY: the slice has `LANES` bytes or more.
            return unsafe { self.load_bytes(from.as_ptr()) };
        }
        let mut chunk = [0; CHUNK];
        chunk[..from.len()].copy_from_slice(from);
        // SAFETY: the array has `LANES` bytes.
        unsafe { self.load_bytes(chunk.as_ptr()) }
    }

    /// The first `to.len()` lanes, whole numbers in 0..=127, as bytes.
    #[inline(always)]
    fn store_bytes_up_to(self, to: &mut [u8], vector: Self::Vector) {
        const { assert!(Self::LANES == CHUNK) };
        if to.len() == CHUNK {
            // SAFETY: the slice has `LANES` bytes.
            return unsafe { self.store_bytes(to.as_mut_ptr(), vector) };
        }
        let mut chunk = [0; CHUNK];
        // SAFETY: the array has `LANES` bytes.
        unsafe { self.store_bytes(chunk.as_mut_ptr(), vector) };
        to.copy_from_slice(&chunk[..to.len()]);
    }
}

impl<S: Simd> Chunks for S {}
