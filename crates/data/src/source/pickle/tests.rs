//! A small batch made by hand, whole and damaged in every place.

use proptest::prelude::*;

use super::*;

/// A batch as Python 2's cPickle writes it. `labels` and the rows of `data` are the images.
pub(crate) fn python_batch(labels: &[u8], data: &[u8]) -> Vec<u8> {
    let mut p = b"\x80\x02}q\x01(U\x0bbatch_labelq\x02U\x15training batch 1 of 5q\x03".to_vec();
    p.extend(b"U\x06labelsq\x04]q\x05(");
    p.extend(labels.iter().flat_map(|&label| [b'K', label]));
    p.extend(b"eU\x04dataq\x06cnumpy.core.multiarray\n_reconstruct\nq\x07cnumpy\nndarray\nq\x08");
    p.extend(b"K\x00\x85U\x01b\x87Rq\x09(K\x01");
    p.extend(b"M");
    p.extend((labels.len() as u16).to_le_bytes());
    p.extend(b"M\x00\x0c\x86cnumpy\ndtype\nq\x0aU\x02u1K\x00K\x01\x87Rq\x0b");
    p.extend(b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T");
    p.extend((data.len() as u32).to_le_bytes());
    p.extend(data);
    p.extend(b"tbU\tfilenamesq\x0c]q\x0d(");
    p.extend(labels.iter().flat_map(|_| *b"U\x05a.pngq\x0e"));
    p.extend(b"r\x0f\x01\x00\x00eu.");
    p
}

fn two_images() -> (Vec<u8>, Vec<u8>) {
    let data: Vec<u8> = (0..2 * IMAGE_BYTES).map(|i| (i % 251) as u8).collect();
    (python_batch(&[6, 9], &data), data)
}

fn replaced(pickle: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = pickle.windows(from.len()).position(|window| window == from).unwrap();
    [&pickle[..at], to, &pickle[at + from.len()..]].concat()
}

fn problem(pickle: &[u8]) -> PickleProblem {
    to_binary(pickle).unwrap_err().problem
}

#[test]
fn batch_becomes_binary_records() {
    let (pickle, data) = two_images();
    let expected = [&[6], &data[..IMAGE_BYTES], &[9], &data[IMAGE_BYTES..]].concat();
    assert_eq!(to_binary(&pickle).unwrap(), expected);
}

#[test]
fn column_major_arrays_are_transposed() {
    let (_, data) = two_images();
    let columns: Vec<u8> =
        (0..IMAGE_BYTES).flat_map(|i| [data[i], data[IMAGE_BYTES + i]]).collect();
    let pickle = replaced(&python_batch(&[6, 9], &columns), b"\x89T", b"\x88T");
    assert_eq!(to_binary(&pickle).unwrap(), to_binary(&two_images().0).unwrap());
}

#[test]
fn every_truncation_is_an_error() {
    let (pickle, _) = two_images();
    for length in 0..pickle.len() {
        assert_eq!(problem(&pickle[..length]), PickleProblem::Truncated, "{length}");
    }
}

#[test]
fn unknown_things_are_refused_by_name() {
    let (pickle, _) = two_images();
    let evil = replaced(&pickle, b"cnumpy\ndtype\n", b"cposix\nsystem\n");
    assert_eq!(problem(&evil), PickleProblem::Object("posix.system".into()));
    let floats = replaced(&pickle, b"U\x02u1", b"U\x02f4");
    assert_eq!(problem(&floats), PickleProblem::Object("NumPy type f4".into()));
    assert_eq!(problem(b"\x80\x06}."), PickleProblem::Protocol(6));
    assert_eq!(problem(b"\x80\x02G\x01\x00\x00\x00a."), PickleProblem::Opcode(b'G'));
    assert_eq!(problem(b"\x80\x05\x97."), PickleProblem::Buffers);
    assert_eq!(problem(b"\x80\x02}."), PickleProblem::NoEntry("data"));
    assert_eq!(problem(b"\x80\x02K\x01."), PickleProblem::Expected("a dictionary"));
}

#[test]
fn counts_must_agree() {
    let (pickle, _) = two_images();
    let fewer = replaced(&pickle, b"K\x06K\x09e", b"K\x06e");
    assert_eq!(problem(&fewer), PickleProblem::LabelCount { expected: 2, actual: 1 });
    let rows = replaced(&pickle, b"M\x02\x00M", b"J\xff\xff\xff\xffM");
    assert!(matches!(problem(&rows), PickleProblem::Shape { shape, .. } if shape == [-1, 3072]));
    let label = replaced(&pickle, b"K\x06K\x09e", b"K\x06M\x00\x01e");
    assert_eq!(problem(&label), PickleProblem::Label { image: 1, label: 256 });
}

#[test]
fn bombs_are_defused() {
    let deep = [b"\x80\x02N".as_slice(), &[0x85; 100_000]].concat();
    assert_eq!(problem(&deep), PickleProblem::TooMuch("nested tuples"));
    let long = [b"\x80\x02".as_slice(), &[b'N'; 1_100_000]].concat();
    assert_eq!(problem(&long), PickleProblem::TooMuch("opcodes"));
    // Memory can't be used to put a list, tuple or dictionary into itself, or to multiply them.
    let in_list = PickleProblem::Expected("plain values within a list");
    assert_eq!(problem(b"\x80\x02]q\x00h\x00a"), in_list);
    let doubled = [b"\x80\x02N\x85".as_slice(), &b"q\x00h\x00\x86".repeat(100)].concat();
    assert_eq!(problem(&doubled), PickleProblem::TooMuch("nested tuples"));
    let itself = PickleProblem::Expected("a value in memory that is no dictionary");
    assert_eq!(problem(b"\x80\x02}q\x00K\x01h\x00s."), itself);
    let huge = b"\x80\x02T\xff\xff\xff\xff".as_slice();
    assert_eq!(problem(huge), PickleProblem::Truncated);
    // A mark guards what lies below it.
    assert_eq!(problem(b"\x80\x02N(\x85"), PickleProblem::Expected("more values on the stack"));
}

#[test]
fn numbers_of_every_width_are_read() {
    let (pickle, _) = two_images();
    for rows in [b"\x8a\x01\x02M".as_slice(), b"J\x02\x00\x00\x00M", b"K\x02M"] {
        assert!(to_binary(&replaced(&pickle, b"M\x02\x00M", rows)).is_ok());
    }
    let nine_bytes = replaced(&pickle, b"M\x02\x00M", b"\x8a\x09\x02\0\0\0\0\0\0\0\0M");
    assert_eq!(problem(&nine_bytes), PickleProblem::Expected("a number of 64 bits at most"));
}

/// What `fixtures/make.py` wrote, with Python 3.11 and NumPy 2.
fn fixture(name: &str) -> Vec<u8> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/source/pickle/fixtures");
    std::fs::read(path.join(format!("{name}.pickle"))).unwrap()
}

#[test]
fn what_python_3_pickles_again_is_read() {
    let pixels = (0..IMAGE_BYTES).map(|i| (i * 7 % 251) as u8);
    let expected: Vec<u8> = std::iter::once(7).chain(pixels).collect();
    for form in ["bytes", "latin1"] {
        for protocol in 2..=5 {
            let name = format!("{form}-{protocol}");
            assert_eq!(to_binary(&fixture(&name)).as_ref(), Ok(&expected), "{name}");
        }
        for protocol in 0..2 {
            let name = format!("{form}-{protocol}");
            assert_eq!(problem(&fixture(&name)), PickleProblem::NotBinary, "{name}");
        }
    }
    let others = ["array", "array-u1", "array-big-endian", "scalars", "tuple"];
    for name in others.map(|name| format!("labels-{name}")).iter().chain(["fortran".into()].iter())
    {
        assert_eq!(to_binary(&fixture(name)).as_ref(), Ok(&expected), "{name}");
    }
}

#[test]
fn images_of_four_dimensions_are_read_if_their_bytes_are_in_order() {
    let expected = to_binary(&fixture("bytes-4"));
    assert_eq!(to_binary(&fixture("data-planar")), expected);
    for (name, shape, advice) in [
        ("data-interleaved", "1×32×32×3", "data.transpose(0, 3, 1, 2).reshape(-1, 3072)"),
        ("data-planar-fortran", "1×3×32×32", "numpy.ascontiguousarray(data)"),
        ("data-other", "1×1024×3", "n×3072 or n×3×32×32"),
    ] {
        let text = to_binary(&fixture(name)).unwrap_err().to_string();
        assert!(text.contains(shape) && text.contains(advice), "{text}");
    }
    let (pickle, _) = two_images();
    let shape =
        |bytes: &[u8]| problem(&replaced(&pickle, b"M\x02\x00M\x00\x0c\x86", bytes)).to_string();
    let text = shape(b"(K\x02K\x03K\x20K\x21t");
    assert!(text.contains("2×3×32×33 in 6144 bytes"), "{text}");
    let text = shape(b"(K\x03K\x20K\x20K\x03t");
    assert!(text.contains("3×32×32×3 in 6144 bytes"), "{text}");
    assert!(shape(b")").contains("shape () in"), "{}", shape(b")"));
    assert_eq!(
        shape(&[b"(".as_slice(), &b"K\x01".repeat(9), b"t"].concat()),
        PickleProblem::TooMuch("dimensions").to_string()
    );
}

#[test]
fn what_occurs_twice_is_read_from_either_place() {
    let expected = to_binary(&fixture("bytes-4"));
    for name in [
        "data-twice",
        "labels-list-twice",
        "labels-tuple-twice",
        "labels-array-twice",
        "labels-type-twice",
        "labels-column",
    ] {
        assert_eq!(to_binary(&fixture(name)), expected, "{name}");
    }
    assert_eq!(problem(&fixture("keys-twice")), PickleProblem::Twice("labels"));
    // A list is put into the dictionary, fetched from memory, and filled there.
    let (pickle, _) = two_images();
    let filled_later = b"]q\x05U\x04copyh\x05(K\x06K\x09e";
    let later = replaced(&pickle, b"]q\x05(K\x06K\x09e", filled_later);
    assert_eq!(to_binary(&later), to_binary(&pickle));
}

#[test]
fn numbers_are_made_of_their_own_bytes_only() {
    let long = replaced(
        &fixture("labels-scalars"),
        b"C\x08\x07\0\0\0\0\0\0\0",
        b"C\x09\x07\0\0\0\0\0\0\0\0",
    );
    assert_eq!(problem(&long), PickleProblem::Expected("the bytes of one number"));
    let count = replaced(&fixture("labels-array-u1"), b"K\x01\x85", b"K\x02\x85");
    assert!(matches!(problem(&count), PickleProblem::Expected(_)));
}

#[test]
fn texts_cannot_be_made_into_any_amount_of_bytes() {
    let text = "x".repeat(1 << 20);
    let mut pickle = b"\x80\x02c_codecs\nencode\nq\x00X".to_vec();
    pickle.extend((text.len() as u32).to_le_bytes());
    pickle.extend(text.as_bytes());
    pickle.extend(b"q\x01X\x06\x00\x00\x00latin1q\x02");
    pickle.extend(b"h\x00h\x01h\x02\x86R".repeat(100));
    assert_eq!(problem(&pickle), PickleProblem::TooMuch("text"));
}

proptest! {
    #[test]
    fn no_damage_and_no_noise_panics(
        position in 0_usize..6_000, byte: u8,
        noise in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let (mut pickle, _) = two_images();
        if let Some(place) = pickle.get_mut(position) {
            *place = byte;
        }
        let _ = to_binary(&pickle);
        let _ = to_binary(&[b"\x80\x02(}]".as_slice(), &noise].concat());
    }
}
