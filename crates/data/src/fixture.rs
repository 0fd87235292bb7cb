//! A tiny CIFAR-10 for tests: three batches of two images, in every published form.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};
use tempfile::TempDir;

use crate::cache::{Batch, Cache, Role};
use crate::checksum::md5_hex;
use crate::image_set::{IMAGE_BYTES, PIXELS};
use crate::source::pickle::tests::python_batch;
use crate::source::picture::tests::encode;

pub(crate) const STEMS: [&str; 3] = ["data_batch_1", "data_batch_2", "test_batch"];
pub(crate) const N_IMAGES: usize = 2;

/// A cache in a folder that vanishes.
pub(crate) struct Fixture {
    pub(crate) dir: TempDir,
    pub(crate) cache: Cache,
}

impl Fixture {
    pub(crate) fn empty() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let batches = (0..STEMS.len()).map(|batch_idx| Batch {
            stem: STEMS[batch_idx].to_owned(),
            role: if batch_idx == 2 { Role::Test } else { Role::Training },
            n_images: N_IMAGES,
            md5: md5_hex(&records(batch_idx)),
        });
        let cache = Cache::with_batches(dir.path().join("cache"), batches.collect());
        Self { dir, cache }
    }

    pub(crate) fn filled() -> Self {
        let fixture = Self::empty();
        fs::create_dir_all(fixture.cache.batches_dir()).unwrap();
        for (name, contents) in binary_files() {
            fs::write(fixture.cache.batches_dir().join(name), contents).unwrap();
        }
        fixture
    }

    /// A folder or file beside the cache.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

/// Label and planar bytes of an image.
pub(crate) fn image(batch_idx: usize, i: usize) -> (u8, Vec<u8>) {
    let start = batch_idx * 31 + i * 7;
    let pixels = (0..IMAGE_BYTES).map(|byte| ((start + byte + byte / PIXELS * 50) % 256) as u8);
    ((start % 10) as u8, pixels.collect())
}

/// The binary batch.
pub(crate) fn records(batch_idx: usize) -> Vec<u8> {
    let images = (0..N_IMAGES).map(|i| image(batch_idx, i));
    images.flat_map(|(label, pixels)| [vec![label], pixels].concat()).collect()
}

pub(crate) fn binary_files() -> Vec<(String, Vec<u8>)> {
    (0..STEMS.len()).map(|idx| (format!("{}.bin", STEMS[idx]), records(idx))).collect()
}

pub(crate) fn python_files() -> Vec<(String, Vec<u8>)> {
    let batch = |batch_idx| {
        let (labels, images): (Vec<u8>, Vec<Vec<u8>>) =
            (0..N_IMAGES).map(|i| image(batch_idx, i)).unzip();
        (STEMS[batch_idx].to_owned(), python_batch(&labels, &images.concat()))
    };
    (0..STEMS.len()).map(batch).collect()
}

/// Pictures first, labels last, as in the npm package.
pub(crate) fn picture_files() -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut labels = Vec::new();
    for (batch_idx, stem) in STEMS.iter().enumerate() {
        let mut rows = Vec::new();
        for (label, image) in (0..N_IMAGES).map(|i| image(batch_idx, i)) {
            labels.push(label);
            for pixel in 0..PIXELS {
                rows.extend([0, 1, 2].map(|channel| image[channel * PIXELS + pixel]));
            }
        }
        files.push((format!("{stem}.png"), encode(PIXELS as u32, N_IMAGES as u32, &rows)));
    }
    let (training, test) = labels.split_at(labels.len() - N_IMAGES);
    for (name, labels) in [("train_lables.json", training), ("test_lables.json", test)] {
        files.push((name.to_owned(), serde_json::to_vec(labels).unwrap()));
    }
    files
}

pub(crate) fn write_folder(folder: &Path, files: &[(String, Vec<u8>)]) {
    fs::create_dir_all(folder).unwrap();
    for (name, contents) in files {
        fs::write(folder.join(name), contents).unwrap();
    }
}

/// An entry of an archive under any name, however hostile.
pub(crate) fn append(tar: &mut Builder<impl Write>, name: &str, kind: EntryType, contents: &[u8]) {
    let mut header = Header::new_gnu();
    header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(contents.len() as u64);
    if kind.is_symlink() {
        header.set_link_name("/etc/passwd").unwrap();
    }
    header.set_cksum();
    tar.append(&header, contents).unwrap();
}

/// A gzipped archive with the files in `folder`.
pub(crate) fn archive(folder: &str, files: &[(String, Vec<u8>)]) -> Vec<u8> {
    gzipped(&tar(folder, files))
}

pub(crate) fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

/// The same as a zip file.
pub(crate) fn zip(folder: &str, files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, contents) in files {
        zip.start_file(format!("{folder}/{name}"), options).unwrap();
        zip.write_all(contents).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A plain archive with the files in `folder`.
pub(crate) fn tar(folder: &str, files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    append(&mut tar, &format!("{folder}/"), EntryType::Directory, b"");
    for (name, contents) in files {
        append(&mut tar, &format!("{folder}/{name}"), EntryType::Regular, contents);
    }
    tar.into_inner().unwrap()
}
