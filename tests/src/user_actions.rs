//! What users do: register, sign in, ask, upload.

use serde_json::json;
use test_support::Reply;

use crate::client::Client;

/// Long enough, and in no list of common passwords.
pub const PASSWORD: &str = "un cheval bleu lit Spinoza";

const BOUNDARY: &str = "----atelier-tests-7d3f";

impl Client {
    pub fn register(&self, username: &str, password: &str) -> Reply {
        self.post_form("/register", &[("username", username), ("password", password)])
    }

    pub fn sign_in(&self, username: &str, password: &str) -> Reply {
        self.post_form("/auth", &[("username", username), ("password", password)])
    }

    pub fn sign_out(&self) -> Reply {
        self.post_form("/logout", &[])
    }

    /// A question, as the page's script asks it.
    pub fn ask(&self, message: &str) -> Reply {
        self.post_json("/send", &json!({ "message": message }))
    }

    /// A PDF, for an answer in JSON.
    pub fn upload(&self, pdf: &[u8]) -> Reply {
        self.upload_as("examen.pdf", "application/pdf", "application/json", pdf)
    }

    /// Files with their names, in this order.
    pub fn upload_all(&self, accept: &str, files: &[(&str, &[u8])]) -> Reply {
        let files: Vec<_> = files.iter().map(|(name, file)| ("file", *name, "image/jpeg", *file)).collect();
        let (form_type, body) = multipart_of(&files);
        self.send("POST", "/ocr", &[("content-type", &form_type), ("accept", accept)], &body)
    }

    /// The pages of one document, each a PDF.
    pub fn upload_pages(&self, pages: &[Vec<u8>]) -> Reply {
        let files: Vec<_> =
            pages.iter().map(|page| ("page", "sujet.pdf", "application/pdf", &page[..])).collect();
        let (form_type, body) = multipart_of(&files);
        self.send("POST", "/ocr", &[("content-type", &form_type), ("accept", "application/json")], &body)
    }

    /// A file with a name and a type, for an answer of the type `accept`.
    pub fn upload_as(&self, name: &str, content_type: &str, accept: &str, file: &[u8]) -> Reply {
        let (form_type, body) = multipart("file", name, content_type, file);
        self.send("POST", "/ocr", &[("content-type", &form_type), ("accept", accept)], &body)
    }
}

/// A form with one file: its content type and its body.
#[must_use]
pub fn multipart(field: &str, name: &str, content_type: &str, file: &[u8]) -> (String, Vec<u8>) {
    multipart_of(&[(field, name, content_type, file)])
}

/// A form with files, each with its field, name and type.
fn multipart_of(files: &[(&str, &str, &str, &[u8])]) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for (field, name, content_type, file) in files {
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\
             Content-Type: {content_type}\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(file);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={BOUNDARY}"), body)
}
