//! The burn device of a run.

use burn::tensor::Device as BurnDevice;
use plateau_record::Device;

use crate::error::TrainError;

/// The device, without automatic differentiation.
///
/// # Errors
/// If the back end is not part of this build.
pub fn device(device: Device) -> Result<BurnDevice, TrainError> {
    match device {
        Device::Cpu => Ok(BurnDevice::flex()),
        #[cfg(feature = "wgpu")]
        Device::Wgpu => Ok(BurnDevice::wgpu(burn::tensor::DeviceKind::DefaultDevice)),
        #[cfg(not(feature = "wgpu"))]
        Device::Wgpu => Err(TrainError::DeviceMissing(device)),
    }
}
