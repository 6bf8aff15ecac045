//! Documents of others, read where they are and never copied: the manuals and examples that the TeX of this machine
//! brings with it, each under its package's licence, and what `cargo xtask bench` has fetched (`xtask/src/bench/public.rs`).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::generator::Document;

/// Where Debian and TeX Live put them.
const FOLDERS: [&str; 3] =
    ["/usr/share/texlive/texmf-dist/doc", "/usr/share/texmf/doc", "/usr/share/doc/texlive-doc"];
/// A longer file is a book.
const BYTES_MAX: u64 = 120_000;
const DEPTH_MAX: usize = 6;

/// Documents of one origin.
#[derive(Debug)]
pub struct Origin {
    pub name: String,
    pub documents: Vec<Document>,
}

/// Sources that are UTF-8, are one document, and need no engine but pdflatex. Whether they compile is not known yet.
/// `fetched` has a folder for each origin; it may be missing or empty.
#[must_use]
pub fn origins(fetched: &Path) -> Vec<Origin> {
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(fetched).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    folders.sort();
    let mut origins: Vec<Origin> = folders
        .iter()
        .filter_map(|folder| Some(origin(folder.file_name()?.to_string_lossy().into_owned(), &[folder])))
        .collect();
    origins.push(origin("TeX".to_owned(), &FOLDERS.map(Path::new)));
    origins
}

fn origin(name: String, folders: &[&Path]) -> Origin {
    let mut files = Vec::new();
    for folder in folders {
        collect(folder, 0, &mut files);
    }
    files.sort();
    let mut documents: Vec<Document> = files.iter().filter_map(|file| read(file)).collect();
    // Debian's folders have some of the same files.
    let mut seen = BTreeSet::new();
    documents.retain(|document| seen.insert(document.latex.clone()));
    Origin { name, documents }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_that_were_fetched_have_their_origin_and_none_need_be_there() {
        let folder = std::env::temp_dir().join(format!("atelier-public-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("examples/one")).unwrap();
        let document = "\\documentclass{article}\n\\begin{document}\na\n\\end{document}\n";
        std::fs::write(folder.join("examples/one/a.tex"), document).unwrap();
        std::fs::write(folder.join("examples/one/chapter.tex"), "a part of a document").unwrap();
        let found = origins(&folder);
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(found.iter().map(|origin| origin.name.as_str()).collect::<Vec<_>>(), ["examples", "TeX"]);
        let names: Vec<&str> = found[0].documents.iter().map(|document| document.name.as_str()).collect();
        assert_eq!(names, ["a.tex"]);
        assert_eq!(origins(&folder).len(), 1);
    }
}
