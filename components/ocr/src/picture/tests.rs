use proptest::prelude::*;

use super::*;

const JPEG: &[u8] = include_bytes!("../../tests/fixtures/photo.jpg");
const PROGRESSIVE: &[u8] = include_bytes!("../../tests/fixtures/photo-progressive.jpg");
const PNG: &[u8] = include_bytes!("../../tests/fixtures/photo.png");
const WEBP: &[u8] = include_bytes!("../../tests/fixtures/photo.webp");
const LOSSLESS: &[u8] = include_bytes!("../../tests/fixtures/photo-lossless.webp");
const WEBP_EXIF: &[u8] = include_bytes!("../../tests/fixtures/photo-exif.webp");
const HEIC: &[u8] = include_bytes!("../../tests/fixtures/photo.heic");
const PICTURES: [&[u8]; 7] = [JPEG, PROGRESSIVE, PNG, WEBP, LOSSLESS, WEBP_EXIF, HEIC];

fn check(media: Media, file: &[u8], size: usize) -> Result<(), Cause> {
    let mut check = PictureCheck::new(media);
    for chunk in file.chunks(size) {
        check.push(chunk)?;
        assert!(check.header.len() < 33, "holds too much");
    }
    check.finish()
}

fn read(file: &[u8]) -> Result<(), Cause> {
    check(Media::of(file).unwrap(), file, usize::MAX)
}

/// `file` with these bytes at `at`.
fn with(file: &[u8], at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut file = file.to_vec();
    file[at..at + bytes.len()].copy_from_slice(bytes);
    file
}

/// Where the sides of a JPEG are.
fn sides_at(jpeg: &[u8]) -> usize {
    5 + jpeg.windows(2).position(|two| matches!(two, [0xff, 0xc0 | 0xc2])).unwrap()
}

#[test]
fn pictures_of_every_format_pass() {
    for file in PICTURES {
        assert_eq!(read(file), Ok(()), "{:?}", Media::of(file));
    }
    let heif = with(HEIC, 8, b"mif1");
    assert_eq!((Media::of(&heif), read(&heif)), (Some(Media::Heif), Ok(())));
}

#[test]
fn fill_bytes_before_a_segment_are_passed_over() {
    let at = sides_at(JPEG) - 5;
    for fill in [1, 2, 3, 4, 5, 1000] {
        let filled = [&JPEG[..at], &vec![0xff; fill], &JPEG[at..]].concat();
        for size in [1, 7, usize::MAX] {
            assert_eq!(check(Media::Jpeg, &filled, size), Ok(()), "{fill} in chunks of {size}");
        }
    }
}

#[test]
fn what_cameras_write_beside_the_rules_passes() {
    let at = sides_at(JPEG) - 5;
    for size in [1, 7, usize::MAX] {
        let padded = [&JPEG[..at], &[0; 9], &JPEG[at..]].concat();
        assert_eq!(check(Media::Jpeg, &padded, size), Ok(()), "zeros between segments, in chunks of {size}");
        let without_height = with(JPEG, sides_at(JPEG), &[0, 0]);
        assert_eq!(check(Media::Jpeg, &without_height, size), Ok(()), "a height that comes later");
        // The first box with a length of 64 bits.
        let length = u64::from(be(&HEIC[..4])) + 8;
        let wide = [&[0, 0, 0, 1], &HEIC[4..8], &length.to_be_bytes(), &HEIC[8..]].concat();
        assert_eq!(Media::of(&wide), Some(Media::Heic));
        assert_eq!(check(Media::Heic, &wide, size), Ok(()), "in chunks of {size}");
        for brand in [b"avif", b"isom", b"\0\0\0\0"] {
            assert!(check(Media::Heic, &with(&wide, 16, brand), size).is_err(), "{brand:?}");
        }
    }
}

#[test]
fn a_picture_that_ends_within_its_header_is_refused() {
    for file in PICTURES {
        for length in 12..24 {
            assert!(read(&file[..length]).is_err(), "{length} bytes of {:?}", Media::of(file));
        }
    }
    assert!(read(&JPEG[..sides_at(JPEG) + 3]).is_err());
}

#[test]
fn sides_of_zero_or_of_absurd_length_are_refused() {
    for jpeg in [JPEG, PROGRESSIVE] {
        let at = sides_at(jpeg);
        assert!(
            read(&with(jpeg, at + 2, &[0, 0])).is_err() && read(&with(jpeg, at + 2, &[0xff, 0xff])).is_err()
        );
    }
    assert!(read(&with(PNG, 16, &[0; 4])).is_err() && read(&with(PNG, 20, &[0, 1, 0, 0])).is_err());
    assert!(read(&with(WEBP, 26, &[0, 0])).is_err() && read(&with(WEBP, 28, &[0, 0x40])).is_err());
    assert_eq!(read(&with(WEBP, 28, &[1, 0x40])), Ok(()), "the upper bits are the scale");
    assert!(read(&with(WEBP_EXIF, 24, &[0, 0, 1])).is_err(), "65,537 pixels");
}

#[test]
fn pictures_that_move_are_refused() {
    for file in [
        &include_bytes!("../../tests/fixtures/animated.png")[..],
        include_bytes!("../../tests/fixtures/animated.webp"),
    ] {
        assert_eq!(read(file), Err(MOVES));
    }
}

#[test]
fn what_only_begins_like_a_picture_is_refused() {
    let text = b" this is a text and no picture at all, only its first bytes were changed";
    for head in [&JPEG[..3], &PNG[..8], &WEBP[..12]] {
        let file = [head, text].concat();
        assert!(check(Media::of(&[head, &[0; 12]].concat()).unwrap(), &file, 7).is_err(), "{head:?}");
    }
    // The scan of a JPEG without its sides, and a box of HEIC and a segment of JPEG with an impossible length.
    assert!(read(b"\xff\xd8\xff\xda\0\x08\x01\x01\0\0\x3f\0").is_err());
    assert!(read(b"\xff\xd8\xff\xe0\0\x01\x01\x01\0\0\x3f\0").is_err());
    assert!(read(&with(HEIC, 0, &[0, 0, 0, 8])).is_err());
}

#[test]
fn the_segments_of_a_jpeg_are_passed_over_and_fill_bytes_too() {
    let sides = b"\xff\xc0\0\x0b\x08\0\x10\0\x10\x01\x01\x11\0";
    let comment = [b"\xff\xfe\xff\xff".as_slice(), &[0xff; 65_533]].concat();
    let empty = b"\xff\xfe\0\x02".repeat(3);
    let file = [b"\xff\xd8".as_slice(), &comment, &empty, &[0xff; 9], sides].concat();
    for size in [1, 2, 3, 1000, usize::MAX] {
        assert_eq!(check(Media::Jpeg, &file, size), Ok(()), "{size}");
    }
}

proptest! {
    #[test]
    fn chunking_changes_nothing_and_nothing_panics(
        index in 0..PICTURES.len(), at in 0usize..200, bytes in proptest::collection::vec(any::<u8>(), 0..40), size in 1usize..40,
    ) {
        let media = Media::of(PICTURES[index]).unwrap();
        let file = with(PICTURES[index], at, &bytes);
        prop_assert_eq!(check(media, &file, usize::MAX), check(media, &file, size));
    }
}
