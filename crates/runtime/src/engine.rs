//! wasmtime's engine and the compiled components.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use wasmtime::component::Component;
use wasmtime::{Cache, Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

/// The interval at which a guest that computes yields its thread to other tasks.
const EPOCH_TICK: Duration = Duration::from_millis(10);

/// Instances that can live at once, over all components. Each serves up to 16 requests.
const INSTANCES_MAX: u32 = 1000;

/// Memory that a free slot of the pool keeps resident for the next instance. It saves page faults, and determines the
/// resident size of the process after many concurrent requests.
const RESIDENT_BYTES: usize = 512 << 10;

const MEMORY_BYTES_MAX: usize = 4 << 30;
const INSTANCE_BYTES_MAX: usize = 10 << 20;

/// # Errors
/// This machine cannot run wasmtime.
pub(crate) fn new(cache: bool) -> Result<Engine> {
    // Pooling reserves terabytes of address space. Where the system has less (some ARM boards, `ulimit -v`),
    // instances are allocated on demand.
    let engine = Engine::new(&config(true, cache)).or_else(|_| Engine::new(&config(false, cache)));
    let engine = engine.map_err(anyhow::Error::from).context("wasmtime does not start on this machine")?;
    let weak = engine.weak();
    std::thread::Builder::new()
        .name("epoch".to_owned())
        .spawn(move || {
            while let Some(engine) = weak.upgrade() {
                engine.increment_epoch();
                drop(engine);
                std::thread::sleep(EPOCH_TICK);
            }
        })
        .context("the thread that interrupts long computations does not start")?;
    Ok(engine)
}

fn config(pooling: bool, cache: bool) -> Config {
    let mut config = Config::new();
    config.wasm_component_model_async(true);
    config.epoch_interruption(true);
    if cache && let Ok(cache) = Cache::from_file(None) {
        config.cache(Some(cache));
    }
    if pooling {
        let mut pool = PoolingAllocationConfig::default();
        pool.total_component_instances(INSTANCES_MAX)
            .total_core_instances(4 * INSTANCES_MAX)
            .total_memories(INSTANCES_MAX)
            .total_tables(2 * INSTANCES_MAX)
            .total_stacks(INSTANCES_MAX)
            .table_elements(100_000)
            .max_component_instance_size(INSTANCE_BYTES_MAX)
            .max_core_instance_size(INSTANCE_BYTES_MAX)
            .max_memory_size(MEMORY_BYTES_MAX)
            .linear_memory_keep_resident(RESIDENT_BYTES)
            .table_keep_resident(RESIDENT_BYTES);
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    }
    config
}

/// Compiles a component, or takes it from wasmtime's cache.
///
/// # Errors
/// The file is missing (with the hint to build it) or is not a component.
pub(crate) fn load(engine: &Engine, id: &str, path: &Path) -> Result<Component> {
    let bytes = std::fs::read(path).with_context(|| {
        format!(
            "component {id} has no file {}: build it first, with 'cargo xtask build' or 'spin build'",
            path.display()
        )
    })?;
    if bytes.get(4..8) == Some(&[1, 0, 0, 0]) {
        anyhow::bail!(
            "{} is a core module: build component {id} for the target wasm32-wasip2",
            path.display()
        );
    }
    let component = Component::from_binary(engine, &bytes).map_err(|error| {
        anyhow::anyhow!(
            "{} of component {id} is not a WebAssembly component, build it again: {}",
            path.display(),
            crate::logs::one_line(error.root_cause())
        )
    })?;
    Ok(component)
}
