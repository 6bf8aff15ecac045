//! What an action reads of its request.

use crate::bindings::wasi::http::types::Request;

/// `argument` as a number; 0 when it is none.
pub(crate) fn number(argument: &str) -> u64 {
    argument.parse().unwrap_or(0)
}

/// The first value of a request's header.
pub(crate) fn header(request: &Request, name: &str) -> Option<String> {
    let values = request.get_headers().get(name);
    values.into_iter().next().map(|value| String::from_utf8_lossy(&value).into_owned())
}
