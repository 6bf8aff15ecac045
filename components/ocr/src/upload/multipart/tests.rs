use proptest::prelude::*;

use super::*;

const TYPE: &str = "multipart/form-data; boundary=XYZ";

/// The names of the files, joined, and their data likewise.
fn read(body: &[u8], size: usize) -> Result<(String, Vec<u8>), Malformed> {
    let mut scanner = Scanner::new(TYPE).unwrap();
    let (mut name, mut data, mut ended) = (String::new(), Vec::new(), false);
    for chunk in body.chunks(size.max(1)) {
        scanner.push(chunk);
        while let Some(event) = scanner.next_event()? {
            match event {
                Event::File { name: given, .. } => name += &given,
                Event::Data(bytes) => data.extend_from_slice(&bytes),
                Event::Pages { text } => name += &format!("{text}|"),
                Event::End => ended = true,
            }
        }
        assert!(scanner.held() <= PART_HEADER_BYTES_MAX + size, "holds too much");
    }
    scanner.finish()?;
    assert!(ended);
    Ok((name, data))
}

fn body(data: &str) -> String {
    format!(
        "--XYZ\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\nContent-Type: application/pdf\r\n\r\n{data}\r\n--XYZ--\r\n"
    )
}

#[test]
fn one_file_is_read_whole() {
    let check = |data: &str| {
        assert_eq!(
            read(body(data).as_bytes(), 9999),
            Ok(("a.pdf".into(), data.as_bytes().to_vec())),
            "{data:?}"
        );
    };
    check("%PDF-1.4");
    check("");
    check("\r\n--XY\r\n--XZ\r\n\r\n--");
    check("ends with a line end\r\n");
}

#[test]
fn a_text_with_pages_may_stand_before_the_file_and_nowhere_else() {
    let pages = "--XYZ\r\nContent-Disposition: form-data; name=\"pages\"\r\n\r\n2-4, 7\r\n";
    let file = body("x");
    for size in [1, 5, 99_999] {
        let before = format!("{pages}{file}");
        assert_eq!(read(before.as_bytes(), size), Ok(("2-4, 7|a.pdf".to_owned(), b"x".to_vec())), "{size}");
        let twice = format!("{pages}{pages}{file}");
        let after = format!("{}{pages}--XYZ--\r\n", file.replace("--XYZ--\r\n", ""));
        let long = format!("{}{file}", pages.replace("2-4", &"1".repeat(300)));
        for other in [twice, after, long] {
            assert_eq!(read(other.as_bytes(), size), Err(Malformed::UnexpectedPart), "{other}");
        }
        assert_eq!(read(format!("{pages}--XYZ--\r\n").as_bytes(), size), Err(Malformed::NoFile));
    }
}

#[test]
fn several_files_are_read_in_their_order() {
    let both = body("one").replace("--XYZ--\r\n", "") + &body("two").replace("a.pdf", "b.jpg");
    for size in [1, 5, 99_999] {
        assert_eq!(read(both.as_bytes(), size), Ok(("a.pdfb.jpg".to_owned(), b"onetwo".to_vec())), "{size}");
    }
}

#[test]
fn each_malformation_has_its_name() {
    let part = |name: &str| format!("--XYZ\r\nContent-Disposition: form-data; {name}\r\n\r\nx\r\n");
    let check = |body: String, expected: Malformed| {
        for size in [1, 5, 99_999] {
            assert_eq!(read(body.as_bytes(), size), Err(expected), "{body:?} by {size}");
        }
    };
    check(String::new(), Malformed::NoFile);
    check("--XYZ--\r\n".into(), Malformed::NoFile);
    check(part("name=\"file\"; filename=\"\"") + "--XYZ--", Malformed::NoFile);
    check(part("name=\"file\"") + "--XYZ--", Malformed::NoFile);
    check(part("name=\"other\"; filename=\"a.pdf\"") + "--XYZ--", Malformed::UnexpectedPart);
    let second = |head: &str| body("x").replace("--XYZ--\r\n", "") + &part(head) + "--XYZ--";
    check(second("name=\"other\"; filename=\"b\""), Malformed::UnexpectedPart);
    check(second("name=\"file\"; filename=\"\""), Malformed::NoFile);
    check(body("x").replace("--XYZ--", ""), Malformed::Unfinished);
    check(body("x").replace("--XYZ--", "--XYZ"), Malformed::Unfinished);
    check(body("x").replace("--XYZ--\r\n", "--XYZ-"), Malformed::Unfinished);
    check(body("x").replace("--XYZ--\r\n", "--XYZoops"), Malformed::Boundary);
    check("--XYZ\r\nno colon\r\n\r\nx\r\n--XYZ--".into(), Malformed::Headers);
    check("--XYZ\r\nA: b\r\n\r\nx\r\n--XYZ--".into(), Malformed::Headers);
    check(format!("--XYZ\r\nA: {}", "b".repeat(9000)), Malformed::Headers);
    check("x".repeat(5000), Malformed::Preamble);
    check(body("x") + &"e".repeat(5000), Malformed::Epilogue);
}

#[test]
fn the_boundary_is_checked() {
    let check = |content_type: &str, expected: Option<Malformed>| {
        assert_eq!(Scanner::new(content_type).err(), expected, "{content_type}");
    };
    check("multipart/form-data; boundary=\"a b\"", None);
    check("Multipart/Form-Data; charset=utf-8; BOUNDARY=x", None);
    check(&format!("multipart/form-data; boundary={}", "b".repeat(70)), None);
    check(&format!("multipart/form-data; boundary={}", "b".repeat(71)), Some(Malformed::Boundary));
    check("multipart/form-data; boundary=", Some(Malformed::Boundary));
    check("multipart/form-data; boundary=é", Some(Malformed::Boundary));
    check("multipart/form-data; charset=utf-8", Some(Malformed::Boundary));
    check("multipart/form-data", Some(Malformed::NotMultipart));
    check("multipart/mixed; boundary=x", Some(Malformed::NotMultipart));
    check("application/pdf", Some(Malformed::NotMultipart));
}

#[test]
fn the_closing_length_is_exact_for_the_usual_client() {
    let body = body("hello");
    let mut scanner = Scanner::new(TYPE).unwrap();
    scanner.push(body.as_bytes());
    scanner.next_event().unwrap();
    assert_eq!(scanner.file_bytes_left(0), Some(5));
    assert_eq!(scanner.file_bytes_left(7), Some(12));
    while scanner.next_event().unwrap() != Some(Event::End) {}
    assert_eq!(scanner.file_bytes_left(0), Some(0));
}

fn body_like() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        Just(b"\r\n".to_vec()),
        Just(b"--XYZ".to_vec()),
        Just(b"--".to_vec()),
        Just(b"-".to_vec()),
        Just(b"--XYZ\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n".to_vec()),
        Just(b"\r\n--XYZ--\r\n".to_vec()),
        proptest::collection::vec(any::<u8>(), 0..9),
    ];
    proptest::collection::vec(word, 0..12).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn chunking_changes_nothing_and_nothing_panics(bytes in body_like(), size in 1usize..30) {
        prop_assert_eq!(read(&bytes, usize::MAX / 2), read(&bytes, size));
    }

    #[test]
    fn any_data_comes_back(data in proptest::collection::vec(any::<u8>(), 0..300), size in 1usize..90) {
        prop_assume!(memmem::find(&data, b"\r\n--XYZ").is_none());
        let mut bytes = b"--XYZ\r\nContent-Disposition: form-data; name=file; filename=x\r\n\r\n".to_vec();
        bytes.extend_from_slice(&data);
        bytes.extend_from_slice(b"\r\n--XYZ--");
        prop_assert_eq!(read(&bytes, size), Ok(("x".to_owned(), data)));
    }
}
