//! Which files of a crate use each other in a circle.
//!
//! A file is one node, with its inline modules. It uses another file when its code names an item that is defined
//! there, in a `use` or in any other path, also within a macro call. What that does not say:
//!
//! - `mod child;` is no use. A parent and its child form a circle only when each names an item of the other, as any two
//!   files do.
//! - A re-export (`pub use`) is no use either, and a path that goes through it leads to the file that defines the item:
//!   a facade that only gathers its children is in no circle.
//! - Test code is left out: the items under `#[cfg(test)]` and the files of modules declared so.
//! - Calls of methods and accesses of fields need no import, and are not looked at.

mod modules;
mod paths;

use std::collections::BTreeSet;
use std::path::Path;

use modules::{Crate, Uses};

/// The circles of the crate whose root is `root` (`src/lib.rs`, `src/main.rs`): each a list of files, of which every one
/// leads to every other.
///
/// # Panics
/// When a source file cannot be read or parsed.
#[must_use]
pub fn import_circles(root: &Path) -> Vec<Vec<String>> {
    let uses = Crate::read(root).uses();
    let mut circles = BTreeSet::new();
    for file in uses.keys() {
        let reached = reachable(&uses, file);
        let circle: Vec<String> =
            reached.iter().filter(|other| reachable(&uses, other).contains(file)).cloned().collect();
        if circle.len() > 1 {
            circles.insert(circle);
        }
    }
    circles.into_iter().collect()
}

/// The files that `from` leads to, itself among them.
fn reachable(uses: &Uses, from: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::from([from.to_owned()]);
    let mut open = vec![from];
    while let Some(file) = open.pop() {
        for next in uses.get(file).into_iter().flatten() {
            if found.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// The circles of a crate with these files.
    fn circles(files: &[(&str, &str)]) -> Vec<Vec<String>> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("atelier-imports-{}-{number}", std::process::id()));
        for (path, text) in files {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let circles = import_circles(&folder.join("lib.rs"));
        fs::remove_dir_all(folder).unwrap();
        circles
    }

    const ROOT: (&str, &str) = ("lib.rs", "mod a; mod b; pub mod c;");
    const OTHER: (&str, &str) = ("c.rs", "pub struct C;");

    #[test]
    fn two_files_that_name_each_other_are_a_circle_however_they_write_it() {
        let uses_b = ("a.rs", "use crate::b::B; pub struct A(B);");
        for text in [
            "use crate::a::A; pub struct B(Box<A>);",
            "use crate::{a::{self, A as Other}, c::C}; pub struct B; fn f(_: Other) {}",
            "use super::a; pub struct B(Box<a::A>);",
            "pub struct B; fn f() -> super::a::A { todo!() }",
            "pub struct B; fn f() { println!(\"{:?}\", (1, crate::a::A::default())) }",
            "pub struct B; fn f() { use crate::a::A; A::default(); }",
            "pub struct B; mod inline { fn f(_: super::super::a::A) {} }",
            "use crate::a::*; pub struct B;",
        ] {
            assert_eq!(circles(&[ROOT, uses_b, ("b.rs", text), OTHER]), [["a.rs", "b.rs"]], "{text}");
        }
    }

    #[test]
    fn tests_declarations_and_other_crates_are_no_uses() {
        let uses_b = ("a.rs", "use crate::b::B; pub struct A(B);");
        for text in [
            "pub struct B; #[cfg(test)] mod tests { use crate::a::A; }",
            "pub struct B; #[cfg(test)] use crate::a::A;",
            "pub struct B; impl B { #[cfg(test)] fn f(_: crate::a::A) {} }",
            "pub struct B; #[cfg(test)] mod tests;",
            "use a::A; pub struct B(A);",
            "pub struct B; fn f(a: u8) -> u8 { a }",
            "use crate::c::C; pub struct B(C);",
        ] {
            assert_eq!(circles(&[ROOT, uses_b, ("b.rs", text), OTHER]), [[""; 0]; 0], "{text}");
        }
    }

    #[test]
    fn a_facade_is_in_no_circle_but_a_parent_that_uses_its_child_is() {
        let child = ("a/child.rs", "use super::{Shared, Sibling}; pub struct Child(Shared, Sibling);");
        let sibling = ("a/sibling.rs", "pub struct Sibling; pub struct Shared;");
        let facade = "mod child; mod sibling; pub use child::Child; pub use sibling::{Shared, Sibling};";
        let parts = [("b.rs", ""), child, sibling, OTHER];
        let with = |text: &'static str| circles(&[&[ROOT, ("a/mod.rs", text)][..], &parts].concat());
        assert_eq!(with(facade), [[""; 0]; 0]);
        let parent = "mod child; mod sibling; pub use child::Child; pub use sibling::Sibling; \
                      pub struct Shared; fn f(_: Child) {}";
        assert_eq!(with(parent), [["a/child.rs", "a/mod.rs"]]);
    }

    #[test]
    fn a_circle_may_pass_through_many_files_and_through_a_re_export() {
        let found = circles(&[
            ("lib.rs", "mod a; mod b; mod c; pub use a::A;"),
            ("a.rs", "use crate::b::B; pub struct A(B);"),
            ("b.rs", "use crate::c::C; pub struct B(C);"),
            ("c.rs", "pub struct C(Box<crate::A>);"),
        ]);
        assert_eq!(found, [["a.rs", "b.rs", "c.rs"]]);
    }
}
