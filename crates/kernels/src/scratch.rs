use std::cell::Cell;

use crate::AlignedBuffer;

thread_local! {
    static BUFFER: Cell<AlignedBuffer> = Cell::default();
}

const FLOATS_PER_LINE: usize = 16;

/// This thread's memory to work in, given back when dropped: fresh pages cost a page fault
/// each, for a megabyte more than what the kernels do with it.
///
/// Taken, not borrowed: a kernel that calls another which wants memory too makes it work, only
/// slower.
pub(crate) struct Scratch(AlignedBuffer);

impl Scratch {
    pub(crate) fn take() -> Self {
        Self(BUFFER.take())
    }

    /// Slices of `lens` floats, each on a cache line of its own. What they hold is arbitrary:
    /// NaN in debug builds.
    pub(crate) fn slices<const N: usize>(&mut self, lens: [usize; N]) -> [&mut [f32]; N] {
        let padded = lens.map(|len| len.next_multiple_of(FLOATS_PER_LINE));
        let total = padded.iter().sum();
        if self.0.len() < total {
            self.0 = AlignedBuffer::zeros(total);
        }
        if cfg!(debug_assertions) {
            self.0.fill(f32::NAN);
        }
        let mut rest = &mut self.0[..];
        std::array::from_fn(|i| {
            let (slice, tail) = std::mem::take(&mut rest).split_at_mut(padded[i]);
            rest = tail;
            &mut slice[..lens[i]]
        })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        BUFFER.set(std::mem::take(&mut self.0));
    }
}

#[cfg(test)]
mod tests {
    use super::Scratch;

    #[test]
    fn slices_are_apart_and_nest() {
        let mut scratch = Scratch::take();
        let [a, b, c] = scratch.slices([3, 0, 17]);
        assert_eq!((a.len(), b.len(), c.len()), (3, 0, 17));
        a.fill(1.0);
        c.fill(2.0);
        Scratch::take().slices([40])[0].fill(3.0);
        assert!(a.iter().all(|&x| x == 1.0) && c.iter().all(|&x| x == 2.0));
        assert!((a.as_ptr() as usize).is_multiple_of(64));
        assert!((c.as_ptr() as usize).is_multiple_of(64));
    }
}
