//! Questions to the Python helper whose answer is read while it is written, as the page's script does.

use std::io::Read as _;

use serde_json::Value;
use test_support::{Connection, Reply};

use crate::client::Client;

const FOR_EVENTS: [(&str, &str); 2] =
    [("accept", "text/event-stream, text/html;q=0.9"), ("content-type", "application/x-www-form-urlencoded")];

impl Client {
    /// What is left of the day's questions.
    ///
    /// # Panics
    /// When nobody is signed in.
    #[must_use]
    #[track_caller]
    pub fn questions_left(&self) -> i64 {
        self.get_json("/home").expect(200).json()["quotas"]["llm"]["left"].as_i64().expect("a number")
    }

    /// A question, as a form, with the whole answer as events.
    #[track_caller]
    pub fn ask_for_events(&self, form: &str) -> Reply {
        self.send("POST", "/llm/send", &FOR_EVENTS, form.as_bytes())
    }

    /// The same, before anything of the answer is read.
    ///
    /// # Panics
    /// When the runtime does not take it.
    #[must_use]
    #[track_caller]
    pub fn start_asking(&self, form: &str) -> Connection {
        let length = form.len().to_string();
        let headers: Vec<_> = FOR_EVENTS.into_iter().chain([("content-length", length.as_str())]).collect();
        let mut connection = Connection::to(self.origin()).expect("a connection");
        let request = self.head("POST", "/llm/send", &headers) + form;
        connection.write(request.as_bytes()).expect("a request");
        connection
    }
}

/// Reads until `words` have arrived, and a little more.
///
/// # Panics
/// When the reply ends before.
#[must_use]
#[track_caller]
pub fn read_until(connection: &Connection, words: &str) -> String {
    let mut stream = connection.writer().expect("a stream");
    let (mut received, mut piece) = (String::new(), [0; 1024]);
    while !received.contains(words) {
        let read = stream.read(&mut piece).expect("a piece");
        assert!(read > 0, "{received}");
        received.push_str(&String::from_utf8_lossy(&piece[..read]));
    }
    received
}

/// Name and data of every event; comments are left out.
///
/// # Panics
/// When the data of one is no JSON.
#[must_use]
pub fn events(reply: &Reply) -> Vec<(String, Value)> {
    let text = reply.text();
    let events = text.split("\n\n").filter_map(|event| event.split_once("\ndata: "));
    events
        .map(|(name, data)| {
            (name.trim_start_matches("event: ").to_owned(), serde_json::from_str(data).expect(data))
        })
        .collect()
}
