//! Tables of inputs and what they parse to: every spelling, and every bug that was reported.

use super::{Answer, Block, Place, parse, parse_code, parse_explanation};

#[track_caller]
fn check(input: &str, code: &str, explanation: &str) {
    let answer = parse(input);
    assert_eq!((answer.code.as_str(), answer.explanation.as_str()), (code, explanation), "input: {input:?}");
}

#[test]
fn every_spelling_of_the_marker_opens_the_explanation() {
    const MARKERS: &str = "Explication:|Explication :|Explication\u{a0}:|Explication\u{202f}:|Explication\u{2009}:|\
        Explication\t:|Explications :|EXPLICATION :|explication :|**Explication :**|**Explication:**|\
        **Explication\u{a0}:**|**Explication** :|**Explication**:|**Explication**|***Explication :***|\
        __Explication__:|__Explication :__|*Explication:*|_Explication_ :|# Explication|### Explication|\
        ### Explication :|### **Explication :**|### Explication ###|## Explication du code :|\
        ## Explication du code|#### 2. Explication pas à pas|> **Explication :**|> Explication :|\
        1. Explication :|2) **Explication :**|- Explication :|* **Explication** :|Explication：|\
        **Explication：**|📖 **Explication :**|### 🧠 Explication|2️⃣ Explication :|✅ Explication :|\
        <strong>Explication :</strong>|<b>Explication</b> :|<h3>Explication</h3>|\
        <p><strong>Explication :</strong></p>|Explanation:|**Explanation:**|### Explanation|Explanations:|\
        Explication détaillée :|Explication de\u{301}taillée :|Explication étape par étape :|\
        **Explication du programme :**|Explanation of the code:|**Code explanation:**|Brève explication :|\
        Voici l'explication :|Voici l’explication :|  Explication :|\u{a0}Explication :|\
        \u{200b}Explication :|Explication\n-----------|Explication\n===";
    for marker in MARKERS.split('|') {
        check(&format!("```python\nx = 1\n```\n\n{marker}\nOn affecte.\n"), "x = 1", "On affecte.");
        if !marker.contains('\n') && !marker.contains("</h3>") && !marker.ends_with("###") {
            let rest =
                if marker.starts_with('#') && !marker.ends_with([':', '*']) { "" } else { " On affecte." };
            check(
                &format!("```python\nx = 1\n```\n{marker}{rest}\nPuis on lit."),
                "x = 1",
                &format!("{}{}Puis on lit.", rest.trim(), if rest.is_empty() { "" } else { "\n" }),
            );
        }
    }
}

#[test]
fn a_sentence_about_an_explanation_is_not_the_marker() {
    for line in [
        "L'explicationne existe pas :",
        "Explication",
        "*Explication*",
        "Explication de texte.",
        "Cette explication : rien.",
        "Mon explication est longue, très longue, et elle ne finit pas avant un bon moment : voilà.",
        "Explicationnisme :",
        "Explication = 3",
        "Inexplication :",
    ] {
        let input = format!("Avant.\n```python\nx = 1\n```\n{line}\nAprès.");
        check(&input, "x = 1", &format!("Avant.\n{line}\nAprès."));
    }
}

#[test]
fn the_first_marker_after_the_code_counts_then_any_other_but_none_inside_code() {
    // A comment inside the code is code.
    check(
        "```python\n# Explication: on additionne\nprint(1 + 1)\n```\n**Explication :** deux.",
        "# Explication: on additionne\nprint(1 + 1)",
        "deux.",
    );
    // Only a comment: no marker at all, so the prose is the explanation.
    check(
        "Voici.\n```python\n# Explication : rien\nx = 1\n```\nFin.",
        "# Explication : rien\nx = 1",
        "Voici.\nFin.",
    );
    // Before and after: the one after the code has precedence.
    check("Explication : avant.\n```python\nx = 1\n```\nExplication : après.", "x = 1", "après.");
    // Only before: it is the explanation, and the code does not appear in it.
    check("**Explication :** avant.\n\n```python\nx = 1\n```\n\nVoilà.", "x = 1", "avant.\n\n\nVoilà.");
    // No marker: all prose outside the blocks.
    check(
        "Un.\n```python\nx = 1\n```\nDeux.\n```bash\npip install x\n```\nTrois.",
        "x = 1",
        "Un.\nDeux.\nTrois.",
    );
    // An opener on the marker's own line.
    check("Explication : ```text\na\n```\nb\n```python\nx = 1\n```", "x = 1", "```text\na\n```\nb");
    // No explanation, or no code.
    check("```python\nx = 1\n```", "x = 1", "");
    check("", "", "");
    check("Je ne peux pas répondre à cela.", "", "Je ne peux pas répondre à cela.");
}

#[test]
fn fences_follow_commonmark() {
    for (input, code) in [
        // Tildes, longer fences, indentation, no closer, blank lines around, CRLF.
        ("~~~python\nx = 1\n~~~", "x = 1"),
        ("````python\n```\nx = 1\n```\n````", "```\nx = 1\n```"),
        ("```python\nx = 1\n~~~\n```", "x = 1\n~~~"),
        ("~~~python\nx = 1\n```\n~~~", "x = 1\n```"),
        ("   ```python\n   x = 1\n     y = 2\n   ```", "x = 1\n  y = 2"),
        ("  ```python\nx = 1\n```", "x = 1"),
        ("```python\n\n\nx = 1\n\n\n```", "x = 1"),
        ("```python\r\nif x:\r\n\ty = 1\r\n```\r\n", "if x:\n\ty = 1"),
        ("```python\rx = 1\r```", "x = 1"),
        ("\u{feff}```python\nx = 1\n```", "x = 1"),
        // A closer may be longer and have blanks after it; a shorter one, or one with text, closes nothing.
        ("```python\nx = 1\n`````  ", "x = 1"),
        ("````python\nx = 1\n```\n````", "x = 1\n```"),
        ("```python\nx = 1\n``` fin\ny = 2\n```", "x = 1\n``` fin\ny = 2"),
        // Four columns of indentation make no closer: a docstring may show a fence.
        (
            "```python\ndef f():\n    \"\"\"\n    ```\n    f()\n    ```\n    \"\"\"\n```",
            "def f():\n    \"\"\"\n    ```\n    f()\n    ```\n    \"\"\"",
        ),
        // Backticks in the info string make it inline code, not an opener.
        ("```python x = 1```\n```python\ny = 2\n```", "y = 2"),
        // Cut: the lines before the cut are the code.
        ("```python\nx = 1\ny =", "x = 1\ny ="),
        ("```python\n", ""),
        ("```python", ""),
        // Inside a list item, and inside a quote.
        ("1. Voici :\n\n    ```python\n    x = 1\n    ```", "x = 1"),
        ("1. Voici :\n\n   ```python\nx = 1\n   ```\n", "x = 1"),
        ("- ```python\n  x = 1\n  ```", "x = 1"),
        ("> ```python\n> x = 1\n>  y = 2\n> ```\nfin", "x = 1\n y = 2"),
        ("> ```python\n> x = 1\nfin", "x = 1"),
        // A fence indented by four columns outside a list is indented text.
        ("    ```python\n    x = 1\n    ```\n\n```python\ny = 2\n```", "y = 2"),
        // An opener at the end of a sentence.
        ("Voici le code : ```python\nx = 1\n```\nVoilà.", "x = 1"),
    ] {
        assert_eq!(parse(input).code, code, "input: {input:?}");
    }
}

#[test]
fn every_tag_of_python_is_python_and_no_other_tag_loses_its_block() {
    const TAGS: &str = "python|Python|PYTHON|py|python3|py3|python3.12|{python}|{.python}|{.python .numberLines}|ipython|\
        text/x-python| python|python title=\"x.py\"|python,linenos|python:main.py|python {linenos=true}";
    for tag in TAGS.split('|') {
        check(&format!("```bash\nls\n```\n```{tag}\nx = 1\n```\nExplication : a."), "x = 1", "a.");
    }
    for tag in ["c++", "c#", "objective-c", "f#", "asp.net", "javascript", "bash"] {
        let answer = parse(&format!("```{tag}\nA\n```\nExplication : a.\n```python\nx = 1\n```"));
        let places: Vec<_> =
            answer.blocks.iter().map(|block| (block.language.as_str(), block.place)).collect();
        assert_eq!(answer.code, "x = 1");
        assert_eq!(places, [(tag, Place::Elsewhere), ("python", Place::Code)]);
        // Alone, it is a block, but not the code.
        let alone = parse(&format!("```{tag}\nA\n```\nfin"));
        assert_eq!((alone.code.as_str(), alone.blocks.len()), ("", 1));
    }
}

#[test]
fn the_right_block_is_chosen_among_several() {
    for (input, code) in [
        // First tagged Python, wherever it is; several stay apart in `blocks`.
        ("```\na\n```\n```python\nb\n```\n```python\nc\n```", "b"),
        // Else the first untagged one that reads as Python, else the first untagged one.
        ("```\n42\n```\n```\nx = 1\n```", "x = 1"),
        ("```\nSELECT 1\n```", "SELECT 1"),
        // A shell session, a traceback, a program's output are not the program.
        ("```\n$ pip install numpy\n```\n```\nx = 1\n```", "x = 1"),
        ("```\npip install numpy\n```", ""),
        ("```\nTraceback (most recent call last):\n  File\n```", ""),
        ("Sortie :\n\n```\n[1, 2]\n```", ""),
        // An empty Python block does not hide the real one.
        ("```python\n\n```\n```python\nx = 1\n```", "x = 1"),
        // A recorded session gives what was typed.
        ("```pycon\n>>> x = 1\n>>> if x:\n...     x\n...\n1\n```", "x = 1\nif x:\n    x\n"),
        ("```python-console\nx = 1\n```", "x = 1"),
    ] {
        assert_eq!(parse(input).code, code.trim_end_matches('\n'), "input: {input:?}");
    }
}

#[test]
fn a_block_inside_the_explanation_stays_in_its_place() {
    let answer = parse(
        "```python\nprint(1)\n```\n\n**Explication :**\nOn affiche.\n\nSortie :\n```text\n1\n```\nFin.",
    );
    assert_eq!(answer.explanation, "On affiche.\n\nSortie :\n```text\n1\n```\nFin.");
    let block = |language: &str, code: &str, place| Block {
        language: language.to_owned(),
        code: code.to_owned(),
        place,
    };
    assert_eq!(
        answer.blocks,
        [block("python", "print(1)", Place::Code), block("text", "1", Place::Explanation)]
    );
}

#[test]
fn without_fences_what_reads_as_python_is_the_code() {
    for (input, code, explanation) in [
        (
            "Bien sûr !\ndef f(x):\n    return x + 1\n\nprint(f(1))\nExplication : on ajoute un.",
            "def f(x):\n    return x + 1\n\nprint(f(1))",
            "on ajoute un.",
        ),
        (
            "import os\nprint(os.name)\n\nVoilà, c'est tout.",
            "import os\nprint(os.name)",
            "Voilà, c'est tout.",
        ),
        ("from math import pi\nr: float = 2\nr += 1", "from math import pi\nr: float = 2\nr += 1", ""),
        ("Utilisez la fonction sorted pour trier.", "", "Utilisez la fonction sorted pour trier."),
        ("for x in range(3):\n    print(x)", "for x in range(3):\n    print(x)", ""),
        // The original looked for a fence, found none and cut at an arbitrary place.
        ("Explication : aucune", "", "aucune"),
    ] {
        check(input, code, explanation);
    }
}

#[test]
fn escapes_are_undone_once_and_only_where_there_is_no_real_line_end() {
    check(r#"```python\nprint(\"a\\n\")\n```\n**Explication :** b"#, "print(\"a\\n\")", "b");
    check("```python\\nprint(\"a\")\\n```", "print(\"a\")", "");
    check(r"x = 1\nprint(x)\nExplication : \u00e9tape", "x = 1\nprint(x)", "étape");
    check("```python\nprint(\"a\\n\")\n```", "print(\"a\\n\")", "");
    check("print(\"a\\n\")", "print(\"a\\n\")", "");
    check(r"```python\nif a &lt; b &amp;&amp; c:\n```", "if a < b && c:", "");
    check("On écrit `&lt;`\nainsi", "", "On écrit `&lt;`\nainsi");
    check("&amp;lt;", "", "&lt;");
    check(r"a &lt; b \r\n c", "", "a < b \n c");
}

#[test]
fn a_code_field_loses_its_fence_and_an_explanation_field_its_marker_and_nothing_else() {
    assert_eq!(parse_code("```python\nx = 1\n```"), "x = 1");
    assert_eq!(parse_code("\nx = 1\n\ny = 2\n"), "x = 1\n\ny = 2");
    assert_eq!(parse_code("du texte"), "du texte");
    assert_eq!(parse_explanation("\n**Explication :** a\nb"), "a\nb");
    assert_eq!(parse_explanation("a\nExplication : b"), "a\nExplication : b");
    assert_eq!(parse_explanation(""), "");
}

#[test]
fn markup_in_an_answer_is_kept_as_text() {
    let answer = parse("```python\n</textarea><script>alert(1)</script>\n```\nExplication : <img onerror=x>");
    assert_eq!(
        answer,
        Answer {
            code: "</textarea><script>alert(1)</script>".to_owned(),
            explanation: "<img onerror=x>".to_owned(),
            blocks: vec![Block {
                language: "python".to_owned(),
                code: "</textarea><script>alert(1)</script>".to_owned(),
                place: Place::Code
            }],
        }
    );
}
