//! Formulas of lessons, of mistakes, and of a property test.

use proptest::prelude::*;

use super::*;

#[test]
fn the_formulas_of_a_lesson_become_mathml() {
    let x = "<mi>x</mi>";
    for (source, expected) in [
        ("x^2", "<msup><mi>x</mi><mn>2</mn></msup>"),
        ("x_i^{n+1}", "<msubsup><mi>x</mi><mi>i</mi><mrow><mi>n</mi><mo>+</mo><mn>1</mn></mrow></msubsup>"),
        ("\\frac{1}{3}", "<mfrac><mrow><mn>1</mn></mrow><mrow><mn>3</mn></mrow></mfrac>"),
        ("\\frac12x", "<mfrac><mn>1</mn><mn>2</mn></mfrac><mi>x</mi>"),
        ("\\sqrt[3]{x}", "<mroot><mrow><mi>x</mi></mrow><mrow><mn>3</mn></mrow></mroot>"),
        (
            "\\sum_{i=1}^n i",
            "<munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi></munderover><mi>i</mi>",
        ),
        (
            "\\int_0^1 x\\,dx",
            "<msubsup><mo>∫</mo><mn>0</mn><mn>1</mn></msubsup><mi>x</mi><mspace width=\"0.17em\"/><mi>d</mi><mi>x</mi>",
        ),
        ("O(n \\log n)", "<mi>O</mi><mo>(</mo><mi>n</mi><mi>log</mi><mi>n</mi><mo>)</mo>"),
        (
            "a \\le b < 3{,}5",
            "<mi>a</mi><mo>≤</mo><mi>b</mi><mo>&lt;</mo><mn>3</mn><mrow><mo>,</mo></mrow><mn>5</mn>",
        ),
        ("\\left( x \\right.", &format!("<mrow><mo stretchy=\"true\">(</mo>{x}</mrow>")),
        (
            "\\left( x \\rightarrow x \\right.",
            &format!("<mrow><mo stretchy=\"true\">(</mo>{x}<mo>→</mo>{x}</mrow>"),
        ),
        ("\\text{si <b> } x", &format!("<mtext>si &lt;b&gt; </mtext>{x}")),
        ("f'(x)", &format!("<msup><mi>f</mi><mo>′</mo></msup><mo>(</mo>{x}<mo>)</mo>")),
        ("x \\in \\mathbb{R}", &format!("{x}<mo>∈</mo><mi>ℝ</mi>")),
        (
            "\\begin{aligned}x &= 1 \\\\[2pt] &< x \\\\\n\\end{aligned}",
            &format!(
                "<mrow><mtable class=\"aligned\"><mtr><mtd>{x}</mtd><mtd><mo>=</mo><mn>1</mn></mtd></mtr>\
                 <mtr><mtd></mtd><mtd><mo>&lt;</mo>{x}</mtd></mtr></mtable></mrow>"
            ),
        ),
        (
            "\\begin{pmatrix}1\\end{pmatrix}",
            "<mrow><mo stretchy=\"true\">(</mo><mtable><mtr><mtd><mn>1</mn></mtd></mtr></mtable><mo stretchy=\"true\">)</mo></mrow>",
        ),
        (
            "\\begin{array}{|c|}\\hline x\\end{array}",
            &format!("<mrow><mtable><mtr><mtd>{x}</mtd></mtr></mtable></mrow>"),
        ),
        (
            "\\displaystyle x~\\tag{1}",
            &format!("{x}<mspace width=\"0.33em\"/><mspace width=\"2em\"/><mtext>(1)</mtext>"),
        ),
    ] {
        let markup = render(source, Display::Inline);
        assert_eq!(markup, Some(format!("<math display=\"inline\">{expected}</math>")), "{source}");
    }
    assert!(render("x", Display::Block).unwrap().contains("display=\"block\""));
}

#[test]
fn what_is_not_understood_is_left_to_be_shown_as_its_source() {
    let long = "x".repeat(SOURCE_BYTES_MAX + 1);
    let deep = "{".repeat(DEPTH_MAX + 1) + &"}".repeat(DEPTH_MAX + 1);
    for source in [
        "\\frac{1}",
        "\\nosuchcommand",
        "{",
        "}",
        "x^",
        "x^2^3",
        "\\def\\a{b}",
        "\\é",
        "\\",
        "a & b",
        "\\text{\\a}",
        "\\begin{tabular}{c}x\\end{tabular}",
        "\\begin{matrix}x",
        "\\begin{matrix}x\\end{pmatrix}",
        "\\begin{matrix}{x & x}\\end{matrix}",
        "\\left( x",
        &long,
        &deep,
    ] {
        assert_eq!(render(source, Display::Inline), None, "{source}");
    }
}

fn is_well_formed(markup: &str) -> bool {
    let mut open = Vec::new();
    for part in markup.split('<').skip(1) {
        let Some((tag, _)) = part.split_once('>') else { return false };
        let name = tag.split(' ').next().unwrap_or_default();
        match name.strip_prefix('/') {
            Some(name) if open.pop() != Some(name) => return false,
            Some(_) => {}
            None if tag.ends_with('/') => {}
            None => open.push(name),
        }
    }
    open.is_empty()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn whatever_the_source_is_the_markup_is_well_formed_and_nothing_panics(
        words in proptest::collection::vec(proptest::sample::select(vec![
            "\\frac", "\\sqrt", "[3]", "\\left", "\\right", "(", ")", "\\text", "\\vec", "\\sum", "\\lim", "\\mathbb", "\\begin{cases}", "\\end{cases}", "&", "\\\\", "\\",
            "{", "}", "^", "_", "'", "x", "é", "12.5", "<", ">", "&", "<script>", "\"", "$", " ", "{x}", "\\,", "\\é",
        ]), 0..14),
    ) {
        let source = words.concat();
        if let Some(markup) = render(&source, Display::Inline) {
            prop_assert!(is_well_formed(&markup), "{}: {}", source, markup);
            prop_assert!(!markup.contains("<script"), "{}", markup);
        }
    }
}
