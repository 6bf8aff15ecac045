use proptest::prelude::*;

use super::*;

fn scan(bytes: &[u8]) -> Facts {
    let mut scan = Scan::default();
    scan.push(bytes);
    scan.finish()
}

fn scan_cut(bytes: &[u8], size: usize) -> Facts {
    let mut scan = Scan::default();
    for chunk in bytes.chunks(size) {
        scan.push(chunk);
    }
    scan.finish()
}

fn object_stream(objects: &[(u64, &str)], parameters: &str) -> Vec<u8> {
    let mut table = String::new();
    let mut body = String::new();
    for (number, text) in objects {
        table.push_str(&format!("{number} {} ", body.len()));
        body.push_str(text);
        body.push(' ');
    }
    let packed = miniz_oxide::deflate::compress_to_vec_zlib(format!("{table}{body}").as_bytes(), 6);
    let mut object = format!(
        "9 0 obj\n<</Type /ObjStm /N {} /First {} /Filter /FlateDecode /Length {}{parameters}>>\nstream\r\n",
        objects.len(),
        table.len(),
        packed.len()
    )
    .into_bytes();
    object.extend_from_slice(&packed);
    object.extend_from_slice(b"\nendstream\nendobj\n%%EOF\n");
    object
}

#[test]
fn counts_pages_in_plain_files() {
    let check = |body: &str, pages: Option<u32>| {
        let facts = scan(format!("%PDF-1.4\n{body}\n%%EOF\n").as_bytes());
        assert_eq!(facts.pages, pages, "{body}");
    };
    check("1 0 obj <</Type /Page>> endobj", Some(1));
    check("1 0 obj <</Type/Page/Parent 2 0 R>> endobj 3 0 obj<</Parent 2 0 R /Type /Page >>endobj", Some(2));
    check("1 0 obj <</Type /Page>> endobj 1 0 obj <</Type /Page /Annots []>> endobj", Some(1));
    check("2 0 obj <</Type /Pages /Count 7 /Kids [1 0 R]>> endobj", Some(7));
    check("2 0 obj <</Count 7 /Kids [] /Type /Pages /Parent 1 0 R>> endobj", None);
    check("2 0 obj <</Type /Pages /Count 8 0 R>> endobj", None);
    check(
        "1 0 obj <</Type /Pages /Count 1>> endobj 2 0 obj <</Type /Page>> endobj 3 0 obj <</Type /Page>> endobj",
        Some(2),
    );
    check("1 0 obj (<</Type /Page>>) endobj % <</Type /Page>>", None);
    check("1 0 obj <</Type /Catalog /Extra <</Type /Page>> >> endobj", None);
    check("1 0 obj <</Type /Page /Open << endobj 2 0 obj <</Type /Page>> endobj", Some(1));
    check("", None);
}

#[test]
fn stream_data_is_not_structure() {
    let check = |body: &str, pages: Option<u32>| {
        assert_eq!(scan(format!("%PDF-1.4\n{body}\n%%EOF\n").as_bytes()).pages, pages, "{body}");
    };
    let inside = "5 0 obj <</Type /Page>> endobj";
    check(&format!("1 0 obj <</Length 30>>\nstream\n{inside}\nendstream endobj"), None);
    check(
        &format!(
            "1 0 obj <</Length 12 0 R>>\nstream\r\n{inside}\nendstream endobj 2 0 obj <</Type/Page>> endobj"
        ),
        Some(1),
    );
    check(
        &format!("1 0 obj <</Length 4>>\nstream\n{inside}\nendstream endobj 2 0 obj <</Type/Page>> endobj"),
        Some(1),
    );
}

#[test]
fn counts_pages_inside_object_streams() {
    let pages =
        [(11, "<</Type/Page>>"), (12, "<</Type /Page /Parent 4 0 R>>"), (13, "42"), (14, "<</Type/Font>>")];
    assert_eq!(scan(&object_stream(&pages, "")).pages, Some(2));
    let tree = [(11, "<</Type/Page>>"), (4, "<</Type /Pages /Count 9>>")];
    assert_eq!(scan(&object_stream(&tree, "")).pages, Some(9));
    let twice = [object_stream(&pages, ""), object_stream(&pages, "")].concat();
    assert_eq!(scan(&twice).pages, Some(2), "an update with the same numbers");
    assert_eq!(scan(&object_stream(&pages, " /DecodeParms <</Predictor 12>>")).pages, None);
    let plain = "9 0 obj <</Type/ObjStm/N 2/First 11/Length 42>> stream\n11 0 12 16 <</Type /Page>> <</Type /Page>> endstream";
    assert_eq!(scan(plain.as_bytes()).pages, Some(2), "not compressed");
}

#[test]
fn counts_the_pages_of_the_last_tree() {
    let pages = "1 0 obj <</Type/Page/Parent 9 0 R>> endobj 2 0 obj <</Type/Page/Parent 9 0 R>> endobj ";
    let from = |tree: u32, body: &str, pages: u32| {
        let way = format!("6 0 obj <</Type/Catalog/Pages {tree} 0 R>> endobj trailer <</Size 9/Root 6 0 R>>");
        assert_eq!(scan(format!("%PDF-1.4\n{body}\n{way}%%EOF\n").as_bytes()).pages, Some(pages), "{body}");
    };
    let check = |body: &str, pages: u32| from(9, body, pages);
    let tree = |number: u32, kids: &str, count: u32| {
        format!("{pages}{number} 0 obj <</Type/Pages/Kids[{kids}]/Count {count}>> endobj\n")
    };
    check(&tree(9, "1 0 R 2 0 R", 2), 2);
    check(
        &format!("{}{}", tree(9, "1 0 R 2 0 R", 2), "9 0 obj <</Type/Pages/Kids[2 0 R]/Count 1>> endobj"),
        1,
    );
    let two =
        format!("{}{}", tree(9, "1 0 R 2 0 R", 2), "7 0 obj <</Type/Pages/Kids [ 1 0 R ]/Count 1>> endobj");
    from(7, &two, 1);
    // A tree that the trailer does not lead to takes no page away.
    from(9, &two, 2);
    from(8, &two, 2);
    check(
        &format!(
            "{}{}",
            "5 0 obj <</Type/Pages/Parent 9 0 R/Kids[1 0 R 2 0 R]>> endobj ",
            tree(9, "5 0 R", 2)
        ),
        2,
    );
    // A count that is too small, a part that was not seen, a circle, and children that are not in the node.
    check(&tree(9, "1 0 R 2 0 R", 1), 2);
    check(&tree(9, "1 0 R 3 0 R", 1), 2);
    check(&tree(9, "9 0 R 1 0 R", 1), 1);
    check(&format!("{pages}9 0 obj <</Type/Pages/Kids 8 0 R/Count 1>> endobj"), 2);
    let all = "1 0 R ".repeat(structure::KIDS_MAX + 5);
    assert!(scan(tree(9, &all, 2).as_bytes()).pages.is_some());
}

#[test]
fn without_an_end_all_announced_pages_have_to_be_there() {
    let page = "1 0 obj <</Type/Page>> endobj ";
    let ends = |count: u32| {
        let facts = scan(
            format!(
                "%PDF-1.4\n{page}2 0 obj <</Type/Pages/Kids[1 0 R]/Count {count}>> endobj\n\
                 3 0 obj <</Pages 2 0 R/Type/Catalog>> endobj trailer <</Root 3 0 R>>"
            )
            .as_bytes(),
        );
        (facts.ends, facts.ends_cleanly)
    };
    assert_eq!((ends(1), ends(2)), ((true, false), (false, false)));
}

#[test]
fn a_bomb_costs_no_more_than_the_budget() {
    let page = b"<</Type /Page>>";
    let spaces = vec![b' '; usize::try_from(scan::INFLATED_BYTES_MAX).unwrap()];
    let packed = miniz_oxide::deflate::compress_to_vec_zlib(&[page, &spaces[..], page].concat(), 1);
    let mut file = b"1 0 obj <</Type /ObjStm /First 0 /Filter /FlateDecode>> stream\n".to_vec();
    file.extend_from_slice(&packed);
    file.extend_from_slice(b"endstream endobj 2 0 obj <</Type /Page>> endobj %%EOF\n");
    let mut bomb = Scan::default();
    let (mut read, mut steps) = (0, 0);
    while read < file.len() {
        read += bomb.step(&file[read..]);
        steps += 1;
    }
    // Of 256 KiB and a little more each.
    assert!((50..70).contains(&steps), "{steps}");
    assert_eq!((bomb.budget(), bomb.finish().pages), (0, None));
    assert_eq!(scan(&file), scan_cut(&file, 100));
}

#[test]
fn encryption_and_the_end_are_found() {
    let facts = scan(b"%PDF-1.4\ntrailer <</Size 5 /Encrypt 4 0 R>>\n%%EOF\n");
    assert!(facts.encrypted && facts.ends && facts.ends_cleanly);
    let facts =
        scan(b"%PDF-1.5\n7 0 obj <</Type /XRef /Encrypt <</V 4>> /Length 3>> stream\nabc\nendstream\n%%EOF");
    assert!(facts.encrypted);
    let facts = scan(b"%PDF-1.4\n4 0 obj <</EncryptMetadata true /Name (/Encrypt)>> endobj");
    assert!(!facts.encrypted && !facts.ends);
    let mut late = b"%PDF-1.4\n%%EOF\n".to_vec();
    late.extend_from_slice(&[b'\n'; 5000]);
    let facts = scan(&late);
    assert!(facts.ends && !facts.ends_cleanly);
}

#[test]
fn real_files_have_the_pages_that_pdfinfo_says() {
    let check = |name: &str, bytes: &[u8], pages: u32, encrypted: bool| {
        for size in [1, 7, 4096, usize::MAX] {
            let facts = scan_cut(bytes, size.min(bytes.len()));
            assert_eq!(
                (facts.pages, facts.encrypted),
                (Some(pages), encrypted),
                "{name} in chunks of {size}"
            );
            assert!(facts.ends_cleanly, "{name}");
        }
    };
    check("examen", include_bytes!("../../tests/fixtures/examen.pdf"), 3, false);
    check("examen, PDF 1.4", include_bytes!("../../tests/fixtures/examen-1.4.pdf"), 3, false);
    check("scan", include_bytes!("../../tests/fixtures/scan.pdf"), 1, false);
}

#[test]
fn the_encryption_of_a_real_file_is_found() {
    let facts = scan(include_bytes!("../../tests/fixtures/protege.pdf"));
    assert!(facts.encrypted);
}

#[test]
fn a_file_costs_its_pages_or_an_estimate() {
    assert_eq!(price(Some(12), 1), 12);
    assert_eq!(price(Some(0), 1), 1);
    assert_eq!(price(None, 1), 1);
    assert_eq!(price(None, 1024 * 1024 + 1), 5);
    assert_eq!(price(None, u64::MAX), PAGES_MAX);
}

fn pdf_like() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        Just(b"/Type ".to_vec()),
        Just(b"/Page ".to_vec()),
        Just(b"/Pages ".to_vec()),
        Just(b"<<".to_vec()),
        Just(b">>".to_vec()),
        Just(b"1 0 obj ".to_vec()),
        Just(b"endobj ".to_vec()),
        Just(b"stream\r\n".to_vec()),
        Just(b"stream\n".to_vec()),
        Just(b"endstream ".to_vec()),
        Just(b"/Length 9 ".to_vec()),
        Just(b"/Count 3 ".to_vec()),
        Just(b"(".to_vec()),
        Just(b")".to_vec()),
        Just(b"<".to_vec()),
        Just(b"[".to_vec()),
        Just(b"]".to_vec()),
        Just(b"%%EOF\n".to_vec()),
        Just(b"/Encrypt ".to_vec()),
        Just(b"/Type /ObjStm /First 5 /Filter /FlateDecode ".to_vec()),
        Just(object_stream(&[(3, "<</Type/Page>>"), (4, "<</Type/Page>>")], "")),
        proptest::collection::vec(any::<u8>(), 0..12),
    ];
    proptest::collection::vec(word, 0..60).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn chunking_changes_nothing_and_nothing_panics(bytes in pdf_like(), size in 1usize..40) {
        prop_assert_eq!(scan(&bytes), scan_cut(&bytes, size));
    }
}
