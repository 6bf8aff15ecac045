//! The use cases against fakes of auth and of the webhook: what the user gets, and what is reserved and settled.

mod answers;
mod conversations;
mod failures;
mod fakes;
mod http;
mod idempotency;
mod python;
mod refusals;

use fakes::{Network, Reply as Sent, response};
use serde_json::{Value, json};
use web::{Reply, Request, files::Folder, testing::run};

use crate::app::{Ports, Random};
use crate::settings::{Settings, Variables};

const WEBHOOK: &str = "https://hook.eu2.make.com/secret";
const ANSWER: &str = "Voici :\n```python\nprint(\"é\") # <b>\n```\n\n**Explication :** on **affiche** `é`.";
/// Of every form.
const FORM_KEY: &str = "abababababababababababababababab";

fn network(webhook: impl IntoIterator<Item = Sent>) -> Network {
    Network::new(webhook.into_iter().collect())
}

fn answering(body: &str) -> Network {
    network([Ok(response(200, &[], body))])
}

fn variables() -> Variables {
    Variables {
        auth_url: "http://auth.spin.internal".to_owned(),
        service_key: "key".into(),
        webhook_url: WEBHOOK.into(),
        ..Variables::default()
    }
}

fn handle_with(variables: Variables, network: &Network, request: &Request) -> Reply {
    // As the build leaves it when it cannot get Python.
    handle_in(Folder::new("/nowhere"), variables, network, request)
}

fn handle_in(python: Folder, variables: Variables, network: &Network, request: &Request) -> Reply {
    let ports = Ports { outbound: network.clone(), clock: network.clock.clone(), python };
    let mut random = [0xab; 17];
    // No jitter.
    random[0] = 0;
    run(crate::handle(request, ports, Settings::parse(variables), Random::from_bytes(random)))
}

fn handle(network: &Network, request: &Request) -> Reply {
    handle_with(variables(), network, request)
}

fn signed_in(method: &str, path: &str) -> Request {
    Request::test(method, path).with("cookie", "session=abc")
}

fn json_question(message: &str) -> Request {
    signed_in("POST", "/send").with_body("application/json", json!({ "message": message }).to_string())
}

fn form_question(body: &'static str) -> Request {
    signed_in("POST", "/llm/send")
        .with("accept", "text/html")
        .with_body("application/x-www-form-urlencoded", body)
}

fn body(reply: &Reply) -> Value {
    serde_json::from_slice(reply.body.whole().unwrap()).unwrap()
}

fn page(reply: &Reply) -> String {
    String::from_utf8(reply.body.whole().unwrap().to_vec()).unwrap()
}
