//! Whatever is named is used or refused by name, and never written to.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use super::*;
use crate::fixture::{self, Fixture};
use crate::load::{Check, load_batches, verify};

mod archives;

type Files = Vec<(String, Vec<u8>)>;

/// All that lies below a path, with content and time.
fn all_below(path: &Path) -> Vec<(PathBuf, Option<Vec<u8>>, SystemTime)> {
    let mut found = Vec::new();
    let metadata = fs::symlink_metadata(path).unwrap();
    let content = metadata.is_file().then(|| fs::read(path).unwrap());
    found.push((path.to_owned(), content, metadata.modified().unwrap()));
    if metadata.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            found.extend(all_below(&entry.unwrap().path()));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

/// Opens a place, which stays as it is to the last byte and second.
fn open_as(fixture: &Fixture, path: &Path, acceptance: Acceptance) -> Result<Opened, DataError> {
    let before = path.exists().then(|| all_below(path));
    let opened = Named::new(path).open(acceptance, &fixture.cache, &mut |_| {});
    assert_eq!(path.exists().then(|| all_below(path)), before, "{}", path.display());
    opened
}

fn open(fixture: &Fixture, path: &Path) -> Result<Opened, DataError> {
    open_as(fixture, path, Acceptance::Published)
}

fn forms() -> [(&'static str, Files); 3] {
    [
        ("cifar-10-batches-bin", fixture::binary_files()),
        ("cifar-10-batches-py", fixture::python_files()),
        ("package", fixture::picture_files()),
    ]
}

fn is_whole(fixture: &Fixture, opened: &Opened) {
    assert_eq!(opened.altered, None);
    let batches = fixture.cache.batches();
    let data = load_batches(&opened.batches, batches, None, Check::Md5).unwrap();
    assert_eq!(data.md5, opened.md5);
}

#[test]
fn folders_of_every_form_and_layout_are_taken() {
    for (folder, files) in forms() {
        for above in ["", "data", "cifar-10-batches-py-target", "a/b"] {
            let fixture = Fixture::empty();
            let place = fixture.beside("downloads");
            fixture::write_folder(&place.join(above).join(folder), &files);
            let opened = open(&fixture, &place).unwrap();
            is_whole(&fixture, &opened);
            // Binary batches are used where they are.
            let in_place = opened.batches == place.join(above).join(folder);
            assert_eq!(in_place, folder == "cifar-10-batches-bin", "{folder} {above}");
            assert_eq!(verify(&fixture.cache).is_ok(), !in_place);
            assert!(open(&fixture, &place.join(above).join(folder)).is_ok());
        }
    }
}

#[test]
fn archives_are_taken_by_what_they_are_and_not_by_their_names() {
    for (folder, files) in forms() {
        for above in ["", "./", "a/b/", "__MACOSX-like/"] {
            let folder = format!("{above}{folder}");
            let archives = [
                fixture::archive(&folder, &files),
                fixture::tar(&folder, &files),
                fixture::zip(&folder, &files),
            ];
            for (archive, name) in archives.iter().zip(["data.zip", "data", "data.tar.gz"]) {
                let fixture = Fixture::empty();
                let path = fixture.beside(name);
                fs::write(&path, archive).unwrap();
                let opened = open(&fixture, &path).unwrap();
                is_whole(&fixture, &opened);
                assert_eq!(opened.batches, fixture.cache.batches_dir(), "{folder}");
            }
        }
    }
}

#[test]
fn an_archive_within_a_folder_is_taken_if_its_name_speaks_of_cifar() {
    let fixture = Fixture::empty();
    let place = fixture.beside("datasets");
    let archive = fixture::archive("cifar-10-batches-py", &fixture::python_files());
    fixture::write_folder(&place, &[("cifar-10-batches-py.tar.gz".to_owned(), archive)]);
    is_whole(&fixture, &open(&fixture, &place).unwrap());
}

#[test]
fn what_holds_no_images_is_refused_by_what_it_is() {
    let fixture = Fixture::filled();
    let png = b"\x89PNG\r\n\x1a\n".to_vec();
    let records = fixture::records(0);
    let gzipped_text = fixture::gzipped(b"hello");
    let foreign = fixture::archive("elsewhere", &[("a.txt".to_owned(), b"x".to_vec())]);
    let pickle = fixture::python_files()[0].1.clone();
    let zipped_twice = fixture::gzipped(&fixture::zip("x", &fixture::binary_files()));
    let cases: [(&str, &[u8], &str); 13] = [
        ("zip.gz", &zipped_twice, "a gzip file of a zip archive: unpack it"),
        ("notes.txt", b"notes\n", "a text"),
        ("a.png", &png, "a PNG picture"),
        ("a.tar.xz", b"\xfd7zXZ\0....", "an xz archive: unpack it"),
        ("a.h5", b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
        ("a.tar.gz", &gzipped_text, "a gzip file of a text"),
        ("login.tar.gz", b"<!DOCTYPE html><html>", "a web page"),
        ("b.tar.gz", &foreign, "an archive without CIFAR-10's batches"),
        ("data_batch_1.bin", &records, "perhaps one batch of several"),
        ("data_batch_1", &pickle, "a pickle: one batch of several"),
        ("empty", b"", "an empty file"),
        ("lfs", b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
        ("noise", &[200, 1, 0, 255, 7], "of unknown kind"),
    ];
    for (name, contents, expected) in cases {
        let path = fixture.beside(name);
        fs::write(&path, contents).unwrap();
        let error = open(&fixture, &path).unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, DataError::NoData { .. }), "{name}: {text}");
        assert!(text.contains(expected) && text.contains(name), "{name}: {text}");
    }
    let photos = fixture.beside("photos");
    fixture::write_folder(&photos, &[("a.png".into(), png.clone()), ("b.png".into(), png)]);
    let text = open(&fixture, &photos).unwrap_err().to_string();
    assert!(text.contains("photos") && text.contains("2 other files (a.png, b.png)"), "{text}");
    fs::create_dir(fixture.beside("nothing")).unwrap();
    let text = open(&fixture, &fixture.beside("nothing")).unwrap_err().to_string();
    assert!(text.contains("an empty folder"), "{text}");
    let nowhere = open(&fixture, &fixture.beside("nowhere")).unwrap_err();
    assert!(matches!(nowhere, DataError::NotThere { .. }));
}

#[test]
fn altered_images_are_refused_with_the_way_to_accept_them() {
    for (altered_label, folder) in [(true, true), (false, true), (true, false)] {
        let mut files = fixture::binary_files();
        // The label of the first image, or one of its pixels.
        files[1].1[usize::from(!altered_label)] ^= 1;
        let fixture = Fixture::filled();
        let place = fixture.beside("mine");
        if folder {
            fixture::write_folder(&place.join("cifar-10-batches-bin"), &files);
        } else {
            fs::write(&place, fixture::zip("x", &files)).unwrap();
        }
        let error = open(&fixture, &place).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("data_batch_2.bin: MD5 "), "{text}");
        assert!(text.contains("--accept-altered") && text.contains("mine"), "{text}");
        let opened = open_as(&fixture, &place, Acceptance::Altered).unwrap();
        let id = opened.altered.clone().unwrap();
        assert_eq!(id, altered_id(&opened.md5));
        assert_eq!(opened.batches.starts_with(fixture.cache.root()), !folder);
        let batches = fixture.cache.batches();
        let data = load_batches(&opened.batches, batches, Some(&id), Check::Size).unwrap();
        assert_eq!(data.md5, opened.md5);
        let other = load_batches(&opened.batches, batches, Some("other"), Check::Size);
        assert!(matches!(other, Err(DataError::OtherImages { .. })));
        // The published images in the cache are as they were.
        verify(&fixture.cache).unwrap();
        assert!(Named::new(&place).import(&fixture.cache, &mut |_| {}).is_err());
    }
}

#[test]
fn wrong_sizes_and_labels_are_never_accepted() {
    let mut files = fixture::binary_files();
    files[0].1[0] = 10;
    let short: Files = vec![("data_batch_1.bin".into(), vec![0; 100])];
    for (change, expected) in [(files, "image 0 has the label 10"), (short, "100 bytes")] {
        let fixture = Fixture::empty();
        let place = fixture.beside("mine");
        fixture::write_folder(&place, &fixture::binary_files());
        fixture::write_folder(&place, &change);
        let text = open_as(&fixture, &place, Acceptance::Altered).unwrap_err().to_string();
        assert!(text.contains("data_batch_1.bin") && text.contains(expected), "{text}");
    }
}

#[test]
fn incomplete_places_name_what_is_missing() {
    let fixture = Fixture::filled();
    let place = fixture.beside("downloads");
    fixture::write_folder(&place, &fixture::binary_files()[1..]);
    match open(&fixture, &place).unwrap_err() {
        DataError::Incomplete { missing, .. } => assert_eq!(missing, ["data_batch_1.bin"]),
        other => panic!("{other}"),
    }
    for files in [&fixture::python_files()[..2], &fixture::picture_files()[..4]] {
        let path = fixture.beside("archive");
        fs::write(&path, fixture::archive("x", files)).unwrap();
        let error = open(&fixture, &path).unwrap_err();
        assert!(matches!(error, DataError::Incomplete { .. }), "{error}");
    }
}

#[test]
fn a_named_place_can_be_imported_into_the_cache() {
    for (folder, files) in forms() {
        let fixture = Fixture::empty();
        let place = fixture.beside("downloads");
        fixture::write_folder(&place.join(folder), &files);
        let opened = Named::new(&place).import(&fixture.cache, &mut |_| {}).unwrap();
        assert_eq!(opened, verify(&fixture.cache).unwrap());
    }
}

#[test]
fn places_are_opened_at_once_without_disturbing_each_other() {
    let fixture = Fixture::empty();
    let place = fixture.beside("downloads");
    fixture::write_folder(&place, &fixture::python_files());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                Named::new(&place).open(Acceptance::Published, &fixture.cache, &mut |_| {}).unwrap()
            });
        }
    });
    verify(&fixture.cache).unwrap();
}

#[cfg(unix)]
#[test]
fn pipes_devices_and_odd_names_do_no_harm() {
    use std::os::unix::ffi::OsStrExt as _;
    let fixture = Fixture::filled();
    let place = fixture.beside("odd");
    fs::create_dir(&place).unwrap();
    let pipe = place.join("data_batch_1.bin");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    fs::write(place.join(std::ffi::OsStr::from_bytes(b"\xff.bin")), "x").unwrap();
    std::os::unix::fs::symlink("nowhere", place.join("dangling")).unwrap();
    std::os::unix::fs::symlink(".", place.join("loop")).unwrap();
    assert!(matches!(
        Named::new(&place).open(Acceptance::Published, &fixture.cache, &mut |_| {}),
        Err(DataError::NoData { .. })
    ));
    for path in [pipe.as_path(), Path::new("/dev/null")] {
        let opened = Named::new(path).open(Acceptance::Published, &fixture.cache, &mut |_| {});
        assert!(matches!(opened, Err(DataError::NoData { .. })), "{}", path.display());
    }
}

#[test]
fn a_cache_that_cannot_be_written_to_is_told_with_the_way_out() {
    let fixture = Fixture::empty();
    fs::write(fixture.cache.root(), "no folder").unwrap();
    let place = fixture.beside("downloads");
    fixture::write_folder(&place, &fixture::python_files());
    let text = open(&fixture, &place).unwrap_err().to_string();
    assert!(text.contains("PLATEAU_CACHE") && text.contains("cache"), "{text}");
    // What is used where it is needs no cache.
    fixture::write_folder(&place, &fixture::binary_files());
    open(&fixture, &place).unwrap();
}

#[test]
fn a_cache_within_the_named_folder_is_never_filled() {
    for cache in ["", "deep/cache"] {
        for (folder, files) in forms().into_iter().skip(1) {
            let fixture = Fixture::empty();
            let place = fixture.beside("named");
            fixture::write_folder(&place.join(folder), &files);
            let root = place.join(cache);
            let within = Cache::with_batches(&root, fixture.cache.batches().to_vec());
            let before = all_below(&place);
            let opened = Named::new(&place).open(Acceptance::Published, &within, &mut |_| {});
            assert!(matches!(opened, Err(DataError::CacheWithin { .. })), "{opened:?}");
            assert_eq!(all_below(&place), before);
        }
    }
    // What is flat is not copied into a folder within itself, either.
    let fixture = Fixture::empty();
    let place = fixture.beside("named");
    fixture::write_folder(&place, &fixture::binary_files());
    let within = Cache::with_batches(&place, fixture.cache.batches().to_vec());
    let before = all_below(&place);
    assert!(Named::new(&place).import(&within, &mut |_| {}).is_err());
    assert_eq!(all_below(&place), before);
}

#[test]
fn hidden_folders_are_not_what_was_named() {
    let fixture = Fixture::empty();
    let place = fixture.beside("home");
    let hidden = place.join(".cache/plateau/cifar-10-batches-bin");
    fixture::write_folder(&hidden, &fixture::binary_files());
    assert!(matches!(open(&fixture, &place), Err(DataError::NoData { .. })));
    open(&fixture, &hidden).unwrap();
}

#[test]
fn what_lies_in_place_of_a_file_is_told_from_a_damaged_one() {
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n".as_slice();
    let login = b"<!DOCTYPE html><html>".as_slice();
    for (stand_in, expected) in [(pointer, "`git lfs pull`"), (login, "asked for a login")] {
        for (folder, mut files) in forms() {
            let last = files.last_mut().unwrap();
            last.1 = stand_in.to_vec();
            let name = last.0.clone();
            let fixture = Fixture::filled();
            let place = fixture.beside("named");
            fixture::write_folder(&place.join(folder), &files);
            let archive = fixture.beside("archive");
            fs::write(&archive, fixture::zip(folder, &files)).unwrap();
            for path in [place, archive] {
                let text = open_as(&fixture, &path, Acceptance::Altered).unwrap_err().to_string();
                assert!(text.contains(&name) && text.contains(expected), "{text}");
            }
        }
        let fixture = Fixture::filled();
        let place = fixture.beside("datasets");
        let file = "cifar-10-python.tar.gz";
        fixture::write_folder(&place, &[(file.to_owned(), stand_in.to_vec())]);
        for path in [place.clone(), place.join(file)] {
            let text = open(&fixture, &path).unwrap_err().to_string();
            assert!(text.contains(file) && text.contains(expected), "{text}");
        }
        // A file that is whole is taken all the same.
        fixture::write_folder(&place.join("unpacked"), &fixture::python_files());
        is_whole(&fixture, &open(&fixture, &place).unwrap());
    }
}

#[test]
fn an_empty_path_names_nothing() {
    let fixture = Fixture::filled();
    let opened = Named::new("").open(Acceptance::Published, &fixture.cache, &mut |_| {});
    assert!(matches!(opened, Err(DataError::EmptyPath)));
    let imported = Named::new("").import(&fixture.cache, &mut |_| {});
    assert!(matches!(imported, Err(DataError::EmptyPath)));
}
