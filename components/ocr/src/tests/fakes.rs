//! Fakes of the ports and of the upload.

#![expect(unreachable_pub, reason = "shared by the test modules only")]

use std::cell::{Cell, RefCell};
use std::time::Duration;

use auth_api::{Denied, Quota, Reason, Refund, ReservationId, Settlement};
use bytes::Bytes;
use http::{Request, header};
use web::outbound::SendError;
use web::stream::ClientDisconnected;
use web::testing::{Arrival, FakeBody, FakeClock, run};
use web::{BodyReader, Clock};

use super::fake_gemini::{FakeGemini, FakeResponse, Reply, Sent};
use crate::conversion::{self, Conversion};
use crate::error::Failure;
use crate::events::Event;
use crate::gemini::payload::Payload;
use crate::ports::ConversionPorts;
use crate::settings::{GeminiSettings, Settings, Variables};
use crate::upload::Upload;

pub struct FakePorts {
    /// Pages left of the quota.
    pub left: Cell<u32>,
    /// Pages of the open reservation.
    reserved: Cell<u32>,
    /// The reason of the settlement, if nothing was delivered.
    pub reason: Cell<Option<Reason>>,
    /// Whether that settlement said that a model was called.
    pub model_called: Cell<bool>,
    /// Auth gives the pages back after a model was called.
    pub refunds: Cell<bool>,
    gemini: FakeGemini,
    pub emitted: RefCell<Vec<Event>>,
    /// The client disconnects after this many events.
    pub events_max: Cell<usize>,
    now: Cell<Duration>,
    pub slept: RefCell<Vec<Duration>>,
}

impl FakePorts {
    pub fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self {
            left: Cell::new(100),
            reserved: Cell::new(0),
            reason: Cell::new(None),
            model_called: Cell::new(false),
            refunds: Cell::new(true),
            gemini: FakeGemini::new(replies),
            emitted: RefCell::default(),
            events_max: Cell::new(usize::MAX),
            now: Cell::new(Duration::from_secs(1000)),
            slept: RefCell::default(),
        }
    }

    pub fn sent(&self) -> std::cell::Ref<'_, Vec<Sent>> {
        self.gemini.sent.borrow()
    }

    pub fn requests(&self) -> Vec<String> {
        let line = |sent: &Sent| format!("{} {}", sent.method, sent.uri.replace("https://g.example", ""));
        self.sent().iter().map(line).collect()
    }

    pub fn questions(&self) -> Vec<String> {
        let sent = self.sent();
        let asked = sent.iter().filter(|sent| sent.uri.contains("streamGenerateContent"));
        asked
            .map(|sent| {
                let parts = sent.json()["contents"][0]["parts"].as_array().unwrap().clone();
                parts.last().unwrap()["text"].as_str().unwrap().to_owned()
            })
            .collect()
    }

    pub fn all_replies_used(&self) -> bool {
        self.gemini.replies.borrow().is_empty()
    }

    fn take(&self, pages: u32) -> Result<Quota, Denied> {
        let left = self.left.get();
        let rest = left.checked_sub(pages);
        let rest = rest.ok_or(Denied::QuotaExhausted { left, retry_after_seconds: 60 })?;
        self.left.set(rest);
        self.reserved.set(self.reserved.get() + pages);
        Ok(Quota { left: rest, limit: 100 })
    }
}

impl Clock for FakePorts {
    fn elapsed(&self) -> Duration {
        self.now.get()
    }

    async fn sleep(&self, wait: Duration) {
        self.slept.borrow_mut().push(wait);
        self.now.set(self.now.get() + wait);
    }

    async fn give_way(&self, _: Duration) {}
}

impl ConversionPorts for FakePorts {
    type Response = FakeResponse;

    async fn reserve(&self, pages: u32) -> Result<ReservationId, Denied> {
        self.take(pages).map(|_| ReservationId::from_random([1; 16]))
    }

    async fn extend(&self, _: &ReservationId, pages: u32) -> Result<Quota, Denied> {
        self.take(pages)
    }

    async fn settle(&self, _: &ReservationId, settlement: &Settlement) -> Result<Refund, Denied> {
        let pages = self.reserved.take();
        assert!(pages > 0, "a reservation is settled once");
        match settlement {
            Settlement::NotDelivered { reason, upstream_called } => {
                self.reason.set(Some(*reason));
                self.model_called.set(*upstream_called);
                if *upstream_called && !self.refunds.get() {
                    return Ok(Refund::Refused);
                }
                self.left.set(self.left.get() + pages);
            }
            Settlement::Delivered { amount, .. } => {
                let unused = pages - amount.unwrap_or(pages);
                self.left.set(self.left.get() + unused);
            }
        }
        Ok(Refund::AsAsked)
    }

    async fn send(&self, request: Request<Payload>, limit: Duration) -> Result<FakeResponse, SendError> {
        let (took, result) = self.gemini.answer(request, limit).await;
        self.now.set(self.now.get() + took);
        result
    }

    async fn emit(&self, event: Event) -> Result<(), ClientDisconnected> {
        let mut emitted = self.emitted.borrow_mut();
        emitted.push(event);
        if emitted.len() > self.events_max.get() { Err(ClientDisconnected) } else { Ok(()) }
    }

    fn jitter(&self) -> u8 {
        0
    }
}

/// An upload that arrives in chunks of a size and can break off at the end.
pub struct FakeUpload {
    pub content_type: String,
    pub content_length: Option<u64>,
    pub bytes: Bytes,
    pub chunk_bytes: usize,
    pub breaks: bool,
    pub opens: bool,
}

pub fn variables() -> Variables {
    Variables {
        auth_url: "http://auth".into(),
        service_key: "k".into(),
        gemini_ai_api_key: "key".into(),
        gemini_model: "m-1".into(),
        gemini_fallback_models: "m-2".into(),
        gemini_origin: "https://g.example".into(),
        ocr_page_mode: String::new(),
        compile_url: String::new(),
    }
}

pub fn settings() -> GeminiSettings {
    Settings::parse(variables()).gemini.ok().unwrap()
}

pub fn settings_with(change: impl FnOnce(&mut Variables)) -> GeminiSettings {
    let mut variables = variables();
    change(&mut variables);
    Settings::parse(variables).gemini.ok().unwrap()
}

/// The body a browser would send for this file.
pub fn form(name: &str, file: &[u8]) -> Vec<u8> {
    form_of(&[(name, file)])
}

/// The form of a document whose pages are a file each, with their numbers.
pub fn form_of_pages(pages: &str, files: &[(&str, &[u8])]) -> Vec<u8> {
    let text = String::from_utf8(form_of(files)).unwrap().replace("name=\"file\"", "name=\"page\"");
    let field = format!("--B\r\nContent-Disposition: form-data; name=\"pages\"\r\n\r\n{pages}\r\n");
    (if pages.is_empty() { text } else { field + &text }).into_bytes()
}

/// A PDF with this many pages.
pub fn pdf(pages: u32) -> Vec<u8> {
    let kids: String = (0..pages).map(|page| format!("{} 0 R ", page + 3)).collect();
    let mut pdf = format!(
        "%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[{kids}]/Count {pages}>>\nendobj\n"
    );
    for page in 0..pages {
        pdf.push_str(&format!("{} 0 obj\n<</Type/Page/Parent 2 0 R>>\nendobj\n", page + 3));
    }
    pdf.push_str("trailer\n<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n");
    pdf.into_bytes()
}

/// The same for several files. The type that it states is often wrong.
pub fn form_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file) in files {
        body.extend_from_slice(format!("--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: application/pdf\r\n\r\n").as_bytes());
        body.extend_from_slice(file);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--B--\r\n");
    body
}

pub fn upload(body: Vec<u8>) -> FakeUpload {
    FakeUpload {
        content_type: "multipart/form-data; boundary=B".into(),
        content_length: Some(body.len() as u64),
        bytes: body.into(),
        chunk_bytes: 16 * 1024,
        breaks: false,
        opens: false,
    }
}

/// Converts; the settlement succeeds.
pub fn convert(ports: &FakePorts, upload: FakeUpload) -> Result<Conversion, Failure> {
    convert_with(ports, upload, &settings())
}

pub fn convert_with(
    ports: &FakePorts,
    upload: FakeUpload,
    settings: &GeminiSettings,
) -> Result<Conversion, Failure> {
    let chunks =
        upload.bytes.chunks(upload.chunk_bytes).map(|chunk| Arrival::Chunk(upload.bytes.slice_ref(chunk)));
    let body = FakeBody::new(chunks.chain(upload.breaks.then_some(Arrival::Error("fake"))));
    let mut request = web::Request::test("POST", "/ocr");
    request.headers.extend(upload.content_length.map(|length| (header::CONTENT_LENGTH, length.into())));
    let mut body = BodyReader::new(body, FakeClock::default(), &request);
    let upload = Upload { content_type: &upload.content_type, body: &mut body, opens: upload.opens };
    let (outcome, settled) = run(conversion::convert(ports, settings, upload));
    assert!(settled.is_ok());
    outcome
}
