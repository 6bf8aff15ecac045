//! The modules of a crate, and to which file a path in one of them leads.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path as FilePath, PathBuf};

use syn::visit::Visit as _;
use syn::{Item, ItemMod};

use super::paths::{Import, Path, Paths, imports_of, is_for_tests};

/// Longer chains of re-exports than this do not occur; a `use` that names itself ends here.
const STEPS_MAX: usize = 16;

/// The files that a file uses, by their path below `src`.
pub(super) type Uses = BTreeMap<String, BTreeSet<String>>;

#[derive(Debug)]
pub(super) struct Crate {
    folder: PathBuf,
    modules: Vec<Module>,
}

#[derive(Debug)]
struct Module {
    file: PathBuf,
    parent: usize,
    children: BTreeMap<String, usize>,
    /// The names of the items that are defined here.
    items: BTreeSet<String>,
    imports: Vec<Import>,
    paths: Vec<Path>,
}

impl Crate {
    pub(super) fn read(root: &FilePath) -> Self {
        let folder = root.parent().unwrap_or(root).to_owned();
        let mut tree = Self { folder, modules: Vec::new() };
        tree.add_file(root.to_owned(), 0, &tree.folder.clone());
        tree
    }

    /// The files that each file uses.
    pub(super) fn uses(&self) -> Uses {
        let mut uses = Uses::new();
        for (number, module) in self.modules.iter().enumerate() {
            let from = uses.entry(self.name(number)).or_default();
            let imported =
                module.imports.iter().filter(|import| !import.is_reexport).map(|import| &import.path);
            let globs = module.imports.iter().filter(|import| import.name == "*" && !import.is_reexport);
            let targets =
                imported.chain(&module.paths).filter_map(|path| self.defining_module(number, path, 0));
            let wholes = globs.filter_map(|import| self.module_at(number, &import.path));
            let files = targets.chain(wholes).map(|target| self.name(target));
            from.extend(files.filter(|file| *file != self.name(number)));
        }
        uses
    }

    fn name(&self, module: usize) -> String {
        let file = &self.modules[module].file;
        file.strip_prefix(&self.folder).unwrap_or(file).display().to_string()
    }

    /// Reads a file as a module; its children are files in `folder`.
    fn add_file(&mut self, file: PathBuf, parent: usize, folder: &FilePath) -> usize {
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        self.add(file, parent, folder, &parsed.items)
    }

    fn add(&mut self, file: PathBuf, parent: usize, folder: &FilePath, items: &[Item]) -> usize {
        let number = self.modules.len();
        self.modules.push(Module {
            file,
            parent,
            children: BTreeMap::new(),
            items: BTreeSet::new(),
            imports: Vec::new(),
            paths: Vec::new(),
        });
        let mut code = Paths::default();
        for item in items {
            match item {
                item if is_for_tests(attributes(item)) => {}
                Item::Mod(item) => self.add_child(number, folder, item),
                Item::Use(item) => self.modules[number].imports.extend(imports_of(item)),
                item => {
                    self.modules[number].items.extend(name_of(item));
                    code.visit_item(item);
                }
            }
        }
        self.modules[number].imports.append(&mut code.imports);
        self.modules[number].paths = code.found;
        number
    }

    fn add_child(&mut self, parent: usize, folder: &FilePath, item: &ItemMod) {
        let name = item.ident.to_string();
        let below = folder.join(&name);
        let child = match &item.content {
            Some((_, items)) => self.add(self.modules[parent].file.clone(), parent, &below, items),
            None => {
                let beside = folder.join(format!("{name}.rs"));
                let file = if beside.exists() { beside } else { below.join("mod.rs") };
                self.add_file(file, parent, &below)
            }
        };
        self.modules[parent].children.insert(name, child);
    }

    /// The module that a path leads to, when it leads to a module.
    fn module_at(&self, from: usize, path: &[String]) -> Option<usize> {
        match self.follow(from, path, 0)? {
            (module, 0) => Some(module),
            _ => None,
        }
    }

    /// The module that defines what a path names; `None` for modules themselves and for other crates.
    fn defining_module(&self, from: usize, path: &[String], steps: usize) -> Option<usize> {
        match self.follow(from, path, steps)? {
            (_, 0) => None,
            (module, _) => Some(module),
        }
    }

    /// The module that a path leads to, and how many segments are left there.
    fn follow(&self, from: usize, path: &[String], steps: usize) -> Option<(usize, usize)> {
        let (first, rest) = path.split_first()?;
        let (mut at, mut rest) = match first.as_str() {
            "crate" => (0, rest),
            "self" => (from, rest),
            "super" => (self.modules[from].parent, rest),
            // Not a name of this module: another crate, the prelude, a local variable.
            _ if !self.knows(from, first) => return None,
            _ => (from, path),
        };
        while let Some((segment, after)) = rest.split_first() {
            let module = &self.modules[at];
            if segment == "super" {
                (at, rest) = (module.parent, after);
            } else if let Some(child) = module.children.get(segment) {
                (at, rest) = (*child, after);
            } else if module.items.contains(segment) || steps == STEPS_MAX {
                return Some((at, rest.len()));
            } else if let Some(import) = module.imports.iter().find(|import| import.name == *segment) {
                let path: Path = import.path.iter().chain(after).cloned().collect();
                return self.follow(at, &path, steps + 1);
            } else {
                return self.follow_globs(at, rest, steps).or(Some((at, rest.len())));
            }
        }
        Some((at, 0))
    }

    fn follow_globs(&self, at: usize, rest: &[String], steps: usize) -> Option<(usize, usize)> {
        let globs = self.modules[at].imports.iter().filter(|import| import.name == "*");
        let mut sources = globs.filter_map(|import| self.module_at(at, &import.path));
        let source = sources.find(|source| *source != at && self.knows(*source, &rest[0]))?;
        self.follow(source, rest, steps + 1)
    }

    fn knows(&self, module: usize, name: &str) -> bool {
        let module = &self.modules[module];
        module.children.contains_key(name)
            || module.items.contains(name)
            || module.imports.iter().any(|import| import.name == name || import.name == "*")
    }
}

fn attributes(item: &Item) -> &[syn::Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn name_of(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        _ => return None,
    };
    Some(ident.to_string())
}
