//! Requests and replies as the host's types, with the body's stream or without one: it costs a tenth of a millisecond of
//! the processor for a session that is asked about, even when it is empty.

use http::{HeaderMap, StatusCode, request::Parts};
use spin_sdk::wasip3::{
    http::types::{ErrorCode, Fields, Request, Response},
    http_compat::{BodyResult, RequestOptionsExtension},
    wit_bindgen::{FutureReader, StreamReader},
    wit_future,
};

/// # Errors
/// The host does not take a header, the method or the URL.
pub(super) fn request(
    parts: Parts,
    body: Option<StreamReader<u8>>,
    trailers: FutureReader<BodyResult>,
) -> Result<Request, ErrorCode> {
    let options = parts.extensions.get::<RequestOptionsExtension>().cloned().map(|options| options.0);
    let (request, _sent) = Request::new(fields(parts.headers)?, body, trailers, options);
    request.set_method(&parts.method.into()).map_err(|()| ErrorCode::HttpRequestMethodInvalid)?;
    let uri = parts.uri;
    request
        .set_scheme(uri.scheme().map(Into::into).as_ref())
        .and_then(|()| request.set_authority(uri.authority().map(http::uri::Authority::as_str)))
        .and_then(|()| request.set_path_with_query(uri.path_and_query().map(http::uri::PathAndQuery::as_str)))
        .map_err(|()| ErrorCode::HttpRequestUriInvalid)?;
    Ok(request)
}

/// # Errors
/// The host does not take a header or the status.
pub(super) fn reply(status: StatusCode, headers: HeaderMap) -> Result<Response, ErrorCode> {
    response(status, headers, None, no_trailers())
}

/// # Errors
/// The host does not take a header or the status.
pub(super) fn response(
    status: StatusCode,
    headers: HeaderMap,
    body: Option<StreamReader<u8>>,
    trailers: FutureReader<BodyResult>,
) -> Result<Response, ErrorCode> {
    let (response, _sent) = Response::new(fields(headers)?, body, trailers);
    let unknown = |()| ErrorCode::InternalError(Some(format!("the status {status}")));
    response.set_status_code(status.as_u16()).map_err(unknown)?;
    Ok(response)
}

fn fields(headers: HeaderMap) -> Result<Fields, ErrorCode> {
    headers.try_into().map_err(|error| ErrorCode::InternalError(Some(format!("{error:?}"))))
}

/// Dropping the writer sends `Ok(None)`.
pub(super) fn no_trailers() -> FutureReader<BodyResult> {
    wit_future::new(|| Ok(None)).1
}
