//! Packs the scripts and style sheets of the pages: as they are, they would be a twentieth of the component.

use std::path::PathBuf;
use std::{env, fs, io};

#[path = "../../crates/web/src/compact.rs"]
#[expect(dead_code, unreachable_pub, reason = "the rest is for constants of other crates")]
mod compact;

#[expect(clippy::disallowed_methods, reason = "how cargo says where the result goes")]
fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../../crates/web/src/compact.rs");
    println!("cargo::rerun-if-changed=assets");
    let folder = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    for entry in fs::read_dir("assets")? {
        let entry = entry?;
        let source = fs::read(entry.path())?;
        let mut compacted = vec![0; compact::compact_len(&source)];
        compact::compact_into(&source, &mut compacted);
        fs::write(folder.join(entry.file_name()), miniz_oxide::deflate::compress_to_vec(&compacted, 9))?;
    }
    Ok(())
}
