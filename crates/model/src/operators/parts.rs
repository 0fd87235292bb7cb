//! How a batch is cut between threads.
//!
//! Where a sum runs over images, the batch is cut into parts of a fixed number of images, each
//! with a sum of its own, and those are added in order: the bits don't depend on the number of
//! threads. Where images don't meet, the cuts don't matter, and there is one for each thread.

use rayon::iter::{IndexedParallelIterator, ParallelIterator};
use rayon::slice::ParallelSliceMut;

use super::buffer::Buffer;

/// Elements that a thread sums at a time.
const SUM_LEN: usize = 1 << 12;

/// Runs all items, on all threads of the pool; on this one alone if there is one only, since
/// waking another costs more than many an operator.
pub fn for_each<I>(items: I, run: impl Fn(I::Item) + Sync + Send)
where
    I: IndexedParallelIterator,
{
    if rayon::current_num_threads() == 1 {
        return items.with_min_len(usize::MAX).for_each(run);
    }
    items.for_each(run);
}

/// Items for each thread, if `n` are dealt out evenly.
pub(super) fn per_thread(n: usize) -> usize {
    n.div_ceil(rayon::current_num_threads()).max(1)
}

/// Sums the gradients of all parts, each of `len` elements, from the first part to the last.
pub(super) fn sum(parts: Buffer, len: usize) -> Buffer {
    let mut sum = Buffer::any(len);
    let sums = sum.par_chunks_mut(SUM_LEN).enumerate();
    for_each(sums, |(i, sum)| {
        let range = i * SUM_LEN..i * SUM_LEN + sum.len();
        let mut parts = parts.chunks_exact(len).map(|part| &part[range.clone()]);
        match parts.next() {
            Some(first) => sum.copy_from_slice(first),
            None => sum.fill(0.0),
        }
        for part in parts {
            for (total, value) in sum.iter_mut().zip(part) {
                *total += value;
            }
        }
    });
    parts.give_back();
    sum
}
