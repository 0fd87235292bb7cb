/// Images of one part of a batch. Fixed, since the parts decide the order in
/// which gradients are summed, and so their last bits.
pub const IMAGES_PER_PART: usize = 16;

/// Sums the gradients of parts, first to last, into `sum`.
///
/// `parts` holds whole gradients of `sum.len()` floats, one after the other.
pub fn sum_parts(parts: &[f32], sum: &mut [f32]) {
    assert!(!sum.is_empty() && parts.len().is_multiple_of(sum.len()), "whole gradients");
    sum.fill(0.0);
    for part in parts.chunks_exact(sum.len()) {
        for (total, value) in sum.iter_mut().zip(part) {
            *total += value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::sum_parts;

    #[test]
    fn parts_are_summed_from_first_to_last() {
        let mut sum = [f32::NAN; 2];
        sum_parts(&[1e8, 1.0, 3.0, 2.0, -1e8, 3.0], &mut sum);
        // 1e8 + 3 rounds to 1e8: another order would give 3.
        assert_eq!(sum, [0.0, 6.0]);
    }
}
