//! Where a run computes.

use burn::tensor::Device as BurnDevice;
use plateau_model::Backend;
use plateau_record::Device;

use crate::error::TrainError;

/// The device, without automatic differentiation, and its fastest operators.
///
/// # Errors
/// If the back end is not part of this build.
pub fn backend(device: Device) -> Result<Backend, TrainError> {
    match device {
        Device::Cpu => Ok(Backend::fastest(BurnDevice::flex())),
        #[cfg(feature = "wgpu")]
        Device::Wgpu => {
            Ok(Backend::fastest(BurnDevice::wgpu(burn::tensor::DeviceKind::DefaultDevice)))
        }
        #[cfg(not(feature = "wgpu"))]
        Device::Wgpu => Err(TrainError::DeviceMissing(device)),
    }
}
