//! Request and response bodies: streams of bytes, and trailers.

use crate::bindings::wasi::clocks0_3_0::monotonic_clock;
use crate::bindings::wasi::http::types::{ErrorCode, Fields, Request, Response, Trailers};
use crate::bindings::{wit_future, wit_stream};
use wit_bindgen::{FutureReader, StreamReader, StreamResult, StreamWriter};

/// What `consume-body` returns.
pub(crate) type Body = (StreamReader<u8>, FutureReader<Result<Option<Trailers>, ErrorCode>>);

const CHUNK_BYTES: usize = 64 * 1024;

/// A response whose body `write` produces in the background.
fn streaming<F: Future<Output = ()>>(
    headers: Fields,
    trailers: FutureReader<Result<Option<Trailers>, ErrorCode>>,
    write: impl FnOnce(StreamWriter<u8>) -> F + 'static,
) -> Response {
    let (writer, contents) = wit_stream::new();
    wit_bindgen::spawn(async move { write(writer).await });
    Response::new(headers, Some(contents), trailers).0
}

fn no_trailers() -> FutureReader<Result<Option<Trailers>, ErrorCode>> {
    // A future whose writer is dropped resolves to the default.
    wit_future::new(|| Ok(None)).1
}

pub(crate) fn text(status: u16, text: String) -> Response {
    let response = streaming(Fields::new(), no_trailers(), |mut writer| async move {
        writer.write_all(text.into_bytes()).await;
    });
    response.set_status_code(status).expect("a valid status");
    response
}

/// The body of a request, for reading.
pub(crate) fn of_request(request: Request) -> Body {
    Request::consume_body(request, wit_future::new(|| Ok(())).1)
}

/// The body of a response, for reading.
pub(crate) fn of_response(response: Response) -> Body {
    Response::consume_body(response, wit_future::new(|| Ok(())).1)
}

/// A response whose body is copied from another one through the guest's memory.
pub(crate) fn copied(status: u16, headers: Fields, (mut contents, trailers): Body) -> Response {
    let response = streaming(headers, trailers, |mut writer| async move {
        while let Some(chunk) = next_chunk(&mut contents).await {
            if !writer.write_all(chunk).await.is_empty() {
                return;
            }
        }
    });
    response.set_status_code(status).expect("a status that was received");
    response
}

async fn next_chunk(contents: &mut StreamReader<u8>) -> Option<Vec<u8>> {
    let (result, chunk) = contents.read(Vec::with_capacity(CHUNK_BYTES)).await;
    matches!(result, StreamResult::Complete(_)).then_some(chunk)
}

pub(crate) fn echo(request: Request) -> Response {
    copied(200, Fields::new(), of_request(request))
}

pub(crate) async fn count(request: Request) -> Result<String, String> {
    let (mut contents, trailers) = of_request(request);
    let mut bytes = 0;
    while let Some(chunk) = next_chunk(&mut contents).await {
        bytes += chunk.len();
    }
    trailers.await.map_err(|error| format!("{error:?}"))?;
    Ok(bytes.to_string())
}

/// `kib` KiB, produced while they are sent.
pub(crate) fn produce(kib: u64) -> Response {
    streaming(Fields::new(), no_trailers(), move |mut writer| async move {
        for _ in 0..kib {
            if !writer.write_all(vec![b'x'; 1024]).await.is_empty() {
                return;
            }
        }
    })
}

/// Four pieces with a pause before each.
pub(crate) fn slow(milliseconds: u64) -> Response {
    streaming(Fields::new(), no_trailers(), move |mut writer| async move {
        for piece in 0..4 {
            monotonic_clock::wait_for(milliseconds * 1_000_000).await;
            writer.write_all(format!("piece {piece}\n").into_bytes()).await;
        }
    })
}

/// Sends two pieces of a body and aborts.
pub(crate) fn abort_midway() -> Response {
    streaming(Fields::new(), no_trailers(), |mut writer| async move {
        for _ in 0..2 {
            monotonic_clock::wait_for(20_000_000).await;
            writer.write_all(b"piece\n".to_vec()).await;
        }
        monotonic_clock::wait_for(20_000_000).await;
        std::process::abort();
    })
}

/// Five bytes of the `length` that the header declares.
pub(crate) fn shorter_than_declared(length: u64) -> Response {
    let headers = Fields::new();
    headers.append("content-length", length.to_string().as_bytes()).expect("an allowed header");
    streaming(headers, no_trailers(), |mut writer| async move {
        writer.write_all(b"short".to_vec()).await;
    })
}

/// A body with a trailer `x-checksum`.
pub(crate) fn with_trailer() -> Response {
    let headers = Fields::new();
    headers.append("trailer", b"x-checksum").expect("an allowed header");
    let (trailers_writer, trailers) = wit_future::new(|| Ok(None));
    streaming(headers, trailers, |mut writer| async move {
        writer.write_all(b"with a trailer".to_vec()).await;
        drop(writer);
        let trailer = Fields::new();
        trailer.append("x-checksum", b"42").expect("an allowed trailer");
        let _ = trailers_writer.write(Ok(Some(trailer))).await;
    })
}

pub(crate) async fn request_trailers(request: Request) -> Result<String, String> {
    let (contents, trailers) = of_request(request);
    let body = contents.collect().await;
    let trailers = trailers.await.map_err(|error| format!("{error:?}"))?;
    let entries = trailers.map(|fields| fields.copy_all()).unwrap_or_default();
    let lines = entries.iter().map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value)));
    Ok(format!("{} bytes\n{}", body.len(), lines.collect::<String>()))
}
