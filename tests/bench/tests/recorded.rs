//! The figures that need neither a TeX nor a network are no worse than the recorded ones (docs/benchmarks/ocr.json).

use bench::generator::documents;
use bench::measure::{clean, defects, seams};
use bench::{OFFLINE_CUTS, OFFLINE_DOCUMENTS, markdown, report};
use serde_json::{Value, json};

const RECORDED: &str = include_str!("../../../docs/benchmarks/ocr.json");

/// What a class must not have more of.
const BAD: [&str; 2] = ["silent", "said"];

fn offline() -> Value {
    let made = documents(OFFLINE_DOCUMENTS);
    let (classes, _) = defects(&made, None).unwrap();
    json!({
        "clean": report::clean(&clean(&made)),
        "defects": report::classes(&classes),
        "seams": report::classes(&seams(&made, OFFLINE_CUTS)),
    })
}

fn count(figures: &Value, class: &str, outcome: &str) -> u64 {
    figures[class][outcome].as_u64().unwrap_or(0)
}

#[test]
fn no_class_of_answers_fares_worse_than_recorded() {
    let (now, recorded) = (offline(), serde_json::from_str::<Value>(RECORDED).unwrap()["offline"].clone());
    let mut worse = Vec::new();
    for part in ["defects", "seams"] {
        assert_eq!(
            now[part].as_object().unwrap().keys().collect::<Vec<_>>(),
            recorded[part].as_object().unwrap().keys().collect::<Vec<_>>(),
            "a class without figures: `cargo xtask bench ocr` records them. Now: {now}"
        );
        for class in now[part].as_object().unwrap().keys() {
            // What is said instead of being silent is better; what is said instead of being exact is worse.
            let silent = |figures: &Value| count(&figures[part], class, BAD[0]);
            let bad = |figures: &Value| silent(figures) + count(&figures[part], class, BAD[1]);
            if silent(&now) > silent(&recorded) || bad(&now) > bad(&recorded) {
                worse.push(format!("{class}: {} was {}", now[part][class], recorded[part][class]));
            }
        }
    }
    assert!(worse.is_empty(), "{}", worse.join("\n"));
}

#[test]
fn the_markdown_holds_no_less_than_recorded() {
    let now = report::markdown(&markdown::ours(&documents(OFFLINE_DOCUMENTS)));
    let recorded = &serde_json::from_str::<Value>(RECORDED).unwrap()["offline"]["markdown"];
    for found in ["words", "formulas", "items", "tables"] {
        let [now, recorded] =
            [&now[found], &recorded[found]].map(|counts| [0, 1].map(|at| counts[at].as_u64()));
        assert!(now[1] == recorded[1] && now[0] >= recorded[0], "{found}: {now:?} was {recorded:?}");
    }
    assert!(now["raw_commands"].as_u64() <= recorded["raw_commands"].as_u64(), "{now} was {recorded}");
}

#[test]
fn a_clean_answer_is_delivered_byte_by_byte_and_without_a_warning() {
    let clean = clean(&documents(OFFLINE_DOCUMENTS));
    assert_eq!((clean.exact, clean.warned), (OFFLINE_DOCUMENTS, vec![]));
}
