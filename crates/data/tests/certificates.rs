//! A company's proxy signs what it lets through with a certificate of its own: where the system is
//! told to trust it, so is the download.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use plateau_data::{Cache, FetchOptions, Source, fetch};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, Stream};

const URL: &str = "PLATEAU_TEST_URL";

/// Does nothing as a test; as a process of its own, with variables of its own, it downloads.
#[test]
fn download() {
    #[expect(clippy::disallowed_methods, reason = "a program of its own")]
    let Ok(url) = std::env::var(URL) else { return };
    let folder = tempfile::tempdir().unwrap();
    #[expect(clippy::disallowed_methods, reason = "a program of its own")]
    let certificates = std::env::var_os("SSL_CERT_FILE").map(Into::into);
    let options = FetchOptions { sources: vec![Source::Official { url }], certificates };
    let error = fetch(&Cache::new(folder.path()), &options, &mut |_| {}).unwrap_err();
    println!("{error}");
}

/// A server for one connection, whose certificate only its own file vouches for.
fn serve() -> (String, String) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der()).into();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut connection = ServerConnection::new(Arc::new(config)).unwrap();
        let mut stream = Stream::new(&mut connection, &mut socket);
        if stream.read(&mut [0; 4096]).is_ok() {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
        }
    });
    (format!("https://localhost:{port}/a.tar.gz"), cert.pem())
}

/// What a process says that downloads, with this file of certificates.
fn said_with(certificates: Option<&Path>, url: &str) -> String {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "download", "--nocapture"]).env(URL, url);
    child.env_remove("SSL_CERT_DIR").env_remove("SSL_CERT_FILE");
    for proxy in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        child.env_remove(proxy);
    }
    if let Some(file) = certificates {
        child.env("SSL_CERT_FILE", file);
    }
    String::from_utf8_lossy(&child.output().unwrap().stdout).into_owned()
}

#[test]
fn the_systems_certificates_are_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("company.pem");
    for is_trusted in [true, false] {
        let (url, pem) = serve();
        fs::write(&file, pem).unwrap();
        let said = said_with(is_trusted.then_some(&file), &url);
        // What arrives is not the archive, but it arrives.
        assert_eq!(said.contains("is not the published file"), is_trusted, "{said}");
        assert_eq!(said.contains("cannot download"), !is_trusted, "{said}");
        assert_eq!(said.contains("let SSL_CERT_FILE name"), !is_trusted, "{said}");
    }
    // Another certificate of the same name is of no use.
    fs::write(&file, serve().1).unwrap();
    let said = said_with(Some(&file), &serve().0);
    assert!(said.contains("BadSignature") && said.contains("let SSL_CERT_FILE name"), "{said}");
}

#[test]
fn a_file_of_certificates_that_cannot_be_read_is_not_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.pem");
    fs::write(&empty, "no certificate").unwrap();
    for file in [empty, folder.path().join("nowhere.pem")] {
        let said = said_with(Some(&file), &serve().0);
        let name = file.display().to_string();
        assert!(said.contains("cannot read the certificates") && said.contains(&name), "{said}");
    }
}
