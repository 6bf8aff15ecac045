//! Requests that the guest sends.

use crate::bindings::wasi::http::client;
use crate::bindings::wasi::http::types::{ErrorCode, Fields, Request, RequestOptions, Response, Scheme};
use crate::{bodies, header, number};

/// Sends the request's method and body to `x-url`. `x-connect-ms`, `x-first-byte-ms` and `x-pause-ms` set timeouts.
pub(crate) async fn fetch(argument: &str, request: Request) -> Result<Response, ErrorCode> {
    let url = header(&request, "x-url").unwrap_or_else(|| argument.to_owned());
    let options = options(&request);
    let method = request.get_method();
    let (contents, trailers) = bodies::of_request(request);
    let (outgoing, _) = Request::new(Fields::new(), Some(contents), trailers, Some(options));
    let _ = outgoing.set_method(&method);
    if let Err(()) = set_url(&outgoing, &url) {
        return Err(ErrorCode::HttpRequestUriInvalid);
    }
    Ok(match client::send(outgoing).await {
        Ok(response) => {
            let status = response.get_status_code();
            let headers =
                Fields::from_list(&response.get_headers().copy_all()).expect("headers that were received");
            bodies::copied(status, headers, bodies::of_response(response))
        }
        Err(error) => bodies::text(502, format!("{error:?}")),
    })
}

fn options(request: &Request) -> RequestOptions {
    let options = RequestOptions::new();
    let nanoseconds = |name| header(request, name).map(|text| number(&text) * 1_000_000);
    options.set_connect_timeout(nanoseconds("x-connect-ms")).expect("they are new");
    options.set_first_byte_timeout(nanoseconds("x-first-byte-ms")).expect("they are new");
    options.set_between_bytes_timeout(nanoseconds("x-pause-ms")).expect("they are new");
    options
}

fn set_url(request: &Request, url: &str) -> Result<(), ()> {
    let (scheme, rest) = url.split_once("://").ok_or(())?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let scheme = match scheme {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        other => Scheme::Other(other.to_owned()),
    };
    request.set_scheme(Some(&scheme))?;
    request.set_authority(Some(authority).filter(|authority| !authority.is_empty()))?;
    request.set_path_with_query(Some(path).filter(|path| !path.is_empty()))
}
