//! Finds Python in a text without fences. It takes the lines from the first one that can only be Python to the last one
//! before prose follows.

use std::ops::Range;

use super::lines::Lines;

/// The lines before `end` that read as Python; empty when none does.
pub(super) fn span(lines: &Lines<'_>, end: usize) -> Range<usize> {
    let Some(start) = (0..end).find(|&at| is_statement(lines.get(at))) else {
        return 0..0;
    };
    let mut last = start;
    for at in start..end {
        let line = lines.get(at);
        if line.trim().is_empty() {
            continue;
        }
        if !is_statement(line) && !can_continue(line) {
            break;
        }
        last = at;
    }
    start..last + 1
}

/// Whether most lines of a block are statements or can follow one, and at least one is a statement.
pub(super) fn reads_as_python(content: &[&str]) -> bool {
    let solid = content.iter().filter(|line| !line.trim().is_empty());
    let (mut all, mut python, mut statements) = (0_usize, 0_usize, 0_usize);
    for line in solid {
        all += 1;
        statements += usize::from(is_statement(line));
        python += usize::from(is_statement(line) || can_continue(line));
    }
    statements > 0 && python * 2 > all
}

/// Whether the line cannot be prose: a definition, an import, an assignment, a call.
fn is_statement(line: &str) -> bool {
    let line = line.trim_end();
    let code = line.trim_start();
    let compound = code.ends_with(':') && !code.contains("://");
    let starts = |words: &[&str]| words.iter().any(|word| code.starts_with(word));
    (starts(&["def ", "async def "]) && code.contains('('))
        || (code.starts_with("class ") && compound && !code.contains(" :"))
        || is_import(code)
        || (compound && starts(&["if ", "elif ", "while ", "with ", "except ", "match ", "case "]))
        || (compound && starts(&["for ", "async for "]) && code.contains(" in "))
        || matches!(code, "try:" | "else:" | "finally:" | "except:" | "pass" | "break" | "continue")
        || code.strip_prefix('@').is_some_and(is_dotted_name_or_call)
        || is_assignment(code)
        || is_call(code)
}

/// Whether the line is Python if a statement precedes it: indented, a comment, a closing bracket, a decorator.
fn can_continue(line: &str) -> bool {
    line.starts_with([' ', '\t', '#', ')', ']', '}', '@'])
        || ["return", "raise ", "assert ", "del ", "global ", "yield", "\"\"\"", "'''"]
            .iter()
            .any(|word| line.starts_with(word))
}

fn is_import(code: &str) -> bool {
    let Some(names) = code.strip_prefix("import ") else {
        return code.strip_prefix("from ").is_some_and(|rest| {
            rest.split_once(" import ").is_some_and(|(module, names)| {
                is_dotted_name(module.trim_start_matches('.')) && !names.trim().is_empty()
            })
        });
    };
    names.split(',').all(|name| {
        let name = name.split_once(" as ").map_or(name, |(name, _)| name);
        is_dotted_name(name.trim())
    })
}

fn is_assignment(code: &str) -> bool {
    let Some((left, right)) = code.split_once('=') else {
        return false;
    };
    let left = left.trim_end_matches(['+', '-', '*', '/', '%', '|', '&', '^', ':']).trim_end();
    let left = left.split_once(':').map_or(left, |(name, _)| name);
    !right.starts_with('=') && !right.trim().is_empty() && left.split(',').all(|name| is_target(name.trim()))
}

/// `name`, `name.field`, `name[…]`.
fn is_target(text: &str) -> bool {
    let text = text.trim_matches(['(', ')', '*']);
    match text.split_once('[') {
        Some((name, index)) => is_dotted_name(name) && index.ends_with(']'),
        None => is_dotted_name(text),
    }
}

fn is_call(code: &str) -> bool {
    code.split_once('(').is_some_and(|(name, rest)| is_dotted_name(name) && rest.ends_with(')'))
}

fn is_dotted_name_or_call(text: &str) -> bool {
    is_dotted_name(text) || is_call(text)
}

fn is_dotted_name(text: &str) -> bool {
    text.split('.').all(|part| {
        part.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    })
}
