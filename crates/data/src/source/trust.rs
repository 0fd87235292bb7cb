//! Whose word counts for who a server is, and what to do where nobody's does.

use std::path::Path;
use std::sync::Arc;

use rustls::{CertificateError, Error as TlsError};
use rustls_native_certs::{CertificateResult, ErrorKind};
use ureq::tls::{Certificate, RootCerts};

use crate::error::DataError;

const NAME_THE_FILE: &str = ": nobody vouches for the server whom this system trusts; if a \
    company's proxy stands between, let SSL_CERT_FILE name a file with its certificate (PEM), or \
    have the certificate added to those of the system";

const SET_THE_CLOCK: &str = ": by this machine's clock the server's certificate does not hold now; \
    is the clock right?";

/// What OpenSSL says, and npm with it, of an issuer that it doesn't know.
const OF_UNKNOWN_ISSUERS: [&str; 5] = [
    "SELF_SIGNED_CERT_IN_CHAIN",
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "UNABLE_TO_GET_ISSUER_CERT",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "CERT_UNTRUSTED",
];

/// What the system trusts (where `SSL_CERT_FILE` and `SSL_CERT_DIR` may say what that is), so
/// that a company's own certificates count; Mozilla's list where the system has none. `named` is
/// a file that the user names: that nothing can be read of it is an error.
pub(crate) fn trusted(named: Option<&Path>) -> Result<RootCerts, DataError> {
    let CertificateResult { certs, errors, .. } = rustls_native_certs::load_native_certs();
    if !certs.is_empty() {
        let certificates = certs.iter().map(|certificate| Certificate::from_der(certificate));
        return Ok(RootCerts::Specific(Arc::new(certificates.map(|c| c.to_owned()).collect())));
    }
    // An empty variable names nothing.
    let names_nothing = |kind: &ErrorKind| matches!(kind, ErrorKind::Io { path, .. } if path.as_os_str().is_empty());
    let error = errors.iter().find(|error| !names_nothing(&error.kind));
    match (error, named) {
        (None, None) => Ok(RootCerts::WebPki),
        (Some(error), _) => Err(DataError::Certificates { reason: error.to_string() }),
        (None, Some(path)) => {
            Err(DataError::Certificates { reason: format!("there is none in {}", path.display()) })
        }
    }
}

/// What to do about a download that failed, as far as its certificate is why.
pub(crate) fn help(error: &ureq::Error) -> &'static str {
    let tls_error = match error {
        ureq::Error::Rustls(error) => Some(error),
        // The TLS library's error comes within that of reading or writing.
        ureq::Error::Io(error) => error.get_ref().and_then(|error| error.downcast_ref()),
        _ => None,
    };
    match tls_error {
        // A signature is bad if the issuer has the name of one that is trusted, but another key.
        Some(TlsError::InvalidCertificate(
            CertificateError::UnknownIssuer | CertificateError::BadSignature,
        )) => NAME_THE_FILE,
        Some(TlsError::InvalidCertificate(
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. },
        )) => SET_THE_CLOCK,
        _ => "",
    }
}

/// The same of what npm complains of.
pub(crate) fn help_of_npm(stderr: &str) -> &'static str {
    let is_unknown = OF_UNKNOWN_ISSUERS.iter().any(|code| stderr.contains(code));
    if is_unknown { NAME_THE_FILE } else { "" }
}
