//! The language that a fence's tag names, and which untagged blocks show a terminal and not a program.

use super::guess;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Python,
    /// A recorded interactive session: the input follows `>>> ` and `... `.
    Session,
    /// No tag, or one that only means text.
    Untagged,
    Other,
}

impl Language {
    /// The language of a fence's tag, in upper or lower case. Unknown tags are [`Self::Other`].
    pub(super) fn from_tag(tag: &str) -> Self {
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

/// The input of a recorded session, without the prompts. The whole block when it has no prompt.
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

/// Whether an untagged block shows a terminal: commands, a traceback, or what a program printed. `announcement` is the
/// sentence before the block.
pub(super) fn is_shell_or_output(content: &[&str], announcement: &str) -> bool {
    let mut solid = content.iter().map(|line| line.trim()).filter(|line| !line.is_empty()).peekable();
    let traceback = solid.peek().is_some_and(|first| first.starts_with("Traceback (most recent call last)"));
    let shell = solid.all(|line| {
        ["$ ", "% ", "> ", "pip ", "pip3 ", "python ", "python3 ", "py ", "conda ", "apt ", "sudo ", "cd "]
            .iter()
            .any(|command| line.starts_with(command))
    });
    if traceback || shell {
        return true;
    }
    let announcement = announcement.to_lowercase();
    ["sortie", "affiche", "résultat", "output", "prints", "result", "console", "terminal"]
        .iter()
        .any(|word| announcement.contains(word))
        && !guess::reads_as_python(content)
}
