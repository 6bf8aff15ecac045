//! Files that the host mounts into a component (`files` in spin.toml), streamed to the client: no file is in memory as a
//! whole.

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};

use crate::assets::fnv1a;
use crate::stream::{self, ChunkSender, Ending, KeepAlive};
use crate::{Reply, Request};

/// Bytes of a file that are read at once; up to sixteen times as many wait for a slow client.
const CHUNK_BYTES: usize = 32 * 1024;
/// A file is never silent for so long. An empty chunk is none.
const KEEP_ALIVE: KeepAlive = KeepAlive { every: Duration::from_secs(3600), chunk: b"" };

/// A folder that the component may read.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
    /// A bundle was found in it: it is not looked at again.
    is_known: Arc<AtomicBool>,
}

impl Folder {
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), is_known: Arc::default() }
    }

    /// Whether it has a file of this name with exactly this content.
    fn has(&self, name: &str, content: &[u8]) -> bool {
        let Ok(file) = File::open(self.path.join(name)) else { return false };
        let mut found = Vec::with_capacity(content.len() + 1);
        file.take(content.len() as u64 + 1).read_to_end(&mut found).is_ok() && found == content
    }

    /// The reply with a file of the folder, with its length; `None` when there is none.
    pub async fn reply(&self, name: &str, content_type: &'static str) -> Option<Reply> {
        let mut file = File::open(self.path.join(name)).ok()?;
        let length = file.metadata().ok()?.len();
        let head = Reply::new(StatusCode::OK, content_type, Bytes::new())
            .with(header::CONTENT_LENGTH, HeaderValue::from(length));
        let work = async move |chunks: &ChunkSender| {
            loop {
                let mut chunk = vec![0; CHUNK_BYTES];
                match file.read(&mut chunk) {
                    Ok(0) => return Ending::Done { last: Bytes::new(), cause: None },
                    Ok(read) => {
                        chunk.truncate(read);
                        if chunks.send(chunk.into()).await.is_err() {
                            return Ending::Done { last: Bytes::new(), cause: None };
                        }
                    }
                    // The client sees that less than the length arrived.
                    Err(error) => {
                        let status = StatusCode::INTERNAL_SERVER_ERROR;
                        let reply =
                            Reply::new(status, content_type, Bytes::new()).because(format!("file: {error}"));
                        return Ending::Failed { reply: reply.into(), last: Bytes::new() };
                    }
                }
            }
        };
        Some(stream::reply(head, KEEP_ALIVE, work).await)
    }
}

/// Files for the browser that the build fetched into a folder, in one version. They are the same for everybody.
#[derive(Debug, Clone, Copy)]
pub struct Bundle {
    /// Where they are served, such as `/llm/python`.
    pub path: &'static str,
    /// The file that says which version the folder has: its name and its content.
    pub pinned: (&'static str, &'static [u8]),
    pub files: &'static [BundledFile],
}

/// One of them.
#[derive(Debug, Clone, Copy)]
pub struct BundledFile {
    pub name: &'static str,
    content_type: &'static str,
    /// Its name in the folder ends in `.gz`.
    is_packed: bool,
}

impl BundledFile {
    /// Stored and sent packed, whatever the client accepts.
    #[must_use]
    pub const fn packed(name: &'static str, content_type: &'static str) -> Self {
        Self { name, content_type, is_packed: true }
    }

    #[must_use]
    pub const fn plain(name: &'static str, content_type: &'static str) -> Self {
        Self { name, content_type, is_packed: false }
    }
}

impl Bundle {
    /// The address in front of the names; another version has another one.
    #[must_use]
    pub fn href(&self) -> String {
        format!("{}/{}", self.path, self.version())
    }

    fn version(&self) -> String {
        format!("{:016x}", fnv1a(self.pinned.1))
    }

    /// Whether the folder has it, in this version. A folder is for one bundle.
    #[must_use]
    pub fn is_in(&self, folder: &Folder) -> bool {
        let is_known = folder.is_known.load(Ordering::Relaxed) || folder.has(self.pinned.0, self.pinned.1);
        folder.is_known.store(is_known, Ordering::Relaxed);
        is_known
    }

    /// The reply with one of its files, to be cached for ever; `None` when the request is about something else.
    pub async fn serve(&self, request: &Request, folder: &Folder) -> Option<Reply> {
        if !request.is_get() {
            return None;
        }
        let (version, name) = request.path().strip_prefix(self.path)?.strip_prefix('/')?.split_once('/')?;
        let file = self.files.iter().find(|file| file.name == name && version == self.version())?;
        if !self.is_in(folder) {
            return None;
        }
        let stored = if file.is_packed { format!("{name}.gz") } else { name.to_owned() };
        let reply = folder.reply(&stored, file.content_type).await?;
        if !reply.status.is_success() {
            return Some(reply);
        }
        let reply = reply.for_ever();
        Some(match file.is_packed {
            true => reply.with(header::CONTENT_ENCODING, HeaderValue::from_static("gzip")),
            false => reply,
        })
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt as _, future::join};

    use super::*;
    use crate::ReplyBody;
    use crate::testing::{StoppedClock, run};

    fn folder(name: &str, files: &[(&str, &[u8])]) -> Folder {
        let path = std::env::temp_dir().join(format!("atelier-web-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        for (name, content) in files {
            std::fs::write(path.join(name), content).unwrap();
        }
        Folder::new(path)
    }

    #[test]
    fn a_file_is_streamed_in_chunks_with_its_length() {
        for bytes in [0, 1, CHUNK_BYTES, 3 * CHUNK_BYTES + 7] {
            let content: Vec<u8> = (0..bytes).map(|index| (index % 251) as u8).collect();
            let folder = folder("stream", &[("a.bin", &content)]);
            let reply = run(folder.reply("a.bin", "application/octet-stream")).unwrap();
            assert_eq!(reply.headers["content-length"], bytes.to_string().as_str());
            let ReplyBody::Stream(body) = reply.body else { panic!("{bytes} bytes are not a stream") };
            let (chunks, work) = body.start(StoppedClock);
            let (chunks, outcome) = run(join(chunks.collect::<Vec<_>>(), work));
            assert!(chunks.iter().all(|chunk| chunk.len() <= CHUNK_BYTES));
            assert!(chunks.concat() == content, "{bytes} bytes are not the file's");
            assert_eq!(outcome.cause, None);
        }
    }

    #[test]
    fn a_file_that_is_not_there_has_no_reply() {
        let folder = folder("none", &[]);
        assert!(run(folder.reply("a.bin", "text/plain")).is_none());
        assert!(run(Folder::new("/nowhere").reply("a.bin", "text/plain")).is_none());
    }

    #[test]
    fn a_folder_has_a_file_of_this_content_and_no_other() {
        let folder = folder("has", &[("a", b"one")]);
        assert!(folder.has("a", b"one"));
        for other in [&b""[..], b"on", b"two", b"one "] {
            assert!(!folder.has("a", other));
        }
        assert!(!folder.has("b", b""));
    }
}
