//! Memory that goes round from step to step.
//!
//! Memory fresh from the system costs a page fault for every 4 KiB, and the activations of a
//! batch have thousands of pages. So what a step no longer needs is kept for the next.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

use burn::backend::Flex;
use burn::backend::flex::{FlexTensor, Layout};
use burn::tensor::{Bytes, DType, Device, Shape, Tensor, TensorData};

use super::graph::is_cpu;

/// Bytes of a cache line: kernels that are bound by loads run faster from its boundary.
const LINE: usize = 64;
/// Floats of slack that let a buffer begin on a cache line.
const SLACK: usize = LINE / size_of::<f32>() - 1;
/// A buffer is used again for lengths down to its own divided by this.
const LARGEST_WASTE: usize = 4;

/// One run is one process, so that one pool serves all.
static POOL: Mutex<Pool> = Mutex::new(Pool { floats: Vec::new(), bytes: Vec::new() });

struct Pool {
    floats: Vec<(Contents, Vec<f32>)>,
    bytes: Vec<Vec<u8>>,
}

/// What a buffer holds when it is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contents {
    /// Anything.
    Any,
    /// Padded images `[height + 2, width + 2, channels]` whose borders are zero.
    Padded { height: usize, width: usize, channels: usize },
}

/// Floats that begin on a cache line and can become a tensor without being copied.
#[derive(Debug)]
pub struct Buffer {
    floats: Vec<f32>,
    start: usize,
    len: usize,
}

impl Buffer {
    /// `len` floats of any value.
    #[must_use]
    pub fn any(len: usize) -> Self {
        Self::take(Contents::Any, len)
    }

    /// Padded images `[n_images, height + 2, width + 2, channels]`: the borders are zero and have
    /// to stay so, the rest is of any value.
    #[must_use]
    pub fn padded(n_images: usize, [height, width, channels]: [usize; 3]) -> Self {
        let len = n_images * (height + 2) * (width + 2) * channels;
        Self::take(Contents::Padded { height, width, channels }, len)
    }

    /// The floats as a tensor; on the CPU they are not copied.
    ///
    /// # Panics
    /// If the shape has another number of elements.
    #[must_use]
    pub fn into_tensor<const D: usize>(self, shape: [usize; D], device: &Device) -> Tensor<D> {
        if !is_cpu(device) {
            return Tensor::from_data(TensorData::new(self[..].to_vec(), shape), device);
        }
        let tensor = Tensor::from_primitive::<Flex>(self.into_flex(shape));
        if device.is_autodiff() { tensor.autodiff() } else { tensor }
    }

    /// Takes a buffer from the pool, or allocates one. A new one is all zeros.
    pub(super) fn take(contents: Contents, len: usize) -> Self {
        let fits = |(kept, floats): &(Contents, Vec<f32>)| {
            *kept == contents
                && floats.len() >= len + SLACK
                && floats.len() <= LARGEST_WASTE * (len + SLACK)
        };
        let floats = {
            let kept = &mut lock().floats;
            let best = (0..kept.len()).filter(|i| fits(&kept[*i])).min_by_key(|i| kept[*i].1.len());
            best.map(|i| kept.swap_remove(i).1)
        };
        let floats = floats.unwrap_or_else(|| vec![0.0; len + SLACK]);
        let start = floats.as_ptr().align_offset(LINE).min(SLACK);
        Self { floats, start, len }
    }

    /// 64-bit numbers, rounded.
    pub(super) fn from_f64(values: &[f64]) -> Self {
        let mut buffer = Self::any(values.len());
        for (rounded, value) in buffer.iter_mut().zip(values) {
            *rounded = *value as f32;
        }
        buffer
    }

    /// Gives the memory back.
    pub(super) fn give_back(self) {
        give_back(Contents::Any, self.floats);
    }

    /// Gives the memory of padded images back, whose borders are still zero.
    pub(super) fn give_back_padded(self, [height, width, channels]: [usize; 3]) {
        give_back(Contents::Padded { height, width, channels }, self.floats);
    }

    /// The floats as a tensor of the CPU back end.
    ///
    /// # Panics
    /// If the shape has another number of elements.
    pub(super) fn into_flex<const D: usize>(self, shape: [usize; D]) -> FlexTensor {
        assert_eq!(shape.iter().product::<usize>(), self.len, "elements of {shape:?}");
        let shape = Shape::new(shape);
        let strides = Layout::contiguous(shape.clone()).strides().to_vec();
        let layout = Layout::new(shape, strides, self.start);
        FlexTensor::new(Bytes::from_elems(self.floats), layout, DType::F32)
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.floats[self.start..self.start + self.len]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.floats[self.start..self.start + self.len]
    }
}

/// Keeps a tensor's memory, unless something else still holds the tensor. The caller knows what
/// the memory contains.
///
/// Only what came from the pool goes back to it: memory of burn's own operators has no slack, so
/// that no request of its length would ever take it, and the pool would grow at each step.
pub(super) fn reclaim(contents: Contents, tensor: FlexTensor) {
    let n_elements = tensor.layout().num_elements();
    let shared = tensor.data_arc();
    drop(tensor);
    let Ok(bytes) = std::sync::Arc::try_unwrap(shared) else { return };
    if let Ok(floats) = bytes.try_into_vec::<f32>()
        && floats.len() >= n_elements + SLACK
    {
        give_back(contents, floats);
    }
}

fn give_back(contents: Contents, floats: Vec<f32>) {
    lock().floats.push((contents, floats));
}

/// `len` bytes of any value.
pub(super) fn take_bytes(len: usize) -> Vec<u8> {
    let mut bytes = {
        let kept = &mut lock().bytes;
        let best = (0..kept.len())
            .filter(|i| kept[*i].capacity() >= len && kept[*i].capacity() <= LARGEST_WASTE * len)
            .min_by_key(|i| kept[*i].capacity());
        best.map(|i| kept.swap_remove(i)).unwrap_or_default()
    };
    bytes.resize(len, 0);
    bytes
}

/// Keeps the bytes for the next [`take_bytes`].
pub(super) fn give_back_bytes(bytes: Vec<u8>) {
    lock().bytes.push(bytes);
}

/// Bytes that the pool keeps for the next step. From one epoch to the next they stay the same:
/// whatever a step takes, it gives back as what it was.
#[must_use]
pub fn pooled_bytes() -> usize {
    let pool = lock();
    let floats: usize = pool.floats.iter().map(|(_, floats)| floats.capacity()).sum();
    floats * size_of::<f32>() + pool.bytes.iter().map(Vec::capacity).sum::<usize>()
}

fn lock() -> std::sync::MutexGuard<'static, Pool> {
    // A panic elsewhere leaves the pool whole: it only ever holds whole vectors.
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_goes_round_through_a_tensor() {
        let contents = Contents::Padded { height: 7, width: 1, channels: 1 };
        let mut buffer = Buffer::take(contents, 1000);
        assert_eq!(buffer.as_ptr() as usize % LINE, 0);
        buffer.fill(3.0);
        let address = buffer.as_ptr();
        let tensor = buffer.into_flex([10, 100]);
        assert_eq!(tensor.as_slice::<f32>().map(<[f32]>::len), Some(1000));
        let holder = tensor.clone();
        reclaim(contents, tensor);
        assert_ne!(Buffer::take(contents, 1000).as_ptr(), address, "still in use");
        reclaim(contents, holder);
        let again = Buffer::take(contents, 900);
        assert_eq!((again.as_ptr(), again.len()), (address, 900));
    }
}
