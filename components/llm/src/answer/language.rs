//! What a fence's tag means, and which untagged blocks are a terminal's text rather than a program.

use super::fence::Fenced;
use super::guess;
use super::lines::Lines;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Python,
    /// A recorded interactive session: `>>> ` before what was typed.
    Session,
    /// No tag, or one that only says "text".
    Untagged,
    Other,
}

impl Language {
    /// The language of a fence's tag, in any case. Unknown tags are [`Self::Other`].
    pub(super) fn of(tag: &str) -> Self {
        let tag = tag.to_ascii_lowercase();
        match tag.as_str() {
            "python" | "py" | "ipython" | "ipython3" | "text/x-python" | "application/x-python" => {
                Self::Python
            }
            "pycon" | "python-console" | "python-repl" | "pyrepl" | "doctest" => Self::Session,
            "" | "code" | "text" | "txt" | "plaintext" | "plain" => Self::Untagged,
            _ => {
                // python3, py3, python3.12
                let version = tag.strip_prefix("python").or_else(|| tag.strip_prefix("py"));
                match version {
                    Some(version) if version.chars().all(|c| c.is_ascii_digit() || c == '.') => Self::Python,
                    _ => Self::Other,
                }
            }
        }
    }
}

/// What was typed in a recorded session, without the prompts. The whole block when it has none.
pub(super) fn session_input<'a>(content: &[&'a str]) -> Vec<&'a str> {
    let typed: Vec<&str> = content
        .iter()
        .filter_map(|line| {
            let rest = line.strip_prefix(">>>").or_else(|| line.strip_prefix("..."))?;
            if rest.is_empty() { Some(rest) } else { rest.strip_prefix(' ') }
        })
        .collect();
    if typed.is_empty() { content.to_vec() } else { typed }
}

/// True when an untagged block shows a terminal: commands, a traceback, or what a program printed.
pub(super) fn is_shell_or_output(block: &Fenced<'_>, lines: &Lines<'_>) -> bool {
    let mut solid = block.content.iter().map(|line| line.trim()).filter(|line| !line.is_empty()).peekable();
    let traceback = solid.peek().is_some_and(|first| first.starts_with("Traceback (most recent call last)"));
    let shell = solid.all(|line| {
        ["$ ", "% ", "> ", "pip ", "pip3 ", "python ", "python3 ", "py ", "conda ", "apt ", "sudo ", "cd "]
            .iter()
            .any(|command| line.starts_with(command))
    });
    if traceback || shell {
        return true;
    }
    let before = match (block.lead, block.lines.start) {
        (Some(lead), _) => lead,
        (None, 0) => "",
        // The sentence that announces a block stands on the line above it, or one blank line higher.
        (None, start) => [lines.get(start - 1), if start > 1 { lines.get(start - 2) } else { "" }]
            .into_iter()
            .find(|line| !line.trim().is_empty())
            .unwrap_or_default(),
    };
    let before = before.to_lowercase();
    ["sortie", "affiche", "résultat", "output", "prints", "result", "console", "terminal"]
        .iter()
        .any(|word| before.contains(word))
        && !guess::reads_as_python(&block.content)
}
