//! CommonMark's containers and indentation: block quotes, list items, and the columns that blanks fill.

/// With four columns of indentation a line is indented code, neither a fence nor a quote.
pub(super) const INDENT_MAX: usize = 3;
/// A tab fills the columns up to the next multiple of this.
const TAB_COLUMNS: usize = 4;
/// A longer number does not start a list item.
const LIST_NUMBER_DIGITS_MAX: usize = 9;

/// Removes at most `most` block quote markers. Returns how many there were, and the rest.
pub(super) fn strip_quotes(line: &str, most: usize) -> (usize, &str) {
    let mut text = line;
    let mut depth = 0;
    while depth < most
        && columns(text) <= INDENT_MAX
        && let Some(rest) = text.trim_start_matches([' ', '\t']).strip_prefix('>')
    {
        text = rest.strip_prefix(' ').unwrap_or(rest);
        depth += 1;
    }
    (depth, text)
}

/// Removes a list marker. Returns the column in which the item's content starts (0 without a marker), and the rest.
pub(super) fn strip_list_marker(text: &str) -> (usize, &str) {
    let bare = text.trim_start_matches([' ', '\t']);
    let after_digits = bare.trim_start_matches(|c: char| c.is_ascii_digit());
    let after = match bare.len() - after_digits.len() {
        1..=LIST_NUMBER_DIGITS_MAX => after_digits.strip_prefix(['.', ')']),
        _ => bare.strip_prefix(['-', '*', '+']),
    };
    match after.and_then(|after| after.strip_prefix(' ')) {
        Some(content) => (columns(text) + bare.len() - content.len(), content),
        None => (0, text),
    }
}

/// The column in which the content of the current list item starts, after this line; 0 outside lists. `before` is the
/// column before this line.
pub(super) fn list_item_column(line: &str, before: usize) -> usize {
    match strip_list_marker(line).0 {
        0 if line.trim().is_empty() || columns(line) > 0 => before,
        column => column,
    }
}

/// How many columns the blanks at the start of the line fill.
pub(super) fn columns(text: &str) -> usize {
    let mut column = 0;
    for next in text.chars() {
        match column_after(next, column) {
            Some(after) => column = after,
            None => break,
        }
    }
    column
}

/// Removes at most `indent` columns of blanks. A tab that goes beyond them stays.
pub(super) fn strip_indent(line: &str, indent: usize) -> &str {
    let mut column = 0;
    let mut rest = line;
    while let Some(after) = rest.chars().next().and_then(|next| column_after(next, column))
        && after <= indent
    {
        column = after;
        rest = rest.get(1..).unwrap_or_default();
    }
    rest
}

/// The column after a blank that starts in `column`; `None` for another character.
const fn column_after(character: char, column: usize) -> Option<usize> {
    match character {
        ' ' => Some(column + 1),
        '\t' => Some(column + TAB_COLUMNS - column % TAB_COLUMNS),
        _ => None,
    }
}
