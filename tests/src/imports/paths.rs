//! What a file's code names: the paths in it, and what its `use` declarations bring into scope.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, ImplItem, Item, ItemUse, Macro, Stmt, UseTree, Visibility};

/// A path as written: `["crate", "session", "Session"]`.
pub(super) type Path = Vec<String>;

/// One name that a `use` brings into scope.
#[derive(Debug)]
pub(super) struct Import {
    /// `*` for all names of a module.
    pub(super) name: String,
    pub(super) path: Path,
    pub(super) is_reexport: bool,
}

pub(super) fn imports_of(item: &ItemUse) -> Vec<Import> {
    let mut found = Vec::new();
    let is_reexport = !matches!(item.vis, Visibility::Inherited);
    flatten(&item.tree, &mut Vec::new(), &mut |name, path| found.push(Import { name, path, is_reexport }));
    found
}

fn flatten(tree: &UseTree, before: &mut Path, found: &mut impl FnMut(String, Path)) {
    let joined = |last: String| before.iter().cloned().chain([last]).collect::<Path>();
    match tree {
        UseTree::Path(path) => {
            before.push(path.ident.to_string());
            flatten(&path.tree, before, found);
            before.pop();
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| flatten(tree, before, found)),
        UseTree::Name(name) if name.ident == "self" => {
            found(before.last().cloned().unwrap_or_default(), before.clone());
        }
        UseTree::Name(name) => found(name.ident.to_string(), joined(name.ident.to_string())),
        UseTree::Rename(rename) if rename.ident == "self" => found(rename.rename.to_string(), before.clone()),
        UseTree::Rename(rename) => found(rename.rename.to_string(), joined(rename.ident.to_string())),
        UseTree::Glob(_) => found("*".to_owned(), before.clone()),
    }
}

/// Whether an item exists in test builds only.
pub(super) fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).any(|attribute| {
        let condition = attribute.parse_args::<TokenStream>().map(|tokens| tokens.to_string());
        condition.is_ok_and(|condition| condition == "test" || condition.starts_with("all (test"))
    })
}

/// Collects the paths of an item, those in macro calls too.
#[derive(Debug, Default)]
pub(super) struct Paths {
    pub(super) found: Vec<Path>,
    /// The `use` declarations within functions.
    pub(super) imports: Vec<Import>,
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.found.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.visit_path(&call.path);
        self.visit_tokens(call.tokens.clone());
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.imports.extend(imports_of(item));
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        let attributes = match item {
            ImplItem::Fn(item) => &item.attrs,
            ImplItem::Const(item) => &item.attrs,
            ImplItem::Type(item) => &item.attrs,
            _ => &Vec::new(),
        };
        if !is_for_tests(attributes) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        let is_test = matches!(statement, Stmt::Item(Item::Fn(item)) if is_for_tests(&item.attrs));
        if !is_test {
            visit::visit_stmt(self, statement);
        }
    }
}

impl Paths {
    fn visit_tokens(&mut self, tokens: TokenStream) {
        let mut path = Path::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.found.push(std::mem::take(&mut path));
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Group(group) => {
                    self.visit_tokens(group.stream());
                    colons = 0;
                }
                _ => colons = 0,
            }
        }
        self.found.push(path);
        self.found.retain(|path| !path.is_empty());
    }
}
