//! The request to the chat API.

use bytes::Bytes;
use http::{HeaderValue, Request, header};
use serde_json::json;
use web::HttpUrl;
use web::outbound::with_length;

use crate::prompt::Prompt;

/// The address of the API, its key, and the model that is asked.
#[derive(Clone)]
pub struct ChatApi {
    url: HttpUrl,
    /// `Bearer …`; a local server needs none.
    authorization: Option<HeaderValue>,
    model: String,
}

impl ChatApi {
    #[must_use]
    pub const fn new(url: HttpUrl, authorization: Option<HeaderValue>, model: String) -> Self {
        Self { url, authorization, model }
    }

    /// Where a question goes, for the user who asks it.
    #[must_use]
    pub fn host(&self) -> &str {
        self.url.uri().host().unwrap_or_default()
    }

    /// The request for a question. It names nothing that one of the servers refuses or ignores: no limit of tokens (two
    /// names for it exist), no options of the stream.
    #[must_use]
    pub fn request(&self, prompt: &Prompt, request_id: &str) -> Request<std::option::IntoIter<Bytes>> {
        let messages: Vec<_> = prompt
            .messages()
            .iter()
            .map(|message| json!({ "role": message.role.name(), "content": message.content }))
            .collect();
        let body = json!({ "model": self.model, "messages": messages, "stream": true }).to_string();
        let mut request = Request::new(Bytes::from(body));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = self.url.uri().clone();
        let headers = request.headers_mut();
        for (name, value) in [
            (header::CONTENT_TYPE, "application/json"),
            (header::ACCEPT, "text/event-stream, application/json;q=0.9"),
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
        if let Some(authorization) = &self.authorization {
            headers.insert(header::AUTHORIZATION, authorization.clone());
        }
        with_length(request).map(|body| Some(body).into_iter())
    }
}

#[cfg(test)]
mod tests {
    use web::Lang;

    use super::*;
    use crate::conversation::Conversation;
    use crate::mode::Mode;
    use crate::question::Question;

    static_assertions::assert_not_impl_any!(ChatApi: std::fmt::Debug);

    #[test]
    fn a_question_becomes_a_streamed_chat() {
        let question = Question::parse(Some("Trier \"x\" ?")).unwrap();
        let prompt = Prompt::new(&Conversation::default(), &question, Mode::Answer, Lang::Fr);
        let mut bearer = HeaderValue::from_static("Bearer k");
        bearer.set_sensitive(true);
        let url = HttpUrl::parse("http://127.0.0.1:11434/v1/chat/completions").unwrap();
        for authorization in [None, Some(bearer)] {
            let api = ChatApi::new(url.clone(), authorization.clone(), "m:7b".to_owned());
            assert_eq!(api.host(), "127.0.0.1");
            let request = api.request(&prompt, "id-12345");
            assert_eq!(request.uri(), "http://127.0.0.1:11434/v1/chat/completions");
            assert_eq!(request.headers().get("authorization"), authorization.as_ref());
            assert_eq!(request.headers()["x-request-id"], "id-12345");
            let (parts, mut body) = request.into_parts();
            let body = body.next().unwrap();
            assert_eq!(parts.headers["content-length"], body.len().to_string());
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!((&body["model"], &body["stream"]), (&json!("m:7b"), &json!(true)));
            assert_eq!(body["messages"][0]["role"], "system");
            assert_eq!(body["messages"][1], json!({ "role": "user", "content": "Trier \"x\" ?" }));
            assert_eq!((body.as_object().unwrap().len(), body["messages"].as_array().unwrap().len()), (3, 2));
        }
    }
}
