// Runs one Python program in a worker of the frame (frame.html). It gets the program and the files of Pyodide from the
// page and sends back what the program writes. The page believes nothing of it: the program can reach this scope.
// Without a program it compiles what Python loads to start, and sends that back.
"use strict";

// Characters that are sent; the page cuts at the same number.
const CHARS_MAX = 100_000;
// So many writes are sent one by one, to be seen at once; later ones together.
const SINGLE_MAX = 500;
const BATCH_CHARS = 4_096, BATCH_MS = 50;

// Finds the program's own lines in a traceback, and reads what the program asks for from the page.
const HARNESS = `
import ast, io, linecache, sys, traceback, types
from pyodide.ffi import can_run_sync, run_sync

class Stdin(io.TextIOBase):
    encoding = "utf-8"

    def __init__(self, lines, ask):
        self.lines, self.ask, self.ended = lines, ask, False

    def readable(self):
        return True

    def readline(self, size=-1):
        if self.lines:
            return self.lines.pop(0) + "\\n"
        if self.ended or not can_run_sync():
            return ""
        line = run_sync(self.ask())
        self.ended = line is None
        return "" if line is None else line + "\\n"

    def read(self, size=-1):
        return "".join(iter(self.readline, ""))

def run(code, name, lines, ask):
    sys.stdout.reconfigure(write_through=True)
    sys.stderr.reconfigure(write_through=True)
    sys.stdin = Stdin(list(lines), ask)
    sys.argv = [name]
    linecache.cache[name] = (len(code), None, code.splitlines(True), name)
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    main.__file__ = name
    try:
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if can_run_sync() else 0
        result = eval(compile(code, name, "exec", flags=flags), main.__dict__)
        if result is not None:
            run_sync(result)
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException as error:
        frames = error.__traceback__
        while frames and frames.tb_frame.f_code.co_filename != name:
            frames = frames.tb_next
        return "".join(traceback.format_exception(type(error), error, frames))
    return ""
`;

// Python reads the sources of a hundred of its own modules to start, which takes longer than the rest together. Beside each
// of them it finds what they are compiled to (PEP 552, without a check).
const COMPILE = `
import importlib.util, marshal, sys
library = next(path for path in sys.path if path.endswith(".zip"))
specs = [spec for module in list(sys.modules.values()) if (spec := getattr(module, "__spec__", None))]
import zipfile
with zipfile.ZipFile(library, "a") as archive:
    for spec in specs:
        if spec.origin and spec.origin.startswith(library):
            code = marshal.dumps(spec.loader.get_code(spec.name))
            archive.writestr(spec.origin[len(library) + 1:] + "c", importlib.util.MAGIC_NUMBER + bytes([1]) + bytes(11) + code)
library
`;

// What the loader wants to know of Pyodide's packages: none is here.
const NO_PACKAGES = JSON.stringify({
  info: { abi_version: "2026_0", arch: "wasm32", platform: "emscripten_5_0_3", python: "3.14.2" },
  packages: {},
});

self.onmessage = async ({ data: { files, code, name, lines }, ports: [port] }) => {
  self.onmessage = null;
  const send = (kind, text) => port.postMessage({ kind, text });

  let pending = "", sent = 0, writes = 0, last = 0;
  const flush = () => {
    if (pending) send("output", pending.slice(0, CHARS_MAX - sent));
    sent += pending.length;
    pending = "";
    last = performance.now();
  };
  const writer = () => {
    const decoder = new TextDecoder();
    return (bytes) => {
      if (sent > CHARS_MAX) return bytes.length;
      pending += decoder.decode(bytes, { stream: true });
      writes += 1;
      if (writes < SINGLE_MAX || pending.length > BATCH_CHARS || performance.now() - last > BATCH_MS) flush();
      if (sent > CHARS_MAX) send("flood");
      return bytes.length;
    };
  };
  const ask = () => new Promise((resolve) => {
    flush();
    // `undefined`, the end, is None in Python; `null` is something else.
    port.onmessage = (event) => resolve(event.data ?? undefined);
    send("input");
  });

  try {
    // WebKit imports no blob: address in an opaque origin.
    const load = (file) => import(`data:text/javascript,${encodeURIComponent(new TextDecoder().decode(files[file]))}`);
    const [{ loadPyodide }, { default: createPyodideModule }] =
      await Promise.all([load("pyodide.mjs"), load("pyodide.asm.mjs")]);
    // Pyodide fetches the rest of itself. There is no network here: it gets what the page gave.
    const network = self.fetch;
    self.fetch = async (address) => new Response(files[String(address).split("/").pop()], { headers: { "Content-Type": "application/wasm" } });
    const pyodide = await loadPyodide({ indexURL: "https://pyodide.invalid/", createPyodideModule, lockFileContents: NO_PACKAGES });
    self.fetch = network;
    if (code === null) return send("compiled", pyodide.FS.readFile(pyodide.runPython(COMPILE)));
    pyodide.setStdout({ write: writer() });
    pyodide.setStderr({ write: writer() });
    const scope = pyodide.toPy({});
    pyodide.runPython(HARNESS, { globals: scope });
    const run = scope.get("run");
    send("started");
    const interactive = "Suspending" in WebAssembly && lines === null;
    const failure = await (interactive ? run.callPromising(code, name, [], ask) : run(code, name, lines ?? [], ask));
    flush();
    send("ended", failure);
  } catch (error) {
    flush();
    send("broken", String(error));
  }
};
