//! What a run takes of memory, known beforehand: so that a run that can't be had is refused
//! before it trains, and runs side by side are no more than fit.
//!
//! The estimate counts what a step takes, operator by operator, as if nothing of it were used
//! twice; buffers that are in fact shared make up for what isn't counted. `tests/estimate.rs`
//! holds it against what processes really take. On an AMD EPYC (family 26, 2 cores, Linux, glibc)
//! estimates of 146 runs by our own kernels, in batches of 32 to 4,000, were 1.10 to 1.81 times what
//! was measured.
//!
//! All of it is computed in double precision: the largest numbers that a configuration can have
//! don't overflow there.

use plateau_data::image_set::{CHANNELS, IMAGE_BYTES, PADDED_LEN, SIDE};
use plateau_kernels::conv::IMAGES_PER_PART;
use plateau_record::{
    Activation, DataSet, Device, N_CLASSES, Network, Optimizer, RunConfig, Start,
};

use crate::bench::Pass;
use crate::examples::EVALUATION_BATCH;

/// Bytes that a process takes at most, about. Never less than what it was seen to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// In all, in use at once.
    pub bytes: u64,
    /// Of the process's addresses, which a limit on virtual memory (`ulimit -v`) counts: `bytes`,
    /// and what is reserved for threads.
    pub address_space: u64,
    /// Of `bytes`: images, and the features that frozen convolutions make of them.
    pub data: u64,
    /// Of `bytes`: weights, their gradients, the optimiser's state and checkpoints.
    pub weights: u64,
    /// Of `bytes`: what a batch takes on its way through the network and back.
    pub activations: u64,
}

/// What a training process of one run takes, its data set included.
#[must_use]
pub fn of_run(config: &RunConfig, threads: usize) -> Memory {
    let shapes = Shapes::of(&config.network);
    let split = &config.data.split;
    let [train, validation, metric] =
        [split.train_images, split.validation_images, split.train_metric_images()].map(f64::from);
    let batch = f64::from(config.batch_size).min(train);
    let (pool, test) = match config.data.set {
        DataSet::Cifar10 => (50_000.0, 10_000.0),
        DataSet::Synthetic => (5_000.0, 1_000.0),
    };
    let evaluated = train.max(validation).max(test).min(EVALUATION_BATCH as f64);
    // While they are read, a sixth of the images is there twice.
    let mut data = (pool + test) * (IMAGE_BYTES + 1) as f64 * 7.0 / 6.0;
    let step = Step { batch, threads: threads as f64, shapes: &shapes, config };
    let trains_blocks = config.start == Start::Fresh;
    if !trains_blocks {
        data += FLOAT * shapes.n_features * (train + validation + metric);
    }
    let training = step.training(trains_blocks);
    let evaluation = Step { batch: evaluated, ..step }.evaluation();
    let activations = if is_fused(config) {
        // Buffers of both are kept.
        POOL_MARGIN * training + evaluation
    } else {
        training.max(evaluation)
    };
    Parts { data, weights: weights(config, &shapes, Copies::Run), activations }.sum(threads)
}

/// What measuring a run's steps by the device's fastest operators takes
/// ([`measure`](crate::bench::measure)).
#[must_use]
pub fn of_bench(config: &RunConfig, pass: Pass, threads: usize) -> Memory {
    let shapes = Shapes::of(&config.network);
    let images = f64::from(config.data.split.train_images);
    let batch = f64::from(config.batch_size).min(images);
    let step = Step { batch, threads: threads as f64, shapes: &shapes, config };
    let activations = match pass {
        Pass::Training => POOL_MARGIN * step.training(true),
        Pass::Evaluation => step.evaluation(),
    };
    let data = images * (IMAGE_BYTES + 1) as f64;
    Parts { data, weights: weights(config, &shapes, Copies::of(pass)), activations }.sum(threads)
}

/// Bytes of a float.
const FLOAT: f64 = 4.0;

/// The program itself, and small things, as seen on Linux.
const PROGRAM_BYTES: f64 = 24e6;

/// Addresses that the program itself reserves, its first thread among them; of these, 64 MiB
/// stand for an arena that is being aligned.
const PROGRAM_ADDRESSES: f64 = 240e6;

/// Addresses that the system's allocator and the stack reserve for each thread (glibc: an arena
/// of 64 MiB, and a stack of 2 MiB).
const ADDRESSES_PER_THREAD: f64 = 70e6;

/// What a thread has touched of its stack, and small things it keeps.
const BYTES_PER_THREAD: f64 = 1e6;

/// A buffer is also used for what is smaller, so that a step may hold more than it asks for.
const POOL_MARGIN: f64 = 1.15;

/// A layer of convolution and pooling.
#[derive(Clone, Copy, Debug)]
struct Block {
    side: f64,
    n_in: f64,
    n_out: f64,
    is_last: bool,
}

impl Block {
    /// Floats of the padded input of one image.
    fn input(&self) -> f64 {
        (self.side + 2.0).powi(2) * self.n_in
    }

    /// Floats of the output of one image before it is pooled.
    fn unpooled(&self) -> f64 {
        self.side.powi(2) * self.n_out
    }

    /// Floats of one image that win the pool.
    fn winners(&self) -> f64 {
        (self.side / 2.0).floor().powi(2) * self.n_out
    }

    /// Floats of the output of one image, with the next block's border.
    fn output(&self) -> f64 {
        let border = if self.is_last { 0.0 } else { 2.0 };
        ((self.side / 2.0).floor() + border).powi(2) * self.n_out
    }

    /// Floats that burn's convolution makes of the input of one image for its gradients.
    fn unfolded(&self) -> f64 {
        9.0 * self.side.powi(2) * self.n_in
    }

    fn weights(&self) -> f64 {
        9.0 * self.n_in * self.n_out + self.n_out
    }
}

/// A network's sizes.
struct Shapes {
    blocks: Vec<Block>,
    n_features: f64,
    n_hidden: f64,
}

impl Shapes {
    fn of(network: &Network) -> Self {
        let (mut side, mut n_in) = (SIDE as f64, CHANNELS as f64);
        let mut blocks = Vec::with_capacity(network.channels.len());
        for n_out in &network.channels {
            let n_out = f64::from(*n_out);
            let is_last = blocks.len() + 1 == network.channels.len();
            blocks.push(Block { side, n_in, n_out, is_last });
            side = (side / 2.0).floor();
            n_in = n_out;
        }
        Self { blocks, n_features: side * side * n_in, n_hidden: f64::from(network.hidden) }
    }

    fn n_weights(&self) -> f64 {
        self.blocks.iter().map(Block::weights).sum::<f64>() + self.head_weights()
    }

    fn head_weights(&self) -> f64 {
        (self.n_features + 1.0 + N_CLASSES as f64) * self.n_hidden + N_CLASSES as f64
    }

    fn largest_layer(&self) -> f64 {
        let blocks = self.blocks.iter().map(Block::weights);
        blocks.fold(self.n_features * self.n_hidden, f64::max)
    }
}

/// What is there beside the weights, of their size.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Copies {
    /// A run: what steps need, the untrained weights, and checkpoints.
    Run,
    /// The steps of a benchmark: gradients and the optimiser's state.
    Steps,
    /// Evaluation alone: nothing.
    Evaluation,
}

impl Copies {
    fn of(pass: Pass) -> Self {
        match pass {
            Pass::Training => Self::Steps,
            Pass::Evaluation => Self::Evaluation,
        }
    }
}

/// Bytes of weights, gradients, the optimiser's state, and copies of them.
fn weights(config: &RunConfig, shapes: &Shapes, copies: Copies) -> f64 {
    let n_means = match config.optimizer {
        Optimizer::Sgd { .. } => 1.0,
        Optimizer::Adam { .. } => 2.0,
    };
    let (all, trained) = match config.start {
        Start::Fresh => (shapes.n_weights(), shapes.n_weights()),
        // Its own and its parent's.
        Start::Transfer { .. } => (2.0 * shapes.n_weights(), shapes.head_weights()),
    };
    let others = match copies {
        // Gradients and the optimiser's means. Until the first epoch is measured, the untrained
        // weights are kept; a checkpoint is on the host, then as the bytes of a file.
        Copies::Run => (2.0 + n_means + 2.0 * (1.0 + n_means)) * trained,
        Copies::Steps => (1.0 + n_means) * trained,
        Copies::Evaluation => 0.0,
    };
    // While they are drawn or exported they are there in two orders more.
    FLOAT * (all + others + 2.0 * shapes.largest_layer())
}

/// Some images on their way through the network.
#[derive(Clone, Copy)]
struct Step<'a> {
    batch: f64,
    threads: f64,
    shapes: &'a Shapes,
    config: &'a RunConfig,
}

impl Step<'_> {
    /// Bytes of a training step; of the fully connected layers alone, if the blocks are frozen.
    fn training(&self, with_blocks: bool) -> f64 {
        let mut bytes = FLOAT * self.batch * self.head();
        if with_blocks {
            let blocks = &self.shapes.blocks;
            bytes += FLOAT * self.batch * PADDED_LEN as f64;
            bytes += blocks.iter().map(|block| self.block(block)).sum::<f64>() + self.packed();
            if !is_fused(self.config) {
                let unfolded = blocks.iter().map(Block::unfolded).fold(0.0, f64::max);
                bytes += FLOAT * self.batch * unfolded;
            } else if self.config.network.batch_norm {
                // Each thread has the output's gradient of the images that it works on.
                let part = |block: &Block| (block.side + 2.0).powi(2) * block.n_out;
                let part = blocks.iter().map(part).fold(0.0, f64::max);
                bytes += FLOAT * self.threads * IMAGES_PER_PART as f64 * part;
            }
        }
        bytes
    }

    /// Bytes of an evaluated batch.
    fn evaluation(&self) -> f64 {
        let blocks = self.shapes.blocks.iter();
        let per_image: f64 = if is_fused(self.config) {
            blocks.map(Block::output).sum()
        } else {
            blocks.map(|block| 2.0 * block.input() + block.unpooled()).sum()
        };
        let Shapes { n_features, n_hidden, .. } = self.shapes;
        let per_image = per_image + PADDED_LEN as f64 + n_features + 3.0 * n_hidden;
        FLOAT * self.batch * per_image + self.packed()
    }

    /// Bytes of one block, forward and backward.
    fn block(&self, block: &Block) -> f64 {
        let n_parts = (self.batch / IMAGES_PER_PART as f64).ceil();
        let parts = n_parts * block.weights();
        let input_gradient = if block.side < SIDE as f64 { block.input() } else { 0.0 };
        let per_image = if !is_fused(self.config) {
            let kept = if self.config.network.batch_norm { 4.0 } else { 3.0 };
            3.0 * block.input() + kept * block.unpooled()
        } else if self.config.network.batch_norm {
            // The convolution's output, and x̂ of the winners.
            block.output() + input_gradient + block.unpooled() + 1.25 * block.winners()
        } else {
            // One byte for each winner.
            block.output() + input_gradient + 0.25 * block.winners()
        };
        FLOAT * (self.batch * per_image + parts)
    }

    /// Floats of one image in the fully connected layers, forward and backward.
    fn head(&self) -> f64 {
        let Shapes { n_features, n_hidden, .. } = self.shapes;
        let mut per_image = 2.0 * n_features + 3.0 * n_hidden + 4.0 * N_CLASSES as f64;
        if self.config.network.dropout > 0.0 {
            per_image += 3.0 * (n_features + n_hidden);
        }
        if self.config.network.batch_norm {
            per_image += 3.0 * n_hidden;
        }
        per_image
    }

    /// Bytes of weights in the order of a kernel, and of what each thread works in.
    fn packed(&self) -> f64 {
        let of = |block: &Block| 16.0 * block.n_in * block.n_out;
        let largest = self.shapes.blocks.iter().map(of).fold(0.0, f64::max);
        FLOAT * (2.0 + self.threads) * largest
    }
}

/// Whether kernels of our own compute it.
fn is_fused(config: &RunConfig) -> bool {
    config.device == Device::Cpu && config.network.activation == Activation::Relu
}

/// The shares, in bytes.
struct Parts {
    data: f64,
    weights: f64,
    activations: f64,
}

impl Parts {
    fn sum(self, threads: usize) -> Memory {
        let Self { data, weights, activations } = self;
        let threads = threads as f64;
        let bytes = PROGRAM_BYTES + BYTES_PER_THREAD * threads + data + weights + activations;
        let reserved = PROGRAM_ADDRESSES + ADDRESSES_PER_THREAD * threads;
        // A conversion from floating point saturates.
        Memory {
            bytes: bytes as u64,
            address_space: (bytes + reserved) as u64,
            data: data as u64,
            weights: weights as u64,
            activations: activations as u64,
        }
    }
}
