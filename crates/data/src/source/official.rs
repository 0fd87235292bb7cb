//! The official archive at the University of Toronto.

use std::io::{Read, Write};
use std::path::Path;
use std::time::Duration;

use tempfile::NamedTempFile;
use ureq::Agent;
use ureq::tls::TlsConfig;

use crate::cache::Cache;
use crate::checksum::Checksum;
use crate::error::{DataError, Difference};
use crate::source::npm::Packed;
use crate::source::{Progress, trust};

/// Where the archive is.
pub(crate) const URL: &str = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz";

/// MD5 of the archive, from <https://www.cs.toronto.edu/~kriz/cifar.html>.
const MD5: &str = "c32a1d4ab5d03f1284b67883e8d87530";

/// More than the archive has (170 MB).
const LIMIT_BYTES: u64 = 256 << 20;

/// Progress is told each time that this much has arrived.
const CHUNK_BYTES: u64 = 1 << 18;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection that says nothing for so long is given up.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(30);

/// An archive that a source delivered, in a file that vanishes when this is dropped.
pub(crate) enum Archive {
    Download(NamedTempFile),
    Package(Packed),
}

impl Archive {
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Download(file) => file.path(),
            Self::Package(packed) => &packed.archive,
        }
    }
}

/// A file that is known before it is downloaded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected<'a> {
    pub(crate) url: &'a str,
    pub(crate) md5: &'a str,
}

/// Downloads the archive into a file that vanishes when dropped, and checks its MD5.
pub(crate) fn download(
    cache: &Cache,
    url: &str,
    certificates: Option<&Path>,
    progress: &mut dyn FnMut(Progress),
) -> Result<NamedTempFile, DataError> {
    let expected = Expected { url, md5: MD5 };
    download_checked(cache, expected, certificates, progress)
}

/// The same for a file with another MD5.
pub(crate) fn download_checked(
    cache: &Cache,
    Expected { url, md5: expected }: Expected<'_>,
    certificates: Option<&Path>,
    progress: &mut dyn FnMut(Progress),
) -> Result<NamedTempFile, DataError> {
    let failed = |source| DataError::Download { url: url.to_owned(), source: Box::new(source) };
    let config = Agent::config_builder()
        .timeout_connect(Some(CONNECT_TIMEOUT))
        .timeout_recv_response(Some(SILENCE_TIMEOUT))
        .timeout_per_read(Some(SILENCE_TIMEOUT))
        .tls_config(TlsConfig::builder().root_certs(trust::trusted(certificates)?).build())
        .build();
    let response = Agent::new_with_config(config).get(url).call().map_err(failed)?;
    let mut file = cache.temporary_file()?;
    let body = response.into_body();
    let total = body.content_length();
    let mut reader = body.into_with_config().limit(LIMIT_BYTES).reader();
    let mut checksum = Checksum::default();
    let mut chunk = Vec::new();
    let mut bytes = 0_u64;
    loop {
        chunk.clear();
        let read = reader.by_ref().take(CHUNK_BYTES).read_to_end(&mut chunk);
        if read.map_err(|error| failed(error.into()))? == 0 {
            break;
        }
        checksum.update(&chunk);
        file.write_all(&chunk).map_err(|source| DataError::Io {
            action: "write",
            path: file.path().to_owned(),
            source,
        })?;
        bytes += chunk.len() as u64;
        progress(Progress::Downloading { bytes, total });
    }
    let actual = checksum.hex();
    if actual != expected {
        let difference = Difference::Md5 { bytes, expected: expected.to_owned(), actual };
        return Err(DataError::Mismatch { file: url.to_owned(), difference });
    }
    Ok(file)
}
