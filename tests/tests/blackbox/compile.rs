//! The converter with a compile service beside it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use atelier_tests::App;
use mocks::gemini::Fault;
use mocks::sample;

const BAD: &str = "\\documentclass{article}\n\\begin{document}\nUn \\nombre entier.\n\\end{document}\n";

/// A service that answers these, one after the other, and what it was sent.
fn service(answers: &'static [&'static str]) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let received = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&received);
    std::thread::spawn(move || {
        for answer in answers {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream);
            let (mut head, mut line) = (String::new(), String::new());
            while reader.read_line(&mut line).unwrap() > 2 {
                head += &std::mem::take(&mut line).to_ascii_lowercase();
            }
            let length = head.split("content-length: ").nth(1).unwrap().lines().next().unwrap();
            let mut body = vec![0; length.trim().parse().unwrap()];
            reader.read_exact(&mut body).unwrap();
            log.lock().unwrap().push(head + "\n" + &String::from_utf8(body).unwrap());
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                answer.len()
            );
            reader.get_mut().write_all((head + answer).as_bytes()).unwrap();
        }
    });
    (address, received)
}

#[test]
fn a_document_that_does_not_compile_is_corrected_once() {
    let (address, received) = service(&[
        r#"{"compiles":false,"errors":[{"line":3,"message":"Undefined control sequence."}]}"#,
        r#"{"compiles":true,"errors":[]}"#,
    ]);
    let app = App::start_with(|setup| setup.set("compile_url", &address));
    app.gemini.next(Fault::Text(BAD.into()));
    app.gemini.next(Fault::Text(BAD.replace("\\nombre", "nombre")));
    let conversion = app.user().upload(&sample::pdf(&[&["Un nombre entier."]])).expect(200).json();
    assert_eq!((&conversion["compiles"], &conversion["complete"]), (&true.into(), &true.into()));
    assert_eq!(conversion["latex"], BAD.replace("\\nombre", "nombre"));
    assert_eq!(conversion["warnings"][0]["code"], "corrected");
    let received = received.lock().unwrap();
    assert!(received[0].starts_with("post /compile http/1.1") && received[0].ends_with(BAD), "{received:?}");
    assert!(!received[0].contains("api-key") && !received[0].contains("cookie"), "{received:?}");
    let question = app.gemini.generations()[1].text();
    assert!(
        question.contains("l.3 Undefined control sequence.") && !question.contains("inlineData"),
        "{question}"
    );
}

#[test]
fn without_a_service_nothing_is_said_to_compile() {
    let app = crate::applications::exclusive_app();
    let user = app.user();
    let conversion = user.upload(&sample::pdf(&[&["Un nombre."]])).expect(200).json();
    assert!(conversion["compiles"].is_null(), "{conversion}");
}
