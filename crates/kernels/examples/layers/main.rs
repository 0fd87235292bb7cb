//! Times the kernels at the network's sizes: microseconds per image, and GFLOP/s against the
//! machine's peak. Cases are interleaved, so that a busy machine slows all of them alike;
//! medians and lower quartiles of the rounds are printed.
//!
//! ```text
//! cargo run --release --example layers [-- <part of a name> [rounds]]
//! ```
#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a program")]

use std::hint::black_box;
use std::time::Instant;

use plateau_kernels::Isa;
use plateau_kernels::conv_dense::DenseConv;

mod cases;
mod norm_cases;
mod peak;

use cases::{convolution, fully_connected, steps};
use norm_cases::{batch_norm_pool, convolution_and_winners, rows};
use peak::{PEAK_FLOP, peak};

/// Images of a step, and of one call of the kernels that go image by image.
const BATCH: usize = 128;
const GROUP: usize = 16;

struct Case {
    name: String,
    /// Images of one call.
    n_images: usize,
    /// Floating-point operations of one call, if it is bound by them.
    flop: f64,
    run: Box<dyn FnMut()>,
}

fn case(name: impl Into<String>, n_images: usize, flop: f64, run: impl FnMut() + 'static) -> Case {
    Case { name: name.into(), n_images, flop, run: Box::new(run) }
}

fn main() {
    let isa = Isa::detect();
    let mut cases = vec![case("peak: FMA in registers", 1, PEAK_FLOP, || {
        black_box(peak());
    })];
    for (n_in, n_out, extent) in [(3, 32, 32), (32, 64, 16), (64, 128, 8)] {
        convolution(isa, [n_in, n_out], extent, &mut cases);
        batch_norm_pool(isa, n_out, extent, &mut cases);
        let conv = DenseConv { isa, n_in, n_out, height: extent, width: extent };
        for images_at_once in [1, 4, GROUP] {
            convolution_and_winners(conv, images_at_once, &mut cases);
        }
    }
    for density in [1.0, 0.5, 0.25] {
        fully_connected(isa, [2048, 256], density, &mut cases);
    }
    fully_connected(isa, [256, 10], 0.5, &mut cases);
    rows(isa, &mut cases);
    steps(isa, &mut cases);

    let mut arguments = std::env::args().skip(1);
    let wanted = arguments.next().unwrap_or_default();
    let n_rounds = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(15);
    cases.retain(|case| case.name.contains(&wanted) || case.name.contains("peak"));
    report(&mut cases, n_rounds);
}

fn report(cases: &mut [Case], n_rounds: usize) {
    let repeats: Vec<usize> =
        cases.iter_mut().map(|case| (2e-3 / time(case, 3)) as usize + 1).collect();
    let mut seconds = vec![vec![]; cases.len()];
    for _ in 0..n_rounds {
        for ((case, &repeats), seconds) in cases.iter_mut().zip(&repeats).zip(&mut seconds) {
            seconds.push(time(case, repeats));
        }
    }
    println!(
        "{:44} {:>10} {:>10} {:>8} {:>7}",
        "kernel", "µs/image", "quartile", "GFLOP/s", "of peak"
    );
    let mut peak = 0.0;
    for (case, seconds) in cases.iter().zip(&mut seconds) {
        seconds.sort_by(f64::total_cmp);
        let (median, quartile) = (seconds[n_rounds / 2], seconds[n_rounds / 4]);
        let per_image = |seconds: f64| seconds * 1e6 / case.n_images as f64;
        let rate = case.flop / quartile / 1e9;
        if peak == 0.0 {
            peak = rate;
        }
        print!("{:44} {:10.3} {:10.3}", case.name, per_image(median), per_image(quartile));
        if case.flop > 0.0 {
            print!(" {rate:8.1} {:6.0} %", 100.0 * rate / peak);
        }
        println!();
    }
}

/// Seconds of one run.
fn time(case: &mut Case, repeats: usize) -> f64 {
    let start = Instant::now();
    (0..repeats).for_each(|_| (case.run)());
    start.elapsed().as_secs_f64() / repeats as f64
}
