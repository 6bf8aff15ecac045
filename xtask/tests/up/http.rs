//! The smallest HTTP client: one request, one connection, the whole answer as text.

use std::io::{Read, Write};
use std::net::TcpStream;

pub(crate) fn get(address: &str, path: &str) -> String {
    ask(address, &format!("GET {path} HTTP/1.1\r\n"), "")
}

/// Sends a form, with the cookie of a session when there is one.
pub(crate) fn post(address: &str, path: &str, form: &str, cookie: &str) -> String {
    let head = format!(
        "POST {path} HTTP/1.1\r\nCookie: {cookie}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
        form.len()
    );
    ask(address, &head, form)
}

fn ask(address: &str, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "{head}Host: {address}\r\nConnection: close\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

pub(crate) fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}
