//! Direct labels that keep out of each other's way.

/// Moves labels apart along one axis: the places nearest to the wished ones (least squares) at
/// which labels of the given extent, in the order of their wishes, do not overlap and stay
/// within `bounds`. If they do not all fit, they overlap evenly.
#[must_use]
pub fn spread(wishes: &[f64], extent: f64, bounds: (f64, f64)) -> Vec<f64> {
    let n = wishes.len();
    if n == 0 {
        return Vec::new();
    }
    let room = bounds.1 - bounds.0;
    let extent = if n > 1 { extent.min(room / (n - 1) as f64) } else { extent };
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|a, b| wishes[*a].total_cmp(&wishes[*b]));
    // Without the labels' extents, "no overlap" reads "not descending": isotonic regression by
    // pooling adjacent violators (Ayer et al., 1955).
    let mut blocks: Vec<(f64, usize)> = Vec::with_capacity(n);
    for (rank, i) in order.iter().enumerate() {
        blocks.push((wishes[*i] - rank as f64 * extent, 1));
        while let [.., (before, before_n), (last, last_n)] = blocks[..] {
            if before <= last {
                break;
            }
            let pooled = before_n + last_n;
            let mean = (before * before_n as f64 + last * last_n as f64) / pooled as f64;
            blocks.truncate(blocks.len() - 2);
            blocks.push((mean, pooled));
        }
    }
    let highest = bounds.1 - (n - 1) as f64 * extent;
    let mut places = vec![0.0; n];
    let mut rank = 0;
    for (start, count) in blocks {
        let start = start.min(highest).max(bounds.0);
        for _ in 0..count {
            places[order[rank]] = start + rank as f64 * extent;
            rank += 1;
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_apart(wishes: &[f64], extent: f64, bounds: (f64, f64)) {
        let mut places = spread(wishes, extent, bounds);
        places.sort_by(f64::total_cmp);
        for pair in places.windows(2) {
            assert!(pair[1] - pair[0] >= extent - 1e-9, "{wishes:?} → {places:?}");
        }
        assert!(places[0] >= bounds.0 - 1e-9 && places[places.len() - 1] <= bounds.1 + 1e-9);
    }

    #[test]
    fn labels_never_overlap_and_stay_inside() {
        let wishes = [10.0, 10.5, 11.0, 50.0, 99.0, 99.5, 3.0];
        for extent in [1.0, 5.0, 10.0, 14.0] {
            assert_apart(&wishes, extent, (0.0, 100.0));
        }
        assert_apart(&[5.0; 8], 12.0, (0.0, 84.0));
    }

    #[test]
    fn labels_that_fit_stay_where_they_are() {
        assert_eq!(spread(&[30.0, 10.0, 20.0], 9.0, (0.0, 40.0)), [30.0, 10.0, 20.0]);
    }

    #[test]
    fn equal_wishes_share_the_way() {
        assert_eq!(spread(&[20.0, 20.0], 10.0, (0.0, 40.0)), [15.0, 25.0]);
    }

    #[test]
    fn too_many_labels_overlap_evenly() {
        assert_eq!(spread(&[0.0, 0.0, 0.0], 10.0, (0.0, 10.0)), [0.0, 5.0, 10.0]);
    }
}
