//! What the types of `wasi:http` allow and refuse.

use crate::bindings::wasi::http::types::{Fields, Method, Request, RequestOptions, Response, Scheme};
use crate::bindings::{wit_future, wit_stream};
use crate::bodies;

pub(crate) fn headers(request: &Request) -> String {
    let line = |(name, value): (String, Vec<u8>)| format!("{name}: {}\n", String::from_utf8_lossy(&value));
    request.get_headers().copy_all().into_iter().map(line).collect()
}

pub(crate) fn uri(request: &Request) -> String {
    let method = match request.get_method() {
        Method::Get => "GET".to_owned(),
        Method::Post => "POST".to_owned(),
        other => format!("{other:?}"),
    };
    let scheme = match request.get_scheme() {
        Some(Scheme::Http) => "http".to_owned(),
        other => format!("{other:?}"),
    };
    let authority = request.get_authority().unwrap_or_default();
    format!("{method} {scheme}://{authority}{}", request.get_path_with_query().unwrap_or_default())
}

/// Sets the header `name=value`: on new fields, and on those of the incoming request.
pub(crate) fn set_header(argument: &str, request: &Request) -> String {
    let (name, value) = argument.split_once('=').unwrap_or((argument, ""));
    let value = value.replace("%0A", "\n").into_bytes();
    let list = [(name.to_owned(), value.clone())];
    format!(
        "append: {:?}\nset: {:?}\nfrom-list: {:?}\nof the request: {:?}\n",
        Fields::new().append(name, &value),
        Fields::new().set(name, std::slice::from_ref(&value)),
        Fields::from_list(&list).map(drop),
        request.get_headers().append(name, &value),
    )
}

/// Sets valid and invalid parts of a request of the guest's own.
pub(crate) fn request_parts() -> String {
    let (_, contents) = wit_stream::new();
    let (_, trailers) = wit_future::new(|| Ok(None));
    let options = RequestOptions::new();
    let timeout = options.set_connect_timeout(Some(1_000_000_000));
    let (request, _) = Request::new(Fields::new(), Some(contents), trailers, Some(options));
    let sent_options = request.get_options().expect("they were given");
    [
        format!("connect timeout: {timeout:?} {:?}", sent_options.get_connect_timeout()),
        format!("timeout of the request: {:?}", sent_options.set_connect_timeout(None)),
        format!("method: {:?}", request.set_method(&Method::Other("PURGE".to_owned()))),
        format!("invalid method: {:?}", request.set_method(&Method::Other("two words".to_owned()))),
        format!("authority: {:?}", request.set_authority(Some("example.org:81"))),
        format!("invalid authority: {:?}", request.set_authority(Some("not an authority"))),
        format!("path: {:?}", request.set_path_with_query(Some("/a?b"))),
        format!("invalid path: {:?}", request.set_path_with_query(Some("/\u{7f} "))),
        format!("invalid scheme: {:?}", request.set_scheme(Some(&Scheme::Other("1 2".to_owned())))),
    ]
    .join("\n")
}

/// A response with this status, or 200 and the refusal when the status is invalid.
pub(crate) fn with_status(status: u64) -> Response {
    let response = bodies::text(200, "the response".to_owned());
    match u16::try_from(status).map_err(drop).and_then(|status| response.set_status_code(status)) {
        Ok(()) => response,
        Err(()) => bodies::text(200, "refused".to_owned()),
    }
}
