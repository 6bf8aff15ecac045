//! The LaTeX crate as WebAssembly, in an interpreter that counts instructions: the same number on every machine.

use std::path::{Path, PathBuf};

use wasmi::errors::LinkerError;
use wasmi::{Config, Engine, Error, Func, Instance, Linker, Module, Store, Val};

/// More than any call may take: one that runs away ends.
const INSTRUCTIONS_MAX: u64 = 4_000_000_000;

pub(crate) struct Guest {
    engine: Engine,
    module: Module,
}

impl Guest {
    /// # Panics
    /// When the guest is not built: a test that cannot run must not pass.
    pub(crate) fn load() -> Self {
        let mut config = Config::default();
        config.consume_fuel(true);
        let engine = Engine::new(&config);
        let wasm = std::fs::read(file()).unwrap();
        Self { module: Module::new(&engine, wasm).unwrap(), engine }
    }

    /// The instructions of one call with these texts, and with a flag if the function takes one.
    pub(crate) fn instructions(&self, function: &str, texts: &[&str], flag: Option<bool>) -> u64 {
        let mut store = Store::new(&self.engine, ());
        store.set_fuel(INSTRUCTIONS_MAX).unwrap();
        let instance = self.instantiate(&mut store).unwrap();
        let mut arguments = Vec::new();
        for text in texts {
            let length = i32::try_from(text.len()).unwrap();
            let at = allocate(&mut store, &instance, length);
            let memory = instance.get_memory(&store, "memory").unwrap();
            memory.write(&mut store, usize::try_from(at).unwrap(), text.as_bytes()).unwrap();
            arguments.extend([Val::I32(at), Val::I32(length)]);
        }
        arguments.extend(flag.map(|flag| Val::I32(i32::from(flag))));
        let before = store.get_fuel().unwrap();
        let call = instance.get_func(&store, function).unwrap().call(&mut store, &arguments, &mut []);
        call.unwrap_or_else(|error| panic!("{function}: {error}"));
        before - store.get_fuel().unwrap()
    }

    /// Nothing that the guest imports is there: it is to compute, and to reach nothing.
    fn instantiate(&self, store: &mut Store<()>) -> Result<Instance, LinkerError> {
        let mut linker = Linker::new(&self.engine);
        for import in self.module.imports() {
            let name = format!("{} {}", import.module(), import.name());
            let Some(function) = import.ty().func() else { continue };
            let missing = Func::new(&mut *store, function.clone(), move |_, _, _| {
                Err(Error::new(format!("called {name}")))
            });
            linker.define(import.module(), import.name(), missing)?;
        }
        let instance = linker.instantiate_and_start(&mut *store, &self.module).unwrap();
        if let Some(initialize) = instance.get_func(&*store, "_initialize") {
            initialize.call(store, &[], &mut []).unwrap();
        }
        Ok(instance)
    }
}

fn allocate(store: &mut Store<()>, instance: &Instance, length: i32) -> i32 {
    let allocate = instance.get_typed_func::<(i32, i32, i32, i32), i32>(&*store, "cabi_realloc").unwrap();
    allocate.call(store, (0, 0, 1, length)).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "the edge of a test is the test")]
fn file() -> PathBuf {
    let given = std::env::var_os("ATELIER_LATEX_GUEST").map(PathBuf::from);
    let executable = std::env::current_exe().unwrap();
    // <target>/debug/deps/growth-…
    let target = executable.ancestors().nth(3).unwrap_or(Path::new("target")).to_owned();
    let places = ["wasm32-wasip2", "wasm/wasm32-wasip2"]
        .map(|folder| target.join(folder).join("release/latex_guest.wasm"));
    given.into_iter().chain(places).find(|path| path.is_file()).unwrap_or_else(|| {
        panic!(
            "the test guest is not built: run `cargo build --release --target wasm32-wasip2 --package \
             atelier-latex-guest` (or set ATELIER_LATEX_GUEST to latex_guest.wasm)"
        )
    })
}
