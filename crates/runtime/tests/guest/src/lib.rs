//! The component of the runtime's own tests. The last segment of a request's path names an action, its query is the
//! argument; see the table in `respond`. It uses the raw WIT, so that tests reach what spin-sdk hides.
//! Outside WebAssembly this crate is empty.
#![cfg(target_family = "wasm")]

#[allow(unsafe_code, clippy::all, unreachable_pub, reason = "generated")]
mod bindings;
mod bodies;
mod database;
mod http_types;
mod outgoing;
mod request;
mod system;

use bindings::exports::wasi::http::handler::Guest;
use bindings::wasi::http::types::{ErrorCode, Request, Response};
use request::number;

#[allow(unsafe_code, reason = "generated")]
mod exported {
    use super::{Component, bindings};

    bindings::export!(Component with_types_in bindings);
}

struct Component;

impl Guest for Component {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        respond(request).await
    }
}

async fn respond(request: Request) -> Result<Response, ErrorCode> {
    let target = request.get_path_with_query().unwrap_or_default();
    let (path, argument) = target.split_once('?').unwrap_or((&target, ""));
    let action = path.rsplit('/').next().unwrap_or_default();
    let text = match action {
        // Bodies.
        "echo" => return Ok(bodies::echo(request)),
        "count" => bodies::count(request).await,
        "produce" => return Ok(bodies::produce(number(argument))),
        "slow" => return Ok(bodies::slow(number(argument))),
        "break" => return Ok(bodies::abort_midway()),
        "short" => return Ok(bodies::shorter_than_declared(number(argument))),
        "trailers" => return Ok(bodies::with_trailer()),
        "request-trailers" => bodies::request_trailers(request).await,
        // The types of wasi:http.
        "headers" => Ok(http_types::headers(&request)),
        "uri" => Ok(http_types::uri(&request)),
        "set-header" => Ok(http_types::set_header(argument, &request)),
        "request-parts" => Ok(http_types::request_parts()),
        "status" => return Ok(http_types::with_status(number(argument))),
        "refuse" => return Err(ErrorCode::InternalError(Some("the guest refuses".to_owned()))),
        // Requests of the guest.
        "fetch" => return outgoing::fetch(argument, request).await,
        // Variables and WASI.
        "variable" => {
            let value = bindings::spin::variables::variables::get(argument.to_owned()).await;
            value.map_err(|error| format!("{error:?}"))
        }
        "environment" => Ok(system::environment()),
        "file" => std::fs::read_to_string(argument).map_err(|error| error.to_string()),
        "write-file" => {
            std::fs::write(argument, "x").map(|()| "written".to_owned()).map_err(|error| error.to_string())
        }
        "socket" => system::socket(argument).await,
        "print" => Ok(system::print(argument)),
        // Time, memory and traps.
        "sleep" => Ok(system::sleep(number(argument)).await),
        "compute" => Ok(system::compute(number(argument))),
        "instance" => Ok(system::instance(number(argument)).await),
        "allocate" => Ok(system::allocate(number(argument))),
        "trap" => std::process::abort(),
        "panic" => system::deliberate_panic(),
        // Databases: the statement is the body, the connection string a header.
        "query" | "execute" | "query-blocking" | "execute-blocking" | "built" | "built-blocking"
        | "first" | "types" | "unsupported" | "add-note" => database::run(action, request).await,
        _ => Err("no such action".to_owned()),
    };
    Ok(match text {
        Ok(text) => bodies::text(200, text),
        Err(text) => bodies::text(502, text),
    })
}
