//! The request to the webhook.

use bytes::Bytes;
use http::{HeaderValue, header};
use serde_json::json;
use web::HttpUrl;

use crate::prompt::Prompt;

/// The webhook's address and API key. The address is a secret, too: who knows it can spend the operator's credits.
#[derive(Clone)]
pub struct Webhook {
    url: HttpUrl,
    api_key: Option<HeaderValue>,
}

impl Webhook {
    #[must_use]
    pub const fn new(url: HttpUrl, api_key: Option<HeaderValue>) -> Self {
        Self { url, api_key }
    }

    /// The request for a question. The body contains only `message`, because a scenario with a declared data structure
    /// refuses unknown keys.
    #[must_use]
    pub fn request(&self, prompt: &Prompt, request_id: &str) -> http::Request<Bytes> {
        let body = json!({ "message": prompt.as_str() }).to_string();
        let mut request = http::Request::new(Bytes::from(body));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = self.url.uri().clone();
        let headers = request.headers_mut();
        for (name, value) in [
            (header::CONTENT_TYPE, "application/json"),
            (header::ACCEPT, "application/json, text/plain;q=0.9, */*;q=0.1"),
            // wasi:http does not decompress.
            (header::ACCEPT_ENCODING, "identity"),
            (header::USER_AGENT, concat!("atelier-llm/", env!("CARGO_PKG_VERSION"))),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        // So that one question can be found in both logs.
        if let Ok(id) = HeaderValue::from_str(request_id) {
            headers.insert("x-request-id", id);
        }
        if let Some(key) = &self.api_key {
            headers.insert("x-make-apikey", key.clone());
        }
        request
    }
}

#[cfg(test)]
mod tests {
    use web::Lang;

    use super::*;
    use crate::conversation::Conversation;
    use crate::mode::Mode;
    use crate::question::Question;

    static_assertions::assert_not_impl_any!(Webhook: std::fmt::Debug);

    const URL: &str = "https://hook.eu2.make.com/secret";

    fn prompt(question: &str) -> Prompt {
        let question = Question::parse(Some(question)).unwrap();
        Prompt::new(&Conversation::default(), &question, Mode::Answer, Lang::Fr)
    }

    #[test]
    fn a_question_becomes_one_json_post() {
        let webhook = Webhook::new(HttpUrl::parse(URL).unwrap(), None);
        let request = webhook.request(&prompt("Trier \"x\" ?\n😀"), "id-12345");
        assert_eq!((request.method(), request.uri().to_string().as_str()), (&http::Method::POST, URL));
        assert_eq!(request.headers()["content-type"], "application/json");
        assert_eq!(request.headers()["accept-encoding"], "identity");
        assert_eq!(request.headers()["x-request-id"], "id-12345");
        assert!(!request.headers().contains_key("x-make-apikey"));
        let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
        assert_eq!(body, json!({ "message": "Trier \"x\" ?\n😀" }));
    }
}
