//! Blocks as Markdown text.
//!
//! Lists are indented by four columns, which every dialect understands. A paragraph is one line, because Obsidian,
//! Notion and GitHub's comments break lines where the source does; a line break in it is two blanks and a line end.

use super::block::{Block, Item, Marker};
use super::escape::{code_block, line_start};
use super::math;

/// Columns from a list's marker to its text.
const LIST_INDENT: usize = 4;

pub(super) fn render<'a>(blocks: impl IntoIterator<Item = &'a Block>) -> String {
    let mut parts: Vec<String> = Vec::new();
    // Two lists one after the other would become one: the second takes another marker.
    let mut other = false;
    let mut after_list = false;
    for block in blocks {
        let is_list = matches!(block, Block::List(_));
        other = is_list && after_list && !other;
        after_list = is_list;
        parts.push(render_block(block, other));
    }
    parts.join("\n\n")
}

fn render_block(block: &Block, other: bool) -> String {
    match block {
        Block::Paragraph(text) => text.split('\n').map(line_start).collect::<Vec<_>>().join("\n"),
        Block::Heading(level, text) => {
            format!("{} {}", "#".repeat(usize::from((*level).clamp(1, 6))), text.replace("  \n", " "))
        }
        Block::Math(body) if math::begins_a_block(body) => format!("$${body}\n$$"),
        Block::Math(body) => format!("$$\n{body}\n$$"),
        Block::Code { language, body } => code_block(language, body),
        Block::List(items) => list(items, other),
        Block::Quote(blocks) => render(blocks)
            .lines()
            .map(|line| if line.is_empty() { ">".to_owned() } else { format!("> {line}") })
            .collect::<Vec<_>>()
            .join("\n"),
        Block::Table { columns, rows } => table(columns, rows),
        Block::Rule => "---".to_owned(),
    }
}

fn list(items: &[Item], other: bool) -> String {
    let tight = items.iter().all(|item| is_tight(&item.blocks));
    let items: Vec<String> = items
        .iter()
        .map(|item| {
            let marker = match (item.marker, other) {
                (Marker::Bullet, false) => "-".to_owned(),
                (Marker::Bullet, true) => "*".to_owned(),
                (Marker::Number(number, '.'), false) | (Marker::Number(number, ')'), true) => {
                    format!("{number}.")
                }
                (Marker::Number(number, _), _) => format!("{number})"),
            };
            let pad = LIST_INDENT.saturating_sub(marker.len()).max(1);
            let body = match (tight, item.blocks.as_slice()) {
                (true, [first @ Block::Paragraph(_), nested]) => {
                    format!("{}\n{}", render_block(first, false), render_block(nested, false))
                }
                (_, blocks) => render(blocks),
            };
            let body = indent(&body, marker.len() + pad);
            format!("{marker}{}{body}", " ".repeat(pad)).trim_end_matches(' ').to_owned()
        })
        .collect();
    items.join(if tight { "\n" } else { "\n\n" })
}

/// Whether its items need no empty lines between them. A list that does not begin at 1 cannot follow a line directly.
fn is_tight(blocks: &[Block]) -> bool {
    match blocks {
        [] | [Block::Paragraph(_)] => true,
        [Block::Paragraph(_), Block::List(items)] => {
            let begins = matches!(
                items.first().map(|item| item.marker),
                Some(Marker::Bullet | Marker::Number(1, _)) | None
            );
            begins
                && items.first().is_some_and(|item| !item.blocks.is_empty())
                && items.iter().all(|item| is_tight(&item.blocks))
        }
        _ => false,
    }
}

/// Every line but the first, `columns` to the right.
fn indent(text: &str, columns: usize) -> String {
    let blanks = " ".repeat(columns);
    let mut indented = String::with_capacity(text.len());
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            indented.push('\n');
            if !line.is_empty() {
                indented.push_str(&blanks);
            }
        }
        indented.push_str(line);
    }
    indented
}

fn table(columns: &[char], rows: &[Vec<String>]) -> String {
    let row = |cells: &[String]| format!("| {} |", cells.join(" | "));
    let rules: Vec<String> = columns
        .iter()
        .map(|column| match column {
            'c' => ":---:".to_owned(),
            'r' => "---:".to_owned(),
            _ => "---".to_owned(),
        })
        .collect();
    let mut lines: Vec<String> = rows.iter().map(|cells| row(cells)).collect();
    lines.insert(1.min(lines.len()), row(&rules));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(marker: Marker, blocks: Vec<Block>) -> Item {
        Item { marker, blocks }
    }

    #[test]
    fn lists_are_tight_where_they_can_be() {
        let text = |text: &str| Block::Paragraph(text.into());
        let nested = Block::List(vec![item(Marker::Bullet, vec![text("c")])]);
        let tight = Block::List(vec![
            item(Marker::Number(1, '.'), vec![text("a"), nested]),
            item(Marker::Number(2, '.'), vec![text("b")]),
        ]);
        assert_eq!(render(&[tight]), "1.  a\n    -   c\n2.  b");
        let loose = Block::List(vec![
            item(Marker::Bullet, vec![text("a"), Block::Math("x".into())]),
            item(Marker::Bullet, vec![text("b")]),
        ]);
        assert_eq!(render(&[loose]), "-   a\n\n    $$\n    x\n    $$\n\n-   b");
    }

    #[test]
    fn neighbouring_lists_stay_two() {
        let one = Block::List(vec![item(Marker::Bullet, vec![Block::Paragraph("a".into())])]);
        assert_eq!(render(&[one.clone(), one.clone(), one]), "-   a\n\n*   a\n\n-   a");
    }
}
