//! MD5 in hexadecimal: the checksum that CIFAR-10's authors and torchvision publish. It guards
//! against damage, not against forgery.

use std::fmt::Write;

use md5::{Digest, Md5};

/// A checksum in the making.
#[derive(Default)]
pub(crate) struct Checksum(Md5);

impl Checksum {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn hex(self) -> String {
        let mut hex = String::with_capacity(32);
        for byte in self.0.finalize() {
            write!(hex, "{byte:02x}").expect("a string takes all that is written");
        }
        hex
    }
}

/// MD5 of `bytes`, 32 lower-case hexadecimal digits.
pub(crate) fn md5_hex(bytes: &[u8]) -> String {
    let mut checksum = Checksum::default();
    checksum.update(bytes);
    checksum.hex()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test suite of RFC 1321, A.5.
    #[test]
    fn agrees_with_rfc_1321() {
        assert_eq!(md5_hex(b""), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(md5_hex(b"message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
    }
}
