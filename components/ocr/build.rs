//! Packs the scripts and style sheets of the pages: as they are, they would be a twentieth of the component.

use std::path::PathBuf;
use std::{env, fs, io};

#[expect(clippy::disallowed_methods, reason = "how cargo says where the result goes")]
fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=assets");
    let folder = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    for entry in fs::read_dir("assets")? {
        let entry = entry?;
        let packed = miniz_oxide::deflate::compress_to_vec(
            without_comments(&fs::read_to_string(entry.path())?).as_bytes(),
            9,
        );
        fs::write(folder.join(entry.file_name()), packed)?;
    }
    Ok(())
}

/// The lines that say something to a browser, without indentation; as `web::assets::compact` leaves them.
fn without_comments(source: &str) -> String {
    let is_comment = |line: &str| line.starts_with("//") || line.starts_with("/*") && line.ends_with("*/");
    let lines = source.lines().map(str::trim).filter(|line| !line.is_empty() && !is_comment(line));
    lines.flat_map(|line| [line, "\n"]).collect()
}
