//! Every function that reads bytes of somebody else, behind one signature: the growth tests (`tests/tests/growth`), the
//! fuzzers (`fuzz`) and their short run (`tests/mutations.rs` here) feed the same ones.
//!
//! Each checks what must hold of any input, beside that nothing panics: what is accepted keeps its limits, and text in
//! pieces is the text that came.

use std::borrow::Cow;
use std::hint::black_box;

use http::{HeaderMap, HeaderValue};
use secrecy::SecretString;
use web::{Fields, HttpUrl, Request, TrustedProxies};

/// One of them.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// As its folder in `fuzz/corpus` is named.
    pub name: &'static str,
    pub parse: fn(&[u8]),
}

macro_rules! targets {
    ($($name:literal => $parse:ident),* $(,)?) => {
        /// All of them.
        pub const TARGETS: &[Target] = &[$(Target { name: $name, parse: $parse }),*];
    };
}

targets! {
    "form" => form,
    "json_fields" => json_fields,
    "json_settlement" => json_settlement,
    "cookies" => cookies,
    "headers" => headers,
    "addresses" => addresses,
    "username" => username,
    "password" => password,
    "multipart" => multipart,
    "pdf" => pdf,
    "picture" => picture,
    "sse" => sse,
    "gemini_answer" => gemini_answer,
    "chat_events" => chat_events,
    "webhook_answer" => webhook_answer,
    "conversation" => conversation,
    "answer_markdown" => answer_markdown,
    "highlighting" => highlighting,
    "latex" => latex,
    "latex_join" => latex_join,
    "latex_to_markdown" => latex_to_markdown,
}

fn text(input: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(input)
}

/// A form as a browser sends it.
pub fn form(input: &[u8]) {
    let request = Request::test("POST", "/auth");
    let request = request.with_body("application/x-www-form-urlencoded", input.to_vec());
    let _ = black_box(Fields::parse(&request).is_ok());
}

/// The same fields as a JSON object.
pub fn json_fields(input: &[u8]) {
    let request = Request::test("POST", "/auth");
    let _ = black_box(Fields::parse(&request.with_body("application/json", input.to_vec())).is_ok());
}

/// What a tool reports to auth.
pub fn json_settlement(input: &[u8]) {
    let _ = black_box(serde_json::from_slice::<auth_api::Settlement>(input).is_ok());
}

fn header(name: &'static str, input: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_bytes(input) {
        headers.insert(name, value);
    }
    headers
}

/// The header `cookie`.
pub fn cookies(input: &[u8]) {
    black_box(web::cookie::find(&header("cookie", input), "session"));
}

/// The headers that choose a language, a format and an id, and those of proxies.
pub fn headers(input: &[u8]) {
    for name in ["accept", "accept-language", "accept-encoding", "x-request-id", "content-type"] {
        let (mut parts, ()) = http::Request::new(()).into_parts();
        parts.headers = header(name, input);
        let proxies = web::TrustedProxies::default();
        let request = Request::new(parts, web::UnixTime(0), [0; 16], String::new(), &proxies);
        let id = request.context.request_id.as_str();
        assert!(id.len() <= 64 && !id.contains(|char: char| char.is_ascii_control()), "{id}");
        black_box((request.prefers_json(), request.content_type()));
    }
    let proxies = TrustedProxies::parse("10.0.0.0/8").unwrap_or_default();
    let mut forwarded = header("x-forwarded-for", input);
    forwarded.insert("spin-client-addr", HeaderValue::from_static("10.0.0.1:1"));
    black_box(proxies.client(&forwarded));
}

/// Addresses in variables and queries.
pub fn addresses(input: &[u8]) {
    black_box(HttpUrl::parse(&format!("https://{}", text(input))).is_some());
    let encoded: String = input
        .iter()
        .filter(|byte| byte.is_ascii_graphic() && **byte != b'#')
        .copied()
        .map(char::from)
        .collect();
    if let Ok(uri) = format!("/auth?{encoded}").parse::<http::Uri>() {
        let mut request = Request::test("GET", "/auth");
        request.uri = uri;
        black_box(request.query("next"));
    }
}

/// A name that somebody chooses.
pub fn username(input: &[u8]) {
    use auth::username::Username;
    if let Ok(name) = Username::parse(&text(input)) {
        let again = Username::parse(name.as_str());
        let same = again.is_ok_and(|again| again.as_str() == name.as_str());
        assert!(same, "a name that was accepted is read as another one: {:?}", name.as_str());
    }
}

/// A password, new and typed.
pub fn password(input: &[u8]) {
    let given = SecretString::from(text(input).as_ref());
    black_box(auth::password::NewPassword::parse(Some(&given), None).is_ok());
    black_box(auth::password::TypedPassword::parse(&given).is_some());
}

/// An upload in chunks, as it arrives.
pub fn multipart(input: &[u8]) {
    let form = b"--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n";
    for prefix in [&b""[..], form] {
        let whole = [prefix, input].concat();
        let Ok(mut scanner) = ocr::upload::multipart::Scanner::new("multipart/form-data; boundary=B") else {
            return;
        };
        for chunk in whole.chunks(1024) {
            scanner.push(chunk);
            while let Ok(Some(event)) = scanner.next_event() {
                black_box(event);
            }
        }
        let _ = black_box(scanner.finish());
    }
    let _ = black_box(ocr::upload::disposition::parse(input).is_some());
}

/// A PDF in chunks. Its pages do not depend on where it is cut.
pub fn pdf(input: &[u8]) {
    let pages = |size: usize| {
        let mut scan = ocr::pdf::Scan::default();
        for chunk in input.chunks(size) {
            scan.push(chunk);
        }
        scan.finish().pages
    };
    black_box(pages(1024));
}

/// A photograph in chunks.
pub fn picture(input: &[u8]) {
    use ocr::media::Media;
    for (media, prefix) in [
        (Media::Png, &b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0...."[..]),
        (Media::Jpeg, b"\xff\xd8"),
        (Media::Heic, b"\0\0\0\x10ftypheic...."),
    ] {
        let mut check = ocr::picture::PictureCheck::new(media);
        let whole = [prefix, input].concat();
        let read = whole.chunks(1024).try_for_each(|chunk| check.push(chunk));
        let _ = black_box((read.is_ok(), check.finish().is_ok()));
    }
}

/// Events of a chat API in chunks, and the text that is shown of each.
pub fn chat_events(input: &[u8]) {
    let mut decoder = web::event_stream::SseDecoder::new(512 * 1024);
    let mut thoughts = llm::chat::Thoughts::default();
    for chunk in input.chunks(64) {
        let Ok(events) = decoder.push(chunk) else { return };
        for event in events {
            if let Ok(piece) = llm::chat::event::interpret(&event) {
                black_box(thoughts.push(&piece.text));
            }
        }
    }
    // The text itself, in one piece and in many.
    let text = text(input);
    black_box(llm::chat::Thoughts::default().push(&text));
    let mut thoughts = llm::chat::Thoughts::default();
    for (at, char) in text.char_indices() {
        black_box(thoughts.push(text.get(at..at + char.len_utf8()).unwrap_or_default()));
    }
    black_box(thoughts.finish());
    black_box(llm::chat::refusal(http::StatusCode::BAD_REQUEST, &HeaderMap::new(), input));
}

/// Gemini's events in chunks.
pub fn sse(input: &[u8]) {
    let mut decoder = web::event_stream::SseDecoder::new(2 * 1024 * 1024);
    for chunk in input.chunks(64) {
        if black_box(decoder.push(chunk)).is_err() {
            return;
        }
    }
    black_box(decoder.finish());
}

/// One of Gemini's events.
pub fn gemini_answer(input: &[u8]) {
    let _ = black_box(ocr::gemini::reply::interpret(&text(input)).is_ok());
}

/// What the webhook replies.
pub fn webhook_answer(input: &[u8]) {
    let _ = black_box(llm::webhook::parse(&text(input), false).is_ok());
}

/// The conversation that a browser sends back: what was accepted once is accepted again as it is.
pub fn conversation(input: &[u8]) {
    use llm::conversation::{CONVERSATION_CHARS_MAX, Conversation};
    let kept = Conversation::parse(Some(&text(input)));
    assert!(kept.as_str().chars().count() <= CONVERSATION_CHARS_MAX);
    let again = Conversation::parse(Some(kept.as_str()));
    assert!(again.as_str() == kept.as_str(), "{:?} is read as {:?}", kept.as_str(), again.as_str());
}

/// The explanation of an answer.
pub fn answer_markdown(input: &[u8]) {
    black_box(llm::markdown::pieces(&text(input)).len());
}

/// The code of an answer.
pub fn highlighting(input: &[u8]) {
    black_box(llm::highlight::python(&text(input)).len());
}

/// A document from a model.
pub fn latex(input: &[u8]) {
    // With a last line, so that no size is taken for a loop at the end, which is cut away and costs less.
    let input = &format!("{}\nfin\n", text(input));
    black_box(latex::finish(input, true));
    black_box(latex::finish(input, false));
}

/// A document in two parts.
pub fn latex_join(input: &[u8]) {
    let input = &*text(input);
    black_box(latex::loops(input));
    black_box(latex::context(input));
    for stopped in [false, true] {
        black_box(latex::join(input, input, stopped));
    }
}

/// The same as Markdown.
pub fn latex_to_markdown(input: &[u8]) {
    black_box(latex::markdown::from_latex(&text(input), true));
}
