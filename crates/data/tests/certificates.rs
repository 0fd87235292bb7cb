//! A company's proxy signs what it lets through with a certificate of its own: where the system is
//! told to trust it, so is the download.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
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
    let options = FetchOptions { sources: vec![Source::Official { url }], certificates: None };
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

#[test]
fn the_systems_certificates_are_trusted() {
    let folder = tempfile::tempdir().unwrap();
    for is_trusted in [true, false] {
        let (url, pem) = serve();
        let file = folder.path().join("company.pem");
        fs::write(&file, pem).unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "download", "--nocapture"]).env(URL, url);
        child.env_remove("SSL_CERT_DIR").env_remove("SSL_CERT_FILE");
        for proxy in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
            child.env_remove(proxy);
        }
        if is_trusted {
            child.env("SSL_CERT_FILE", &file);
        }
        let output = child.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        // What arrives is not the archive, but it arrives.
        assert_eq!(said.contains("is not the published file"), is_trusted, "{said}");
        assert_eq!(said.contains("cannot download"), !is_trusted, "{said}");
    }
}
