//! Requests that the guest sends.

use crate::bindings::wasi::http::client;
use crate::bindings::wasi::http::types::{
    ErrorCode, Fields, Request, RequestOptions, Response, Scheme, Trailers,
};
use crate::bindings::wit_future;
use crate::bodies;
use crate::request::{header, number};

/// Sends the request's method and body to `x-url`, with the header `x-send` (`name: value`) and the trailer `x-trailer`
/// where these are given. `x-connect-ms`, `x-first-byte-ms` and `x-pause-ms` set timeouts.
pub(crate) async fn fetch(argument: &str, request: Request) -> Result<Response, ErrorCode> {
    let url = header(&request, "x-url").unwrap_or_else(|| argument.to_owned());
    let headers = fields(header(&request, "x-send"));
    let trailer = header(&request, "x-trailer");
    let options = options(&request);
    let method = request.get_method();
    let (contents, received) = bodies::of_request(request);
    let trailers = match trailer {
        None => received,
        Some(trailer) => {
            let (writer, trailers) = wit_future::new(|| Ok(None));
            wit_bindgen::spawn(async move {
                let _ = writer.write(Ok(Some(fields(Some(trailer)))) as Result<Option<Trailers>, _>).await;
            });
            trailers
        }
    };
    let (outgoing, _) = Request::new(headers, Some(contents), trailers, Some(options));
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

fn fields(line: Option<String>) -> Fields {
    let fields = Fields::new();
    if let Some((name, value)) = line.as_deref().and_then(|line| line.split_once(": ")) {
        fields.append(name, value.as_bytes()).expect("an allowed field");
    }
    fields
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
