//! Every function that reads bytes of somebody else, behind one signature.

use std::hint::black_box;

use http::{HeaderMap, HeaderValue};
use secrecy::SecretString;
use web::{Fields, HttpUrl, Request, TrustedProxies};

use crate::families::{CHAT, FORM, HEADERS, JSON, LATEX, MARKDOWN, MULTIPART, PDF, SSE, TEXT};

pub(crate) struct Parser {
    pub(crate) name: &'static str,
    pub(crate) parse: fn(&str),
    /// The grammars that its input can be made of; more than one where one is quoted in another.
    pub(crate) units: &'static [&'static [&'static str]],
}

pub(crate) const PARSERS: &[Parser] = &[
    Parser { name: "form", parse: form, units: &[FORM] },
    Parser { name: "json-fields", parse: json_fields, units: &[JSON] },
    Parser { name: "json-settlement", parse: json_settlement, units: &[JSON] },
    Parser { name: "cookies", parse: cookies, units: &[HEADERS] },
    Parser { name: "headers", parse: headers, units: &[HEADERS] },
    Parser { name: "addresses", parse: addresses, units: &[HEADERS, FORM] },
    Parser { name: "username", parse: username, units: &[TEXT] },
    Parser { name: "password", parse: password, units: &[TEXT] },
    Parser { name: "multipart", parse: multipart, units: &[MULTIPART, PDF] },
    Parser { name: "pdf", parse: pdf, units: &[PDF] },
    // Segments of a JPEG and chunks of a PNG, as Latin-1.
    Parser {
        name: "picture",
        parse: picture,
        units: &[&["\u{ff}", "\u{ff}\u{fe}\0\u{2}", "\0\0\0\0tEXt....", "\u{ff}\u{e1}\0\u{9}Exif..."]],
    },
    Parser { name: "sse", parse: sse, units: &[SSE, JSON] },
    Parser { name: "gemini-answer", parse: gemini_answer, units: &[JSON, LATEX] },
    Parser { name: "chat-events", parse: chat_events, units: &[CHAT, SSE, JSON] },
    Parser { name: "webhook-answer", parse: webhook_answer, units: &[MARKDOWN, JSON] },
    Parser { name: "answer-markdown", parse: answer_markdown, units: &[MARKDOWN] },
    Parser { name: "highlighting", parse: highlighting, units: &[MARKDOWN] },
    Parser { name: "latex", parse: latex_document, units: &[LATEX] },
    Parser { name: "latex-join", parse: latex_join, units: &[LATEX] },
    Parser { name: "latex-to-markdown", parse: latex_to_markdown, units: &[LATEX] },
    Parser {
        name: "latex-in-markdown",
        parse: latex_to_markdown,
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

fn form(input: &str) {
    let request = Request::test("POST", "/auth");
    let _ = black_box(
        Fields::parse(&request.with_body("application/x-www-form-urlencoded", input.to_owned())).is_ok(),
    );
}

fn json_fields(input: &str) {
    let request = Request::test("POST", "/auth");
    let _ = black_box(Fields::parse(&request.with_body("application/json", input.to_owned())).is_ok());
}

fn json_settlement(input: &str) {
    let _ = black_box(serde_json::from_str::<auth_api::Settlement>(input).is_ok());
}

fn header(name: &'static str, input: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_str(input) {
        headers.insert(name, value);
    }
    headers
}

fn cookies(input: &str) {
    black_box(web::cookie::find(&header("cookie", input), "session"));
}

fn headers(input: &str) {
    for name in ["accept", "accept-language", "accept-encoding", "x-request-id", "content-type"] {
        let (mut parts, ()) = http::Request::new(()).into_parts();
        parts.headers = header(name, input);
        let request = Request::new(parts, web::UnixTime(0), [0; 16], String::new());
        black_box((request.prefers_json(), request.content_type()));
    }
    let proxies = TrustedProxies::parse("10.0.0.0/8").unwrap_or_default();
    let mut forwarded = header("x-forwarded-for", input);
    forwarded.insert("spin-client-addr", HeaderValue::from_static("10.0.0.1:1"));
    black_box(proxies.client(&forwarded));
}

fn addresses(input: &str) {
    black_box(HttpUrl::parse(&format!("https://{input}")).is_some());
    let encoded: String =
        input.bytes().filter(|byte| byte.is_ascii_graphic() && *byte != b'#').map(char::from).collect();
    if let Ok(uri) = format!("/auth?{encoded}").parse::<http::Uri>() {
        let mut request = Request::test("GET", "/auth");
        request.uri = uri;
        black_box(request.query("next"));
    }
}

fn username(input: &str) {
    black_box(auth::username::Username::parse(input).is_ok());
}

fn password(input: &str) {
    let given = SecretString::from(input);
    black_box(auth::password::NewPassword::parse(Some(&given), None).is_ok());
    black_box(auth::password::TypedPassword::parse(&given).is_some());
}

/// In chunks, as it arrives.
fn multipart(input: &str) {
    let form = "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n";
    for prefix in ["", form] {
        let whole = format!("{prefix}{input}");
        let Ok(mut scanner) = ocr::upload::multipart::Scanner::new("multipart/form-data; boundary=B") else {
            return;
        };
        for chunk in whole.as_bytes().chunks(1024) {
            scanner.push(chunk);
            while let Ok(Some(event)) = scanner.next_event() {
                black_box(event);
            }
        }
        let _ = black_box(scanner.finish());
    }
    let _ = black_box(ocr::upload::disposition::parse(input.as_bytes()).is_some());
}

fn pdf(input: &str) {
    let mut scan = ocr::pdf::Scan::default();
    for chunk in input.as_bytes().chunks(1024) {
        scan.push(chunk);
    }
    black_box(scan.finish().pages);
}

fn picture(input: &str) {
    use ocr::media::Media;
    let bytes = |text: &str| -> Vec<u8> { text.chars().map(|char| char as u8).collect() };
    for (media, prefix) in [
        (Media::Png, "\u{89}PNG\r\n\u{1a}\n\0\0\0\rIHDR\0\0\0\u{1}\0\0\0\u{1}\u{8}\0\0\0\0...."),
        (Media::Jpeg, "\u{ff}\u{d8}"),
        (Media::Heic, "\0\0\0\u{10}ftypheic...."),
    ] {
        let mut check = ocr::picture::PictureCheck::new(media);
        let whole = bytes(&format!("{prefix}{input}"));
        let read = whole.chunks(1024).try_for_each(|chunk| check.push(chunk));
        let _ = black_box((read.is_ok(), check.finish().is_ok()));
    }
}

fn sse(input: &str) {
    let mut decoder = web::event_stream::SseDecoder::new(2 * 1024 * 1024);
    for chunk in input.as_bytes().chunks(64) {
        if black_box(decoder.push(chunk)).is_err() {
            return;
        }
    }
    black_box(decoder.finish());
}

fn gemini_answer(input: &str) {
    let _ = black_box(ocr::gemini::reply::interpret(input).is_ok());
}

/// Events as a server sends them, in chunks, and the text that is shown of each.
fn chat_events(input: &str) {
    let mut decoder = web::event_stream::SseDecoder::new(512 * 1024);
    let mut thoughts = llm::chat::Thoughts::default();
    for chunk in input.as_bytes().chunks(64) {
        let Ok(events) = decoder.push(chunk) else { return };
        for event in events {
            if let Ok(piece) = llm::chat::event::interpret(&event) {
                black_box(thoughts.push(&piece.text));
            }
        }
    }
    // The text itself, in one piece and in many.
    let mut thoughts = llm::chat::Thoughts::default();
    black_box(thoughts.push(input));
    let mut thoughts = llm::chat::Thoughts::default();
    for (at, char) in input.char_indices() {
        black_box(thoughts.push(input.get(at..at + char.len_utf8()).unwrap_or_default()));
    }
    black_box(thoughts.finish());
    black_box(llm::chat::refusal(http::StatusCode::BAD_REQUEST, &HeaderMap::new(), input.as_bytes()));
}

fn webhook_answer(input: &str) {
    let _ = black_box(llm::webhook::parse(input, false).is_ok());
}

fn answer_markdown(input: &str) {
    black_box(llm::markdown::pieces(input).len());
}

fn highlighting(input: &str) {
    black_box(llm::highlight::python(input).len());
}

fn latex_document(input: &str) {
    // With a last line, so that no size is taken for a loop at the end, which is cut away and costs less.
    let input = &format!("{input}\nfin\n");
    black_box(latex::finish(input, true));
    black_box(latex::finish(input, false));
}

fn latex_join(input: &str) {
    black_box(latex::loops(input));
    black_box(latex::context(input));
    for stopped in [false, true] {
        black_box(latex::join(input, input, stopped));
    }
}

fn latex_to_markdown(input: &str) {
    black_box(latex::markdown::from_latex(input, true));
}
