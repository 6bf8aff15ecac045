//! Lines that stand on both sides of a seam, and whether they are the same ones or only look the same.

use crate::lines::{Line, lines_with_text};
use crate::repeat::is_layout;

/// Lines looked at for an overlap.
const OVERLAP_LINES_MAX: usize = 60;

/// Lines that stand on both sides of a seam.
pub(crate) struct Overlap {
    /// Offset behind them in what follows.
    pub from: usize,
    /// They are not other lines that only look the same.
    pub certain: bool,
}

/// The lines of `new` that also end `old`.
pub(crate) fn overlap(old: &str, new: &str) -> Option<Overlap> {
    let old: Vec<Line<'_>> = lines_with_text(old).collect();
    let new: Vec<Line<'_>> = lines_with_text(new).take(OVERLAP_LINES_MAX).collect();
    let most = OVERLAP_LINES_MAX.min(old.len()).min(new.len());
    let count = (1..=most).rev().find(|count| {
        let tail = old.iter().skip(old.len() - count);
        tail.zip(&new).all(|(old, new)| old.text == new.text)
    })?;
    let (same, behind) = new.split_at_checked(count)?;
    let before = old.len().checked_sub(count + 1).and_then(|at| old.get(at));
    let same_before = before.is_some_and(|line| same.iter().any(|new| new.text == line.text));
    // Lines may well stand there twice that say nothing, such as `\end{enumerate}`, or that come again behind them.
    let again = (1..=count).any(|period| {
        same.iter().zip(same.iter().skip(period)).all(|(one, other)| one.text == other.text)
            && (same.iter().take(period).all(|line| is_layout(line.text))
                || behind
                    .first()
                    .is_some_and(|next| same.get(count - period).is_some_and(|line| line.text == next.text)))
    });
    Some(Overlap { from: same.last()?.end, certain: !same_before && !again })
}

/// With how many same lines two bodies begin, up to 2: then the second one is the document again. Lines that only look
/// the same, such as those of a form, count as one.
pub(crate) fn same_lines(one: &str, other: &str) -> usize {
    let pairs = lines_with_text(one).zip(lines_with_text(other)).take(OVERLAP_LINES_MAX);
    let same = pairs.take_while(|(one, other)| one.text == other.text);
    let (all, layout) =
        same.fold((0, 0), |(all, layout), (line, _)| (all + 1, layout + usize::from(is_layout(line.text))));
    if all > layout { all.min(2) } else { all.min(1) }
}
