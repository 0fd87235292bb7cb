//! Archives that do harm, are damaged, or can't be read.

use std::io::Write as _;

use tar::{Builder, EntryType, Header};

use super::*;
use crate::error::in_one_line;

#[test]
fn hostile_archives_write_nothing_outside() {
    let fixture = Fixture::empty();
    let mut tar = Builder::new(Vec::new());
    let batch = fixture::records(0);
    let absolute = fixture.beside("data_batch_1.bin").display().to_string();
    for name in [
        "../data_batch_1.bin",
        "cifar-10-batches-bin/../../data_batch_1.bin",
        "../cifar-10-batches-bin/data_batch_1.bin",
        &absolute,
    ] {
        fixture::append(&mut tar, name, EntryType::Regular, &batch);
    }
    for kind in [EntryType::Symlink, EntryType::Link, EntryType::Directory, EntryType::Fifo] {
        fixture::append(&mut tar, "cifar-10-batches-bin/data_batch_1.bin", kind, b"");
    }
    let path = fixture.beside("archive.tar.gz");
    fs::write(&path, tar.into_inner().unwrap()).unwrap();
    assert!(matches!(open(&fixture, &path), Err(DataError::NoData { .. })));
    let left: Vec<_> =
        fs::read_dir(fixture.dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["archive.tar.gz"]);
}

#[test]
fn damaged_archives_are_errors() {
    let fixture = Fixture::empty();
    let path = fixture.beside("archive");
    let files = fixture::binary_files();
    for whole in
        [fixture::archive("x", &files), fixture::tar("x", &files), fixture::zip("x", &files)]
    {
        for length in (0..whole.len()).step_by(whole.len() / 40) {
            fs::write(&path, &whole[..length]).unwrap();
            // What ends after the last batch is whole enough.
            match open(&fixture, &path) {
                Ok(opened) => is_whole(&fixture, &opened),
                Err(_) => continue,
            }
            assert!(length > whole.len() / 5, "{length} of {}", whole.len());
        }
    }
}

/// A gzipped archive whose second file has a name, or other properties, of so many bytes.
fn with_long_header(kind: EntryType, n_bytes: usize) -> Vec<u8> {
    let mut tar =
        Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    fixture::append(&mut tar, "first", EntryType::Regular, b"x");
    let text = match kind {
        EntryType::XHeader => {
            let rest = " comment=".len() + 1;
            let digits = (n_bytes + rest).to_string().len();
            let value = "x".repeat(n_bytes - rest - digits);
            format!("{n_bytes} comment={value}\n")
        }
        _ => format!("{}\0", "x".repeat(n_bytes - 1)),
    };
    assert_eq!(text.len(), n_bytes);
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(n_bytes as u64);
    header.set_cksum();
    tar.append(&header, text.as_bytes()).unwrap();
    fixture::append(&mut tar, "second", EntryType::Regular, b"x");
    for (name, contents) in fixture::binary_files() {
        fixture::append(&mut tar, &name, EntryType::Regular, &contents);
    }
    tar.into_inner().unwrap().finish().unwrap()
}

#[test]
fn long_names_in_tar_archives_are_read_up_to_a_limit() {
    for kind in [EntryType::GNULongName, EntryType::GNULongLink, EntryType::XHeader] {
        for (n_bytes, is_read) in
            [(1000, true), (1_000_000, true), (1 << 20, false), (40 << 20, false)]
        {
            let fixture = Fixture::empty();
            let path = fixture.beside("archive");
            fs::write(&path, with_long_header(kind, n_bytes)).unwrap();
            match open(&fixture, &path) {
                Ok(opened) => is_whole(&fixture, &opened),
                Err(error) => {
                    let text = in_one_line(&error);
                    assert!(
                        !is_read && text.contains("archive cannot be read: the name"),
                        "{text}"
                    );
                    continue;
                }
            }
            assert!(is_read, "{kind:?} {n_bytes}");
        }
    }
}

#[test]
fn large_files_that_are_passed_over_do_not_count_as_headers() {
    let fixture = Fixture::empty();
    let path = fixture.beside("archive");
    let mut tar = Builder::new(Vec::new());
    fixture::append(&mut tar, "other", EntryType::Regular, &vec![0; 3 << 20]);
    fixture::append(&mut tar, "device", EntryType::Fifo, &vec![0; 3 << 20]);
    for (name, contents) in fixture::python_files() {
        fixture::append(&mut tar, &name, EntryType::Regular, &contents);
    }
    fs::write(&path, tar.into_inner().unwrap()).unwrap();
    is_whole(&fixture, &open(&fixture, &path).unwrap());
}

#[test]
fn archives_that_unpack_to_too_much_are_refused_as_such() {
    let fixture = Fixture::empty();
    let path = fixture.beside("archive");
    let mut header = Header::new_gnu();
    header.set_path("other").unwrap();
    header.set_size(600 << 20);
    header.set_cksum();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(header.as_bytes()).unwrap();
    for _ in 0..600 {
        gzip.write_all(&[0; 1 << 20]).unwrap();
    }
    fs::write(&path, gzip.finish().unwrap()).unwrap();
    let text = open(&fixture, &path).unwrap_err().to_string();
    assert!(text.contains("archive cannot be read: it unpacks to more than 512 MiB"), "{text}");

    // A sparse file takes nothing up.
    let mut header = Header::new_gnu();
    header.set_path("holes").unwrap();
    header.set_entry_type(EntryType::GNUSparse);
    header.set_size(0);
    let gnu = header.as_gnu_mut().unwrap();
    gnu.set_real_size(1 << 60);
    gnu.sparse[0].set_offset(1 << 60);
    gnu.sparse[0].set_length(0);
    header.set_cksum();
    fs::write(&path, header.as_bytes()).unwrap();
    let text = open(&fixture, &path).unwrap_err().to_string();
    assert!(text.contains("it unpacks to more than 512 MiB"), "{text}");
}

/// A zip archive with the batches, whose entries name another method of compression.
fn with_method(method: u16) -> Vec<u8> {
    let mut zip = fixture::zip("x", &fixture::binary_files());
    for (signature, at) in [(b"PK\x03\x04", 8), (b"PK\x01\x02", 10)] {
        let places: Vec<usize> =
            (0..zip.len() - 4).filter(|&i| zip[i..].starts_with(signature)).collect();
        for place in places {
            zip[place + at..][..2].copy_from_slice(&method.to_le_bytes());
        }
    }
    zip
}

#[test]
fn other_compressions_in_zip_archives_are_named_with_the_way_out() {
    for (method, name) in
        [(9, "Deflate64"), (12, "Bzip2"), (14, "Lzma"), (93, "Zstd"), (77, "Unknown")]
    {
        let fixture = Fixture::empty();
        let path = fixture.beside("archive");
        fs::write(&path, with_method(method)).unwrap();
        let text = in_one_line(&open(&fixture, &path).unwrap_err());
        for part in ["archive cannot be read", "x/data_batch_1.bin", name, "unpack it"] {
            assert!(text.contains(part), "{text}");
        }
    }
}

#[test]
fn the_list_of_a_zip_archives_files_has_a_limit() {
    let fixture = Fixture::empty();
    let path = fixture.beside("archive");
    // One entry after the other, each without a file of its own.
    let name = "n".repeat(20_000);
    let mut zip = b"PK\x03\x04".to_vec();
    let start = zip.len();
    let n_entries = 1000_u16;
    for i in 0..n_entries {
        let mut entry = [0; 46];
        entry[..4].copy_from_slice(b"PK\x01\x02");
        entry[28..30].copy_from_slice(&(name.len() as u16 + 4).to_le_bytes());
        zip.extend(entry);
        zip.extend(format!("{name}{i:04}").as_bytes());
    }
    let size = (zip.len() - start) as u32;
    let n = n_entries.to_le_bytes();
    zip.extend([b"PK\x05\x06\0\0\0\0".as_slice(), &n, &n, &size.to_le_bytes()].concat());
    zip.extend([(start as u32).to_le_bytes().as_slice(), &[0, 0]].concat());
    fs::write(&path, zip).unwrap();
    let text = open(&fixture, &path).unwrap_err().to_string();
    assert!(text.contains("archive cannot be read: the list of its files"), "{text}");
}
