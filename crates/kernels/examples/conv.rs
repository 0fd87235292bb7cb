//! Microseconds per image and dense-equivalent GFLOP/s of each kernel, beside the
//! core's peak: `cargo run --release --example conv`.
//!
//! Repetitions of all kernels are interleaved, each beside a measurement of the
//! peak, and medians are printed: other jobs on the machine disturb all alike.
#![allow(clippy::print_stdout, reason = "a program")]

use std::hint::black_box;
use std::time::Instant;

use plateau_kernels::{
    AlignedBuffer,
    conv::{
        ConvBlock, ForwardMethod, ForwardWeights, InputGradientWeights, Placement, Pooled,
        PooledMut,
    },
};

const IMAGES: usize = 16;
const REPETITIONS: usize = 201;
/// Winograd where the block has it, else direct, except for the first two.
const KERNELS: [&str; 7] = [
    "forward, direct",
    "evaluate, direct",
    "forward",
    "evaluate",
    "backward weights",
    "backward input",
    "pack (per image)",
];
const SHAPES: [(usize, usize, usize); 6] =
    [(3, 32, 32), (32, 64, 16), (64, 128, 8), (3, 8, 32), (8, 16, 16), (16, 32, 8)];

struct Layer {
    block: ConvBlock,
    weights: Vec<f32>,
    bias: Vec<f32>,
    images: AlignedBuffer,
    pooled: AlignedBuffer,
    winners: Vec<u8>,
    gradient: AlignedBuffer,
    weight_gradient: AlignedBuffer,
    bias_gradient: Vec<f32>,
    input_gradient: AlignedBuffer,
    direct: ForwardWeights,
    fastest: ForwardWeights,
    input: InputGradientWeights,
}

/// Uniform in −1..1 (xorshift).
fn uniform(state: &mut u64) -> f32 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    (*state >> 40) as f32 / (1 << 23) as f32 - 1.0
}

impl Layer {
    fn new((c_in, c_out, side): (usize, usize, usize)) -> Self {
        let block = ConvBlock::new(c_in, c_out, side, side);
        let mut state = 0x9e37_79b9_7f4a_7c15;
        let mut random = |len| -> Vec<f32> { (0..len).map(|_| uniform(&mut state)).collect() };
        let weights = random(block.weight_len());
        // About six pooled values of ten stay alive: the sums have a standard deviation
        // of √c_in, and the expected maximum of four is 1.03 such.
        let bias = vec![-0.85 * (c_in as f32).sqrt(); c_out];
        let images = AlignedBuffer::from(&random(IMAGES * block.padded_len())[..]);
        let gradient = AlignedBuffer::from(&random(IMAGES * block.pooled_len())[..]);
        let direct = ForwardWeights::pack(&block, ForwardMethod::Direct, &weights, &bias);
        let fastest = ForwardMethod::fastest(&block);
        let fastest = ForwardWeights::pack(&block, fastest, &weights, &bias);
        let input = InputGradientWeights::pack(&block, &weights);
        let mut layer = Self {
            pooled: AlignedBuffer::zeros(gradient.len()),
            winners: vec![0; gradient.len()],
            weight_gradient: AlignedBuffer::zeros(weights.len()),
            bias_gradient: vec![0.0; c_out],
            input_gradient: AlignedBuffer::zeros(images.len()),
            block,
            weights,
            bias,
            images,
            gradient,
            direct,
            fastest,
            input,
        };
        layer.run(0);
        layer
    }

    fn run(&mut self, kernel: usize) {
        let placement = Placement::dense(&self.block);
        let pooled = PooledMut { data: &mut self.pooled, placement };
        let gradient = (Pooled { data: &self.gradient, placement }, &self.winners[..]);
        let block = self.block;
        match kernel {
            0 => block.forward(&self.direct, &self.images, pooled, &mut self.winners),
            1 => block.evaluate(&self.direct, &self.images, pooled),
            2 => block.forward(&self.fastest, &self.images, pooled, &mut self.winners),
            3 => block.evaluate(&self.fastest, &self.images, pooled),
            4 => block.backward_weights(
                &self.images,
                gradient,
                &mut self.weight_gradient,
                &mut self.bias_gradient,
            ),
            5 => block.backward_input(&self.input, gradient, &mut self.input_gradient),
            _ => {
                let method = ForwardMethod::fastest(&block);
                black_box(ForwardWeights::pack(&block, method, &self.weights, &self.bias));
            }
        }
    }

    fn gflop_per_image(&self) -> f64 {
        let pixels = self.block.height() * self.block.width();
        2e-9 * (pixels * self.block.weight_len()) as f64
    }
}

/// GFLOP/s of twelve independent chains of fused multiply-adds.
fn peak() -> f64 {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::*;
        #[target_feature(enable = "avx2,fma")]
        fn chains(n: usize) -> f32 {
            let mut sums = [_mm256_set1_ps(1.0); 12];
            let (a, b) = (_mm256_set1_ps(black_box(0.5)), _mm256_set1_ps(black_box(0.5)));
            for _ in 0..n {
                for sum in &mut sums {
                    *sum = _mm256_fmadd_ps(*sum, a, b);
                }
            }
            let mut total = sums[0];
            for sum in &sums[1..] {
                total = _mm256_add_ps(total, *sum);
            }
            _mm256_cvtss_f32(total)
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            let n = 20_000;
            let start = Instant::now();
            // SAFETY: the features have just been detected.
            black_box(unsafe { chains(black_box(n)) });
            return (n * 12 * 16) as f64 / start.elapsed().as_secs_f64() / 1e9;
        }
    }
    f64::NAN
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let mut layers: Vec<Layer> = SHAPES.into_iter().map(Layer::new).collect();
    let mut microseconds = vec![[const { Vec::new() }; KERNELS.len()]; layers.len()];
    let mut of_peak = microseconds.clone();
    let mut peaks = Vec::new();
    for _ in 0..REPETITIONS {
        for (i, layer) in layers.iter_mut().enumerate() {
            for kernel in 0..KERNELS.len() {
                let peak = peak();
                let start = Instant::now();
                layer.run(kernel);
                let seconds = start.elapsed().as_secs_f64() / IMAGES as f64;
                microseconds[i][kernel].push(seconds * 1e6);
                of_peak[i][kernel].push(layer.gflop_per_image() / seconds / peak);
                peaks.push(peak);
            }
        }
    }
    println!("{}, peak {:.1} GFLOP/s", layers[0].block.isa().name(), median(&mut peaks));
    println!("{:24} {:18} {:>9} {:>9} {:>8}", "layer", "kernel", "µs/image", "GFLOP/s", "of peak");
    for (i, layer) in layers.iter().enumerate() {
        let live = layer.winners.iter().filter(|&&winner| winner < 4).count();
        let live = 100 * live / layer.winners.len();
        for (kernel, name) in KERNELS.iter().enumerate() {
            let time = median(&mut microseconds[i][kernel]);
            let block = layer.block;
            let shape =
                format!("{}→{} at {} ({live} %)", block.c_in(), block.c_out(), block.height());
            let rate = layer.gflop_per_image() / time * 1e6;
            let part = 100.0 * median(&mut of_peak[i][kernel]);
            println!("{shape:24} {name:18} {time:9.2} {rate:9.1} {part:6.1} %");
        }
    }
}
