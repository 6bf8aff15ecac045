// « Exécuter »: runs the code of an answer in the browser. Loaded when somebody asks for it. The program runs in a worker
// inside a frame of an opaque origin without network (frame.html); this file fetches Python for it, shows what it writes
// as text, and ends it by removing the frame.
"use strict";

// Of computing; waiting for an input does not count.
const SECONDS_MAX = 30;
const CHARS_MAX = 100_000;
const QUESTION_CHARS_MAX = 8_000;
const COMPILING_SECONDS_MAX = 120;
// A device then has one Python to run at a time, unless somebody is quick.
const IDLE_MS = 2_000;
// Python's library with what it loads to start compiled, for the next visits: the browser's cache of this name has it
// under its own address.
const CACHE = "atelier.python", LIBRARY = "python_stdlib.zip";

const parse = (html) => new DOMParser().parseFromString(html, "text/html");
const fetched = async (address, as) => {
  const reply = await fetch(address);
  if (!reply.ok) throw new Error(`${address}: ${reply.status}`);
  return reply[as]();
};

// The panel and Python, once per page; a failure is tried again.
const once = (get) => {
  let found = null;
  return () => (found ??= get().catch((error) => {
    found = null;
    throw error;
  }));
};
const panel = once(async () => parse(await fetched("/llm/run", "text")).querySelector(".runner"));
const python = once(async () => {
  const { worker, python, files } = (await panel()).dataset;
  const names = files.split(" "), library = `${python}/${LIBRARY}`;
  const compiled = await caches.open(CACHE).then((cache) => cache.match(library)).then((kept) => kept?.arrayBuffer()).catch(() => undefined);
  const file = (name) => name === LIBRARY && compiled || fetched(`${python}/${name}`, "arrayBuffer");
  const [script, ...contents] = await Promise.all([fetched(worker, "text"), ...names.map(file)]);
  // Not as blobs: WebKit reads none that comes from another origin.
  return { worker: script, files: Object.fromEntries(names.map((name, index) => [name, contents[index]])), library: compiled ? null : library };
});

/** A frame of an opaque origin. Whenever it begins it is sent `port` and what `begin` gives, if that is something. */
const sandbox = async (port, begin) => {
  const frame = Object.assign(document.createElement("iframe"), { src: (await panel()).dataset.frame, hidden: true, title: "Python" });
  frame.sandbox.add("allow-scripts");
  frame.addEventListener("load", () => {
    const message = begin();
    // To whoever is there: the frame's origin is opaque, and the address is ours.
    if (message) frame.contentWindow.postMessage(message, "*", [port]);
  });
  return frame;
};

let idle = null;
/** Compiles, once, in a frame in which no program has run. */
const compile = async () => {
  const loaded = await python(), { library } = loaded;
  loaded.library = null;
  if (!library || !("caches" in window)) return;
  const channel = new MessageChannel();
  const frame = await sandbox(channel.port2, () => ({ ...loaded, code: null }));
  const done = new AbortController();
  try {
    document.body.append(frame);
    const bytes = await new Promise((resolve, reject) => {
      channel.port1.onmessage = ({ data: { kind, text } }) => kind === "compiled" ? resolve(text) : reject(new Error(kind));
      addEventListener("message", ({ source }) => { if (source === frame.contentWindow) reject(new Error("broken")); }, { signal: done.signal });
      const timer = setTimeout(reject, COMPILING_SECONDS_MAX * 1000, new Error("silence"));
      done.signal.addEventListener("abort", () => clearTimeout(timer));
    });
    loaded.files[LIBRARY] = bytes.buffer;
    // Also that of an older version.
    await caches.delete(CACHE);
    await (await caches.open(CACHE)).put(library, new Response(loaded.files[LIBRARY]));
  } finally {
    done.abort();
    frame.remove();
  }
};

/** Runs the code below `box`, or again in the panel that is there. */
export const run = async (box) => {
  const code = box.querySelector("pre").textContent;
  let shown = box.parentElement.querySelector(".runner");
  if (!shown) {
    shown = document.importNode(await panel(), true);
    box.after(shown);
    prepare(shown, code);
  }
  shown.start();
};

const prepare = (shown, code) => {
  const find = (name) => shown.querySelector(`.runner-${name}`);
  const [output, status, stop, again, fix, inputs, input] = ["output", "status", "stop", "again", "fix", "inputs", "input"].map(find);
  const texts = shown.dataset;
  const say = (text) => { status.textContent = text; };
  // Without it a running program cannot wait, so what it will read is written beforehand.
  const canWait = "Suspending" in WebAssembly;
  const reads = /\binput\s*\(|\bstdin\b/.test(code);
  inputs.hidden = canWait || !reads;

  let end = () => {}, failure = "";

  const begin = async () => {
    clearTimeout(idle);
    end();
    failure = "";
    output.replaceChildren();
    fix.hidden = true;
    let running = true, frame = null, timer = null, seconds = 0, waiting = true, chars = 0, waitingText = "";
    const started = performance.now();

    // Together, once per frame of the screen.
    const paint = () => {
      if (waitingText) output.append(waitingText);
      waitingText = "";
      output.hidden = !output.textContent;
    };
    const write = (text) => {
      const room = CHARS_MAX - chars;
      chars += text.length;
      if (!waitingText) requestAnimationFrame(paint);
      waitingText += text.slice(0, room);
      if (text.length > room) end(texts.flood);
    };
    end = (text) => {
      if (!running) return;
      running = false;
      frame?.remove();
      removeEventListener("message", broken);
      clearInterval(timer);
      paint();
      input.hidden = stop.hidden = true;
      again.hidden = false;
      shown.ariaBusy = null;
      if (text) say(text);
    };
    stop.hidden = false;
    again.hidden = true;
    shown.ariaBusy = "true";
    say(texts.loading);

    const ended = (found) => {
      const took = ((performance.now() - started) / 1000).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 });
      // Nothing waits for it: without it the next run takes as long as this one.
      idle = setTimeout(() => compile().catch(() => {}), IDLE_MS);
      if (!found) return end(texts.done.replace("{s}", took));
      failure = found;
      write(found);
      const missing = /^ModuleNotFoundError: No module named '([\w.]+)'/m.exec(found);
      end(missing ? `${missing[1]}${texts.missing}` : texts.failed);
      fix.hidden = false;
    };
    const channel = new MessageChannel();
    // Whatever the program makes of these messages, they are text, and end with the frame.
    channel.port1.onmessage = ({ data: { kind, text } }) => {
      if (!running) return;
      if (kind === "started") {
        waiting = false;
        say(texts.running);
      } else if (kind === "output") write(String(text));
      else if (kind === "flood") end(texts.flood);
      else if (kind === "input") {
        waiting = true;
        input.hidden = false;
        paint();
        say(texts.input);
        input.elements.line.focus();
      } else if (kind === "ended") ended(String(text));
      else end(texts.broken);
    };
    const answer = (line) => {
      if (input.hidden) return;
      write(line === null ? "" : `${line}\n`);
      input.hidden = true;
      input.reset();
      waiting = false;
      say(texts.running);
      channel.port1.postMessage(line);
    };
    input.onsubmit = (event) => {
      event.preventDefault();
      answer(input.elements.line.value);
    };
    input.elements.end.onclick = () => answer(null);

    const broken = ({ source }) => {
      if (frame && source === frame.contentWindow) end(texts.broken);
    };
    addEventListener("message", broken);

    let loaded;
    try {
      loaded = await python();
    } catch {
      return end(texts.unreachable);
    }
    if (!running) return;
    let begun = false;
    frame = await sandbox(channel.port2, () => {
      // A frame begins anew when it is moved, as it is when another question folds this answer: the program is gone.
      if (begun) return end(texts.stopped);
      begun = true;
      const prepared = inputs.querySelector("textarea").value;
      const lines = canWait ? null : prepared ? prepared.replace(/\n$/, "").split("\n") : [];
      return { ...loaded, code, name: "atelier.py", lines };
    });
    if (!running) return;
    shown.append(frame);
    timer = setInterval(() => {
      if (waiting) return;
      seconds += 0.5;
      if (seconds >= SECONDS_MAX) end(texts.timeOut);
    }, 500);
  };

  shown.start = () => {
    // First the text that the program will read; the button of the panel starts it.
    if (!inputs.hidden && !inputs.querySelector("textarea").value) {
      again.hidden = false;
      inputs.querySelector("textarea").focus();
    } else begin();
  };
  stop.addEventListener("click", () => end(texts.stopped));
  again.addEventListener("click", begin);

  // The follow-up question: the code goes along unless the conversation has it.
  fix.addEventListener("click", () => {
    const form = document.getElementById("ask"), { message, mode, conversation } = form.elements;
    const known = conversation.value.includes(code.trim());
    const last = failure.trim().split("\n").slice(-12).join("\n");
    const program = known ? "" : `\n\n\`\`\`python\n${code.trim()}\n\`\`\``;
    const tail = `\n\n\`\`\`text\n${last.slice(-2_000)}\n\`\`\``;
    const typed = message.value, chosen = mode?.value;
    message.value = `${texts.ask}${program}`.slice(0, QUESTION_CHARS_MAX - tail.length) + tail;
    if (mode) mode.value = "fix";
    form.requestSubmit();
    // Sent as it was; what was being typed and chosen comes back.
    message.value = typed || message.value;
    if (mode) mode.value = chosen;
  });
};
