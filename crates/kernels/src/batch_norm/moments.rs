use crate::simd::{CHUNK, Chunks, Isa, Kernel, Simd};

/// Pixels whose sums stay in 32 bits before they are added to those in 64.
const RUN: usize = 128;
/// Chunks of channels at a time: each has two sums in registers.
const GROUP: usize = 4;

/// Mean and spread of each channel over a part of a batch, or over all of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    n_values: usize,
    mean: Vec<f64>,
    /// Σ (x − mean)².
    squares: Vec<f64>,
}

impl Moments {
    /// Of nothing.
    #[must_use]
    pub fn empty(n_channels: usize) -> Self {
        Self { n_values: 0, mean: vec![0.0; n_channels], squares: vec![0.0; n_channels] }
    }

    /// # Shapes
    /// values `[any, n_channels]`
    ///
    /// # Panics
    /// If the length is not a multiple of `n_channels`.
    #[must_use]
    pub fn of(isa: Isa, values: &[f32], n_channels: usize) -> Self {
        let n_values = values.len().checked_div(n_channels).unwrap_or(0);
        assert_eq!(values.len(), n_values * n_channels, "the values' length");
        if n_values == 0 {
            return Self::empty(n_channels);
        }
        // Distances from the first pixel: numbers of the size of the spread, whatever the mean.
        let origin = &values[..n_channels];
        let mut sums = [vec![0.0; n_channels], vec![0.0; n_channels]];
        isa.run(Pass { values, origin, sums: &mut sums });
        Self::of_sums(n_values, origin, &sums)
    }

    /// From the sums of distances from `origin`, and of their squares.
    fn of_sums(n_values: usize, origin: &[f32], [sum, squares]: &[Vec<f64>; 2]) -> Self {
        let n = n_values as f64;
        let mean = sum.iter().zip(origin).map(|(sum, &x)| f64::from(x) + sum / n).collect();
        let squares = squares.iter().zip(sum).map(|(sq, sum)| sq - sum * sum / n).collect();
        Self { n_values, mean, squares }
    }

    /// [`merge`](Self::merge) of what the sums say.
    pub(super) fn merge_sums(&mut self, n_values: usize, origin: &[f32], sums: &[Vec<f64>; 2]) {
        self.merge(&Self::of_sums(n_values, origin, sums));
    }

    /// Of this part and the next (Chan, Golub & LeVeque, 1979).
    ///
    /// # Panics
    /// If the numbers of channels differ.
    pub fn merge(&mut self, next: &Self) {
        assert_eq!(self.mean.len(), next.mean.len(), "the channels");
        if next.n_values == 0 {
            return;
        }
        let (n_here, n_next) = (self.n_values as f64, next.n_values as f64);
        let n = n_here + n_next;
        for i in 0..self.mean.len() {
            let distance = next.mean[i] - self.mean[i];
            self.mean[i] += distance * (n_next / n);
            self.squares[i] += next.squares[i] + distance * distance * (n_here * n_next / n);
        }
        self.n_values += next.n_values;
    }

    /// Values per channel.
    #[must_use]
    pub fn n_values(&self) -> usize {
        self.n_values
    }

    /// Of each channel.
    #[must_use]
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// Biased, of each channel: with n, not n − 1.
    #[must_use]
    pub fn variance(&self) -> Vec<f64> {
        // `max` would turn NaN into zero.
        let n = self.n_values as f64;
        self.squares.iter().map(|&s| if s < 0.0 { 0.0 } else { s / n }).collect()
    }
}

/// Σg and Σg·x̂ of each channel over a part of a batch, or over all of it.
#[derive(Clone, Debug, PartialEq)]
pub struct GradientSums {
    pub(super) n_images: usize,
    pub(super) shift: Vec<f64>,
    pub(super) scale: Vec<f64>,
}

impl GradientSums {
    pub(super) fn zero(n_images: usize, n_channels: usize) -> Self {
        Self { n_images, shift: vec![0.0; n_channels], scale: vec![0.0; n_channels] }
    }

    /// Adds the next part.
    ///
    /// # Panics
    /// If the numbers of channels differ.
    pub fn merge(&mut self, next: &Self) {
        assert_eq!(self.shift.len(), next.shift.len(), "the channels");
        self.n_images += next.n_images;
        self.shift.iter_mut().zip(&next.shift).for_each(|(sum, next)| *sum += next);
        self.scale.iter_mut().zip(&next.scale).for_each(|(sum, next)| *sum += next);
    }

    /// Images, or rows.
    #[must_use]
    pub fn n_images(&self) -> usize {
        self.n_images
    }

    /// β's gradient.
    #[must_use]
    pub fn shift_gradient(&self) -> &[f64] {
        &self.shift
    }

    /// γ's gradient.
    #[must_use]
    pub fn scale_gradient(&self) -> &[f64] {
        &self.scale
    }

    /// Adds one chunk's sums to the channels from `first` on.
    #[inline(always)]
    pub(super) fn add<S: Simd>(
        &mut self,
        simd: S,
        first: usize,
        shift: S::Vector,
        scale: S::Vector,
    ) {
        add_lanes(simd, &mut self.shift[first..], shift);
        add_lanes(simd, &mut self.scale[first..], scale);
    }
}

/// Adds the lanes of `vector`, as many as `sums` has.
#[inline(always)]
fn add_lanes<S: Simd>(simd: S, sums: &mut [f64], vector: S::Vector) {
    let mut lanes = [0.0; CHUNK];
    simd.store_chunk(&mut lanes, vector);
    sums.iter_mut().zip(lanes).for_each(|(sum, lane)| *sum += f64::from(lane));
}

/// Sums of a chunk of channels over some pixels, few enough for 32 bits.
pub(super) struct Run<S: Simd> {
    origin: S::Vector,
    sum: S::Vector,
    squares: S::Vector,
}

impl<S: Simd> Run<S> {
    #[inline(always)]
    pub(super) fn from(simd: S, origin: S::Vector) -> Self {
        Self { origin, sum: simd.splat(0.0), squares: simd.splat(0.0) }
    }

    #[inline(always)]
    pub(super) fn add(&mut self, simd: S, x: S::Vector) {
        let distance = simd.sub(x, self.origin);
        self.sum = simd.add(self.sum, distance);
        self.squares = simd.mul_add(distance, distance, self.squares);
    }

    /// Adds the sums to those of the channels from `first` on.
    #[inline(always)]
    pub(super) fn add_to(&self, simd: S, [sum, squares]: &mut [Vec<f64>; 2], first: usize) {
        add_lanes(simd, &mut sum[first..], self.sum);
        add_lanes(simd, &mut squares[first..], self.squares);
    }
}

struct Pass<'a> {
    values: &'a [f32],
    origin: &'a [f32],
    sums: &'a mut [Vec<f64>; 2],
}

impl Kernel for Pass<'_> {
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let n_channels = self.origin.len();
        for run in self.values.chunks(RUN * n_channels) {
            let mut first = 0;
            while n_channels - first >= GROUP * CHUNK {
                self.group::<S, GROUP>(simd, run, first);
                first += GROUP * CHUNK;
            }
            while first < n_channels {
                self.group::<S, 1>(simd, run, first);
                first += CHUNK;
            }
        }
    }
}

impl Pass<'_> {
    /// `N` whole chunks of channels, or one that the pixel's end may cut short.
    #[inline(always)]
    fn group<S: Simd, const N: usize>(&mut self, simd: S, run: &[f32], first: usize) {
        let end = self.origin.len().min(first + N * CHUNK);
        // One load at a time, by an index the compiler knows: sums stay in registers.
        let load = |pixel: &[f32], i: usize| {
            let pixel = &pixel[first..end];
            let chunk = if N == 1 { pixel } else { &pixel[i * CHUNK..(i + 1) * CHUNK] };
            simd.load_up_to(chunk)
        };
        let zero = [simd.splat(0.0); N];
        let (mut origin, mut sums, mut squares) = (zero, zero, zero);
        for (i, origin) in origin.iter_mut().enumerate() {
            *origin = load(self.origin, i);
        }
        for pixel in run.chunks_exact(self.origin.len()) {
            for i in 0..N {
                let distance = simd.sub(load(pixel, i), origin[i]);
                sums[i] = simd.add(sums[i], distance);
                squares[i] = simd.mul_add(distance, distance, squares[i]);
            }
        }
        let [sum, sum_squares] = &mut *self.sums;
        for i in 0..N {
            add_lanes(simd, &mut sum[first + i * CHUNK..], sums[i]);
            add_lanes(simd, &mut sum_squares[first + i * CHUNK..], squares[i]);
        }
    }
}
