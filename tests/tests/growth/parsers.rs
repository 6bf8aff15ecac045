//! The parsers (`tests/parsers`), each with the grammars that its input can be made of.

use std::borrow::Cow;

use crate::families::{CHAT, CONVERSATION, FORM, HEADERS, JSON, LATEX, MARKDOWN, MULTIPART, PDF, SSE, TEXT};

pub(crate) struct Parser {
    pub(crate) name: &'static str,
    pub(crate) parse: fn(&[u8]),
    pub(crate) bytes: fn(&str) -> Cow<'_, [u8]>,
    /// The grammars that its input can be made of; more than one where one is quoted in another.
    pub(crate) units: &'static [&'static [&'static str]],
}

pub(crate) const PARSERS: &[Parser] = &[
    Parser { name: "form", parse: parsers::form, bytes: utf_8, units: &[FORM] },
    Parser { name: "json-fields", parse: parsers::json_fields, bytes: utf_8, units: &[JSON] },
    Parser { name: "json-settlement", parse: parsers::json_settlement, bytes: utf_8, units: &[JSON] },
    Parser { name: "cookies", parse: parsers::cookies, bytes: utf_8, units: &[HEADERS] },
    Parser { name: "headers", parse: parsers::headers, bytes: utf_8, units: &[HEADERS] },
    Parser { name: "addresses", parse: parsers::addresses, bytes: utf_8, units: &[HEADERS, FORM] },
    Parser { name: "username", parse: parsers::username, bytes: utf_8, units: &[TEXT] },
    Parser { name: "password", parse: parsers::password, bytes: utf_8, units: &[TEXT] },
    Parser { name: "multipart", parse: parsers::multipart, bytes: utf_8, units: &[MULTIPART, PDF] },
    Parser { name: "pdf", parse: parsers::pdf, bytes: utf_8, units: &[PDF] },
    // Segments of a JPEG and chunks of a PNG, as Latin-1.
    Parser {
        name: "picture",
        parse: parsers::picture,
        bytes: latin_1,
        units: &[&["\u{ff}", "\u{ff}\u{fe}\0\u{2}", "\0\0\0\0tEXt....", "\u{ff}\u{e1}\0\u{9}Exif..."]],
    },
    Parser { name: "sse", parse: parsers::sse, bytes: utf_8, units: &[SSE, JSON] },
    Parser { name: "gemini-answer", parse: parsers::gemini_answer, bytes: utf_8, units: &[JSON, LATEX] },
    Parser { name: "chat-events", parse: parsers::chat_events, bytes: utf_8, units: &[CHAT, SSE, JSON] },
    Parser { name: "webhook-answer", parse: parsers::webhook_answer, bytes: utf_8, units: &[MARKDOWN, JSON] },
    Parser {
        name: "conversation",
        parse: parsers::conversation,
        bytes: utf_8,
        units: &[CONVERSATION, MARKDOWN],
    },
    Parser { name: "answer-markdown", parse: parsers::answer_markdown, bytes: utf_8, units: &[MARKDOWN] },
    Parser { name: "highlighting", parse: parsers::highlighting, bytes: utf_8, units: &[MARKDOWN] },
    Parser { name: "latex", parse: parsers::latex, bytes: utf_8, units: &[LATEX] },
    Parser { name: "latex-join", parse: parsers::latex_join, bytes: utf_8, units: &[LATEX] },
    Parser { name: "latex-to-markdown", parse: parsers::latex_to_markdown, bytes: utf_8, units: &[LATEX] },
    Parser {
        name: "latex-in-markdown",
        parse: parsers::latex_to_markdown,
        bytes: utf_8,
        units: &[&[
            "```latex\n",
            "```",
            "$",
            "\\[",
            "&",
            "\\\\",
            "|",
            "{",
            "\\begin{tabular}{c}",
            "\\begin{itemize}\n\\item ",
        ]],
    },
];

fn utf_8(input: &str) -> Cow<'_, [u8]> {
    input.as_bytes().into()
}

/// One byte of each character.
fn latin_1(input: &str) -> Cow<'_, [u8]> {
    input.chars().map(|char| char as u8).collect()
}
