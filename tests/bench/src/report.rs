//! The figures as JSON and as Markdown.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::markdown::Found;
use crate::measure::{Clean, Compiled, Outcomes};

/// The outcomes of classes as JSON.
#[must_use]
pub fn classes(classes: &BTreeMap<&'static str, Outcomes>) -> Value {
    let rows = classes.iter().map(|(class, outcomes)| {
        let counts: Map<String, Value> =
            outcomes.iter().map(|(outcome, count)| ((*outcome).to_owned(), json!(count))).collect();
        ((*class).to_owned(), Value::Object(counts))
    });
    Value::Object(rows.collect())
}

#[must_use]
pub fn clean(clean: &Clean) -> Value {
    json!({"documents": clean.documents, "exact": clean.exact, "warned": clean.warned.len()})
}

#[must_use]
pub fn compiled(compiled: &Compiled) -> Value {
    let rows = compiled.iter().map(|(class, (all, before, after))| {
        ((*class).to_owned(), json!({"documents": all, "before": before, "after": after}))
    });
    Value::Object(rows.collect())
}

#[must_use]
pub fn markdown(found: &Found) -> Value {
    let pair = |(all, there): (usize, usize)| json!([there, all]);
    json!({
        "words": pair(found.words), "formulas": pair(found.formulas), "items": pair(found.items),
        "tables": pair(found.tables), "raw_commands": found.raw, "failed": found.failed,
    })
}

/// One table of Markdown: a row for each class, a column for each outcome that occurs.
#[must_use]
pub fn table(figures: &Value, order: &[&str], first: &str) -> String {
    let rows: Vec<(&String, &Map<String, Value>)> = figures
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(class, counts)| Some((class, counts.as_object()?)))
        .collect();
    let columns: Vec<&str> = order
        .iter()
        .copied()
        .filter(|column| rows.iter().any(|(_, counts)| counts.contains_key(*column)))
        .collect();
    let mut out = format!("| {first} | {} |\n|---|{}\n", columns.join(" | "), "---:|".repeat(columns.len()));
    for (class, counts) in rows {
        let cells: Vec<String> = columns
            .iter()
            .map(|column| counts.get(*column).map_or(String::new(), Value::to_string))
            .collect();
        out.push_str(&format!("| {class} | {} |\n", cells.join(" | ")));
    }
    out
}

/// The page about the figures.
#[must_use]
pub fn page(figures: &Value) -> String {
    let measured = &figures["measured"];
    let number = |value: &Value| value.as_u64().unwrap_or(0);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let clean = |name: &str| {
        let clean = &measured["clean"][name];
        format!(
            "{} of {} come out as they came; {} have a warning",
            number(&clean["exact"]),
            number(&clean["documents"]),
            number(&clean["warned"])
        )
    };
    let share = |value: &Value| {
        let (there, all) = (number(&value[0]), number(&value[1]).max(1));
        format!("{} of {} ({} %)", there, all, there * 1000 / all / 10)
    };
    let markdown: String = ["words", "formulas", "items", "tables"]
        .iter()
        .map(|name| {
            let of = |whose: &str| share(&measured["markdown"][whose][*name]);
            format!("| {name} | {} | {} |\n", of("ours"), of("pandoc"))
        })
        .collect();
    let compiled = table(&measured["compiled"], &["documents", "before", "after"], "class");
    let sum = |which: &str| {
        let classes = measured["compiled"].as_object().into_iter().flatten();
        classes.map(|(_, counts)| number(&counts[which])).sum::<u64>()
    };
    let origins: Vec<String> = measured["documents"]["public_origins"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, compile)| format!("{name} {}", number(compile)))
        .collect();
    let seam_outcomes = ["exact", "exact but for blanks", "exact, said to be uncertain", "said", "silent"];
    format!(
        "# OCR: what becomes of a model's answers\n\n\
         Written by `cargo xtask bench ocr` on {}; model: {}. [ocr.json](ocr.json) has the same figures, and those that \
         `cargo xtask test unit` compares (`tests/bench/tests/recorded.rs`).\n\n\
         Documents are made by `tests/bench/src/generator.rs`: exams and courses in French and English from {} templates \
         and features, of which {} compile here. The public ones are the manuals and examples that the machine's TeX brings \
         with it, read where they are, and those that git fetches under their licences (`xtask/src/bench/public.rs`): {} \
         compile alone ({}).\n\n\
         ## Clean answers\n\n- Made here: {}.\n- Public: {}.\n\n\
         ## Defects\n\nEach class is put into {} documents (tests/bench/src/defects.rs). `exact`: the document, byte by byte. \
         `refused`: no document, and nothing is charged. `repaired`: it compiles and no word is lost, or the loss is said. \
         `said`: a warning, with its line. `silent`: neither.\n\n{}\n\
         ### Compile rate\n\n{} of {} answers with a defect compile as they came, {} as they are delivered.\n\n{}\n\
         ## Cuts and seams\n\nCut at random places, and continued in the ways in which models go on.\n\n\
         Made here:\n\n{}\nPublic:\n\n{}\n\
         ## Markdown\n\n| found in it | ours | pandoc |\n|---|---:|---:|\n{}| commands left in the text | {} | {} |\n",
        text(&figures["date"]),
        text(&figures["model"]),
        number(&measured["documents"]["made"]),
        number(&measured["documents"]["made_compile"]),
        number(&measured["documents"]["public_compile"]),
        origins.join(", "),
        clean("made"),
        clean("public"),
        number(&measured["documents"]["spoilt"]),
        table(&measured["defects"], &crate::measure::OUTCOMES, "class"),
        sum("before"),
        sum("documents"),
        sum("after"),
        compiled,
        table(&measured["seams"], &seam_outcomes, "continued"),
        table(&measured["public_seams"], &seam_outcomes, "continued"),
        markdown,
        number(&measured["markdown"]["ours"]["raw_commands"]),
        number(&measured["markdown"]["pandoc"]["raw_commands"]),
    )
}
