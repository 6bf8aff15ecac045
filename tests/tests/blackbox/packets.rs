//! The head and the body of a message leave together. Spin sets no `TCP_NODELAY`: a body that leaves after its head waits
//! for the delayed acknowledgement, 40 ms on Linux. Here nothing is timed: a reader that waits for nothing sees the head
//! alone, or both.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use atelier_tests::App;

use crate::applications::app;

const MESSAGES: usize = 40;
/// A thread of the host may be interrupted between the two.
const APART_MAX: usize = MESSAGES / 8;

/// Reads one message with a `content-length`; whether its first piece was the head alone.
fn read_message(stream: &mut TcpStream) -> Option<bool> {
    let (mut message, mut piece) = (Vec::new(), [0; 64 * 1024]);
    let mut is_apart = None;
    loop {
        let read = stream.read(&mut piece).unwrap();
        if read == 0 {
            return None;
        }
        message.extend_from_slice(&piece[..read]);
        let Some(head) = message.windows(4).position(|end| end == b"\r\n\r\n").map(|at| at + 4) else {
            continue;
        };
        let is_apart = *is_apart.get_or_insert(message.len() == head);
        let text = String::from_utf8_lossy(&message[..head]).to_ascii_lowercase();
        let length = text.split("content-length: ").nth(1).expect("a length").lines().next().unwrap();
        if message.len() == head + length.parse::<usize>().unwrap() {
            return Some(is_apart);
        }
    }
}

#[test]
fn a_page_arrives_with_its_head() {
    let host = app().runtime.origin.trim_start_matches("http://");
    for path in ["/auth", "/register"] {
        let mut stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let apart = (0..MESSAGES).filter(|_| {
            stream.write_all(request.as_bytes()).unwrap();
            read_message(&mut stream).expect("a reply")
        });
        let apart = apart.count();
        assert!(apart <= APART_MAX, "{path}: {apart} of {MESSAGES}");
    }
}

/// A webhook; sends of each question whether its head came alone.
fn webhook(apart: Sender<bool>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, apart) = (stream.unwrap(), apart.clone());
            thread::spawn(move || {
                while let Some(is_apart) = read_message(&mut stream) {
                    apart.send(is_apart).unwrap();
                    let answer = "Une liste se trie avec `sorted`.";
                    let length = answer.len();
                    let head = format!(
                        "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {length}\r\n\r\n"
                    );
                    stream.write_all((head + answer).as_bytes()).unwrap();
                }
            });
        }
    });
    origin
}

#[test]
fn a_question_leaves_with_its_head() {
    let (sender, apart) = channel();
    let origin = webhook(sender);
    let app = App::start_with(|setup| {
        setup.set("webhook_origin", &origin);
        setup.set("webhook_url", &format!("{origin}/hook"));
    });
    for _ in 0..MESSAGES / 8 {
        let user = app.user();
        for _ in 0..8 {
            user.post_form("/send", &[("message", "Comment trier une liste ?")]).expect(200);
        }
    }
    let apart: Vec<bool> = apart.try_iter().collect();
    assert_eq!(apart.len(), MESSAGES);
    assert!(apart.iter().filter(|is_apart| **is_apart).count() <= APART_MAX, "{apart:?}");
}
