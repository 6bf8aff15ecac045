//! Documents of others: the manuals and examples that the TeX of this machine brings with it, read where they are and
//! never copied. Each has its package's licence.

use std::path::{Path, PathBuf};

use crate::generator::Document;

/// Where Debian and TeX Live put them.
const FOLDERS: [&str; 3] =
    ["/usr/share/texlive/texmf-dist/doc", "/usr/share/texmf/doc", "/usr/share/doc/texlive-doc"];
/// A longer file is a book.
const BYTES_MAX: u64 = 120_000;
const DEPTH_MAX: usize = 6;

/// Sources that are UTF-8, are one document, and need no engine but pdflatex. Whether they compile is not known yet.
#[must_use]
pub fn documents() -> Vec<Document> {
    let mut files = Vec::new();
    for folder in FOLDERS {
        collect(Path::new(folder), 0, &mut files);
    }
    files.sort();
    let mut documents: Vec<Document> = files.iter().filter_map(|file| read(file)).collect();
    documents.dedup_by(|one, other| one.latex == other.latex);
    documents
}

fn collect(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() && depth < DEPTH_MAX {
            collect(&path, depth + 1, files);
        } else if path.extension().is_some_and(|extension| extension == "tex") {
            files.push(path);
        }
    }
}

fn read(file: &Path) -> Option<Document> {
    if file.metadata().ok()?.len() > BYTES_MAX {
        return None;
    }
    let latex = std::fs::read_to_string(file).ok()?.replace("\r\n", "\n");
    let latex = latex.trim().to_owned() + "\n";
    let is_document =
        latex.lines().any(|line| line.starts_with("\\documentclass")) && latex.contains("\\end{document}");
    let name = file.file_name()?.to_string_lossy().into_owned();
    is_document.then_some(Document { name, latex })
}
