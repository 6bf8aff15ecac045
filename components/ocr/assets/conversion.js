// Sends the chosen files, and shows what comes back: progress, cancel, the document, copy. Whatever comes from the server
// is text here, never markup, but for the rendered preview: the server escapes it, and it is read as an inert document.
export default async ({ id, show, fill, make, setStatus, problem, arrangePanes, chosen, isPdf }) => {
  const form = id("convert"), texts = form.dataset, bar = id("bar"), latex = id("latex"), markdown = id("markdown");
  // With the fragment that this script was asked for by: another one for each try.
  const { hash } = new URL(import.meta.url);
  const [{ default: makeEditor }, { default: makeKept }] = await Promise.all([import(texts.editor + hash), import(texts.kept + hash)]);
  if (!document.querySelector(`link[href="${texts.sheet}"]`)) {
    await new Promise((resolve) => document.head.append(make("link", { rel: "stylesheet", href: texts.sheet, onload: resolve, onerror: resolve })));
  }
  const editor = makeEditor(latex);
  const kept = makeKept(texts.user, "atelier.ocr.kept." + texts.user);
  const SHOWN = "atelier.ocr.shown." + texts.user;
  // Storage may be off, full, or contain something else. The page works without it.
  const attempt = async (act) => {
    try { return await act(); } catch { return undefined; }
  };
  const wait = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

  // ── The pages of a PDF, and the figures ───────────────────────────────────────────────────────
  // Their scripts and texts are asked for when they are needed. What fails is tried again the next time.
  const once = (make) => {
    let made;
    return () => {
      made ??= make();
      made.catch(() => { made = null; });
      return made;
    };
  };
  const known = once(async () => {
    const reply = await fetch("/ocr/pages");
    if (!reply.ok) throw new TypeError(reply.status);
    return reply.json();
  });
  let tries = 0;
  const pages = once(async () => {
    const { pages: script, texts: words, ...rest } = await known();
    return (await import(script + "#" + tries++)).default({ ...rest, words, pagesMax: Number(texts.pagesMax), bytesMax: Number(texts.bytesMax), id, show, fill, make, problem, once });
  });
  const figures = once(async () => {
    const { figures: script, zip, texts: words } = await known();
    return (await import(script + "#" + tries++)).default({ zip, words, id, show, fill, make, paint: (await pages()).paint });
  });
  // Without the script the browser's own viewer shows a PDF, as it does without script.
  const examine = async (item) => {
    const script = await attempt(pages);
    if (script) return script.examine(item);
    item.free = () => show(id("pdf"), false);
    return navigator.pdfViewerEnabled !== false;
  };
  const examinePhoto = async (item, small) => (await pages()).examinePhoto(item, small);
  const draw = async (item) => {
    const script = await attempt(pages);
    if (script) return script.draw(item);
    show(id("pdf"), true);
    id("pdf").src = item.url;
  };
  // The result does not wait longer for what a slow device has not drawn yet.
  const BLANKS_TIME = 5000;
  // Of a finished document: what was written about a blank page.
  const doubt = async (entry, items) => {
    const { texts: words } = await known();
    const ofPhotos = () => items.flatMap(({ isBlank }, index) => (isBlank ? [index + 1] : []));
    const ofPdf = () => attempt(() => items[0].examined).then(() => items[0].blanks);
    const blanks = (await Promise.race([isPdf(items[0].file) ? ofPdf() : ofPhotos(), wait(BLANKS_TIME)])) ?? [];
    if (!blanks.length) return;
    const found = (await pages()).invented(entry.latex, blanks);
    entry.warnings.unshift(...found.map(({ page, line }) => ({ code: "blank_page_text", text: fill(words.invented, { page }), line, incomplete: false, repair: false })));
  };
  // Its figures: cut while the document is there to be read, and put into it as it is then.
  const illustrate = async (entry, wanted, items, say) => {
    const { texts: words } = await known();
    say(words.cutting);
    tools = await figures();
    tools.present(entry, true);
    await attempt(() => items[0].examined);
    entry.figures = await tools.cut(wanted, items);
    await turnFigures(entry, entry.figures);
  };
  // Puts figures in the place of their words, or the words again.
  const turnFigures = async (entry, turned) => {
    const { source, figures: after } = tools.turn(latex.value, entry.figures, turned);
    if (source === latex.value) {
      presentFigures(entry);
      return false;
    }
    return renew(entry, source, { figures: after });
  };
  let tools = null, label;
  const presentFigures = (entry) => {
    const has = entry.figures?.length > 0;
    // Nothing leaves without its figures.
    const ways = ["download", "overleaf"].map(id);
    for (const way of ways) way.toggleAttribute("inert", has && !tools);
    if (!has && !tools) return;
    attempt(async () => {
      tools = await figures().catch((error) => {
        if (current === entry) setStatus(texts.offline);
        throw error;
      });
      for (const way of ways) way.removeAttribute("inert");
      if (current !== entry) return;
      tools.present(entry, false, async (index) => {
        const { texts: words } = await known();
        try {
          if (!(await turnFigures(entry, [entry.figures[index]]))) return setStatus(words.gone);
          tools.focus(index);
          await keep(entry);
        } catch (error) { complain(error); }
      });
      const { texts: words } = await known();
      label ??= id("download").textContent;
      const isPacked = tools.used(entry).length > 0;
      id("download").textContent = isPacked ? words.zip : label;
      id("download").download = stem(entry.file) + (isPacked ? ".zip" : ".tex");
    });
  };
  const withFigures = () => (tools && current && tools.used(current).length ? current : null);
  id("document").addEventListener("formdata", ({ formData }) => {
    const entry = withFigures();
    if (!entry) return;
    formData.delete("snip");
    formData.set("snip_name", stem(entry.file));
    formData.set("snip_uri", tools.address(entry));
  });

  // ── What is left today ────────────────────────────────────────────────────────────────────────
  let left = parseInt(id("quota").lastElementChild.textContent, 10);
  const readQuota = () => attempt(async () => {
    const { ocr } = (await (await fetch("/home", { headers: { Accept: "application/json" } })).json()).quotas;
    show(id("quota"), true);
    id("quota").lastElementChild.textContent = ocr.left + "\u00a0/\u00a0" + ocr.limit;
    return ocr.left;
  });
  // The server notices a disconnected client when the model writes on.
  const REFUND_TRIES = 8;
  const sayRefund = async (before) => {
    id("refund").textContent = "";
    for (let tries = 0; tries < REFUND_TRIES; tries += 1) {
      left = (await readQuota()) ?? left;
      if (!(left < before)) break;
      await wait(700);
    }
    id("refund").textContent = left < before ? fill(texts.notPaidBack, { pages: before - left }) : texts.paidBack;
  };

  // ── One document in the page ──────────────────────────────────────────────────────────────────
  let current = null;
  // Its source as it was checked: what the lines of its warnings count.
  let basis = "";
  const facts = (data) => {
    const compiled = data.compiles ? texts.compiles : data.compiles === null ? texts.notCompiled : "";
    return `${fill(texts.facts, data)} ${compiled}`.trim();
  };
  const setSource = (text) => {
    latex.value = text;
    editor.update();
  };
  const reveal = () => { show(id("result"), true); arrangePanes(); };
  const PARTS = ["simulated", "cancelled", "incomplete", "warnings", "repairs", "download", "markdown-pane"];
  const clear = () => {
    current = null;
    setSource("");
    id("rendered").replaceChildren();
    for (const name of [...PARTS, "figures"]) if (id(name)) show(id(name), false);
    for (const name of ["facts", "refund"]) id(name).textContent = "";
    id("result-title").textContent = "LaTeX";
  };
  const hide = () => {
    clear();
    show(id("result"), false);
    arrangePanes();
    attempt(() => sessionStorage.removeItem(SHOWN));
  };
  const stem = (name) => name.replace(/\.(pdf|jpe?g|png|webp|hei[cf])$/i, "");
  const warning = ({ text, line, incomplete }) => {
    const item = make("li", { className: incomplete ? "missing" : "" });
    if (!line) item.textContent = text;
    else item.append(make("button", { type: "button", className: "jump", textContent: text, onclick: () => editor.jump(line) }));
    return item;
  };
  const present = (entry, isAgain) => {
    current = entry;
    basis = entry.latex;
    reveal();
    setSource(entry.latex);
    if (!isAgain) editor.toStart();
    id("result-title").textContent = entry.file;
    id("snip-name").value = entry.tex_file;
    id("was-incomplete").value = entry.complete ? "" : "1";
    show(id("simulated"), entry.simulated);
    show(id("cancelled"), entry.cancelled);
    show(id("incomplete"), !entry.complete && !entry.cancelled);
    for (const [name, list, isRepair] of [["warnings", "warning-list", false], ["repairs", "repair-list", true]]) {
      const items = entry.warnings.filter(({ repair }) => repair === isRepair).map(warning);
      id(list).replaceChildren(...items);
      show(id(name), items.length > 0);
    }
    id("rendered").replaceChildren(...document.importNode(new DOMParser().parseFromString(entry.preview, "text/html").body, true).childNodes);
    id("facts").textContent = entry.cancelled ? "" : facts(entry);
    id("download").download = stem(entry.file) + ".tex";
    show(id("download"), true);
    markdown.value = entry.markdown;
    presentFigures(entry);
    id("download-markdown").download = stem(entry.file) + ".md";
    show(id("markdown-pane"), true);
    // Of a cancelled conversion the next step is not Overleaf.
    id("overleaf").classList.toggle("secondary", entry.cancelled);
    id("overleaf").parentElement[entry.cancelled ? "append" : "prepend"](id("overleaf"));
    attempt(() => sessionStorage.setItem(SHOWN, entry.id));
  };
  const goTo = () => {
    id("result").focus({ preventScroll: true });
    id("result").scrollIntoView({ block: "start" });
  };
  // As it is kept now: a button is older than the corrections.
  const open = async (entry) => {
    const now = current?.id === entry.id ? current : (await attempt(() => kept.find(entry.id))) ?? entry;
    if (!running) { present(now); goTo(); }
  };
  const keep = async (entry) => {
    await attempt(() => kept.keep(entry));
    await list();
  };

  // ── Checking again: after a correction, or what a cancelled conversion left ──────────────────
  const check = async (fields) => {
    const reply = await fetch("/ocr/check", { method: "POST", headers: { Accept: "application/json" }, body: new URLSearchParams(fields) });
    const data = await reply.json();
    if (!reply.ok) throw new Error(data.error);
    return data;
  };
  // What the check finds in a document; everything else is what the conversion met, and stays true.
  const FOUND_AGAIN = ["repetition", "illegible", "unknown_character", "never_closed", "never_opened", "dangerous_command", "missing_file", "still_incomplete"];
  const FOUND_BY_PAGES = ["page_missing", "page_empty", "page_misplaced"];
  // A warning about a line of `before`, for `after`, where that line may be another one.
  const moved = (warning, before, after) => {
    for (let up = 0; up < warning.line; up += 1) {
      const text = before[warning.line - 1 - up];
      // Of lines that are alike, the same one.
      let left = before.slice(0, warning.line - up).filter((line) => line === text).length;
      const at = after.findIndex((line) => line === text && --left === 0);
      if (at < 0) continue;
      const line = at + 1 + up;
      return { ...warning, line, text: warning.text.replace(new RegExp(`((?:ligne|line)\\s)${warning.line}\\b`, "i"), "$1" + line) };
    }
    return warning;
  };
  // A document with another source: checked and rendered again. False: it was written on meanwhile, or is no longer shown.
  const renew = async (entry, source, changes) => {
    const [was, checked] = [latex.value, basis];
    const data = await check({ snip: source, snip_name: entry.tex_file, pages: entry.range ?? "" });
    const tool = (changes.figures ?? entry.figures)?.length ? await figures() : null;
    if (current !== entry || latex.value !== was) return false;
    const again = entry.range ? [...FOUND_AGAIN, ...FOUND_BY_PAGES] : FOUND_AGAIN;
    const lines = [checked, data.latex].map((text) => text.split("\n"));
    const stays = entry.warnings
      .filter(({ code }) => !again.includes(code) && !(changes.compiles === null && code === "does_not_compile"))
      .map((warning) => moved(warning, ...lines));
    const warnings = [...stays.filter(({ incomplete }) => incomplete), ...data.warnings, ...stays.filter(({ incomplete }) => !incomplete)];
    Object.assign(entry, data, changes, { warnings, complete: !warnings.some(({ incomplete }) => incomplete) });
    tool?.readAgain(entry);
    present(entry, true);
    return true;
  };
  const complain = (error) => problem(error instanceof TypeError ? texts.offline : error.message || texts.offline);
  id("check").onclick = async (event) => {
    const entry = current;
    if (!entry) return;
    event.preventDefault();
    try {
      if (!(await renew(entry, latex.value, { compiles: null }))) return;
      setStatus(texts.checked);
      await keep(entry);
    } catch (error) { complain(error); }
  };
  let saving = 0;
  latex.addEventListener("input", () => {
    if (!current) return;
    const entry = current;
    entry.latex = latex.value;
    clearTimeout(saving);
    saving = setTimeout(() => attempt(() => kept.change(entry)), 400);
  });

  // ── The last conversions ──────────────────────────────────────────────────────────────────────
  const list = async () => {
    const entries = (await attempt(kept.all)) ?? [];
    show(id("kept"), entries.length > 0);
    id("kept-list").replaceChildren(...entries.map((entry) => {
      const date = new Date(entry.id);
      const about = [date.toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" })];
      if (entry.cancelled) about.push(texts.keptCancelled);
      else if (!entry.complete) about.push(texts.keptIncomplete);
      const button = (text, label, className, onclick) => make("button", { type: "button", className, textContent: text, ariaLabel: fill(label, { name: entry.file }), onclick });
      const item = make("li");
      const words = make("span");
      words.append(make("bdi", { textContent: entry.file }), " ", make("time", { className: "muted", dateTime: date.toISOString(), textContent: about.join(" – ") }));
      item.append(
        words,
        button(texts.open, texts.openThis, "secondary", () => open(entry)),
        button(texts.delete, texts.deleteThis, "danger", async () => {
          await attempt(() => kept.remove(entry.id));
          if (current?.id === entry.id) hide();
          await list();
          (id("kept-list").querySelector("button") ?? id("file")).focus();
        }),
      );
      return item;
    }));
  };
  id("kept-clear").onclick = async () => {
    await attempt(kept.clear);
    hide();
    await list();
    id("file").focus();
  };

  // ── Converting ────────────────────────────────────────────────────────────────────────────────
  let running = null, timer = 0;
  const leaving = (event) => event.preventDefault();
  const busy = (is) => {
    id("start").disabled = is;
    id("drop").disabled = is;
    for (const element of [id("cancel"), bar, id("elapsed")]) show(element, is);
    form.setAttribute("aria-busy", String(is));
    clearInterval(timer);
    window[is ? "addEventListener" : "removeEventListener"]("beforeunload", leaving);
    if (!is) { running = null; return; }
    const started = Date.now();
    const tick = () => {
      const seconds = Math.floor((Date.now() - started) / 1000);
      id("elapsed").textContent = Math.floor(seconds / 60) + ":" + String(seconds % 60).padStart(2, "0");
    };
    tick();
    timer = setInterval(tick, 1000);
  };

  // Sends one form and reads the events of its answer. `done`, `problem` or `cancelled`, with what came.
  const send = (body, say) => new Promise((resolve) => {
    const xhr = running = new XMLHttpRequest();
    let read = 0, ended = false, pages = 0;
    const end = (outcome, data) => {
      if (!ended) resolve({ outcome, data });
      ended = true;
    };
    const handlers = {
      progress: (data) => {
        pages = data.pages ?? pages;
        say(fill(texts[data.stage], data));
      },
      latex: (data) => {
        if (!latex.value) { reveal(); goTo(); }
        const atEnd = editor.isAtEnd();
        setSource(latex.value + data.text);
        if (atEnd) editor.toEnd();
        // Each page begins with a comment that has its number.
        const page = Number(latex.value.match(/^% ?page \d+/gim)?.at(-1).match(/\d+/)[0] ?? 0);
        say(page && page <= pages ? texts.writing + " " + fill(texts.page, { page, pages }) : texts.writing);
      },
      restart: (data) => setSource(data.text),
      done: (data) => end("done", data),
      problem: (data) => end("problem", data),
    };
    // text/event-stream, as our server writes it.
    const pump = () => {
      const text = xhr.responseText;
      for (let at; (at = text.indexOf("\n\n", read)) >= 0; read = at + 2) {
        const [, name, data] = /event: (.*)\ndata: (.*)/.exec(text.slice(read, at)) || [];
        handlers[name]?.(JSON.parse(data));
      }
    };
    const streams = () => xhr.status === 200 && (xhr.getResponseHeader("content-type") || "").startsWith("text/event-stream");
    xhr.upload.onprogress = (progress) => {
      if (!progress.lengthComputable || ended) return;
      const percent = Math.floor((100 * progress.loaded) / progress.total);
      if (percent < 100) {
        bar.value = percent;
        say(texts.uploading + " " + percent + "\u00a0%");
      } else {
        bar.removeAttribute("value");
        say(texts.checking);
      }
    };
    xhr.onprogress = () => { if (streams()) pump(); };
    xhr.onload = () => {
      if (streams()) {
        pump();
        return end("problem", {});
      }
      let data = {};
      try { data = JSON.parse(xhr.responseText); } catch { /* a proxy's page, not ours */ }
      end("problem", data);
    };
    xhr.onerror = () => end("problem", { error: texts.offline });
    xhr.onabort = () => end("cancelled");
    xhr.open("POST", form.action);
    xhr.setRequestHeader("Accept", "text/event-stream, application/problem+json");
    xhr.send(body);
  });
  id("cancel").onclick = () => running?.abort();

  // A cancelled document is closed by the server, so that it compiles.
  const closed = async (name) => {
    const partial = latex.value;
    const data = { latex: partial, markdown: "", preview: "", warnings: [], tex_file: "document.tex" };
    await attempt(async () => Object.assign(data, await check({ snip: partial, snip_name: stem(name), cut: "1" })));
    return { ...data, file: name, complete: false, cancelled: true, simulated: false };
  };

  // One document: a PDF, or all photos. Returns what became of it.
  const convertOne = async (items, say, many) => {
    const body = new FormData();
    const range = isPdf(items[0].file) ? id("pages").value : "";
    clear();
    show(id("cancel"), true);
    bar.value = 0;
    say(texts.uploading + " 0\u00a0%");
    let stopped = false;
    running = { abort: () => { stopped = true; } };
    const apart = await attempt(async () => (await pages()).apart(items[0], range));
    if (stopped) {
      hide();
      setStatus(texts.cancelled);
      return { outcome: "cancelled" };
    }
    // The order of the form: the server has to know the pages before the file.
    if (range) body.append("pages", range);
    for (const file of apart ?? items.map((item) => item.file)) body.append(apart ? "page" : "file", file);
    const before = left;
    const { outcome, data } = await send(body, say);
    const [{ file: { name } }] = items;
    if (outcome === "problem" && !latex.value) hide();
    if (outcome === "problem") return { outcome, data };
    if (outcome === "cancelled" && !latex.value) {
      hide();
      sayRefund(before).then(() => setStatus(texts.cancelled + " " + id("refund").textContent));
      return { outcome };
    }
    const entry = outcome === "done"
      ? { ...data, id: Date.now(), cancelled: false, range: range || (data.pages ? "1-" + data.pages : "") }
      : { ...(await closed(name)), id: Date.now() };
    if (outcome === "done") {
      // Paid, so kept before anything else.
      await attempt(() => kept.keep({ ...entry, figures: [] }));
      show(id("cancel"), false);
      await attempt(() => doubt(entry, items));
    }
    const wanted = entry.figures ?? [];
    entry.figures = [];
    present(entry);
    // At once: later, the reader may be somewhere else.
    if (!many) goTo();
    await keep(entry);
    if (wanted.length) {
      await attempt(() => illustrate(entry, wanted, items, say));
      presentFigures(entry);
      await keep(entry);
    }
    if (entry.cancelled) sayRefund(before);
    else left = (await readQuota()) ?? left;
    for (const item of items) item.converted = outcome === "done";
    form.dispatchEvent(new Event("converted"));
    return { outcome, entry };
  };

  const about = (item, text, entry) => {
    item.querySelector(".outcome")?.remove();
    const words = make("span", { className: "outcome" });
    words.append(entry ? make("button", { type: "button", className: "jump", textContent: text, onclick: () => open(entry) }) : text);
    item.facts.after(words);
  };

  const failed = (data, name) => {
    const text = data.status === 401 ? texts.signedOut : data.error || texts.cut;
    const paragraph = make("p", { textContent: name ? fill(texts.failed, { name }) + " " + text : text });
    if (data.status === 401) paragraph.append(" ", make("a", { href: "/auth?next=/ocr", target: "_blank", textContent: texts.signIn }));
    show(id("problem"), true);
    id("problem").append(paragraph);
    id("problem").scrollIntoView({ block: "nearest" });
  };

  const convert = async () => {
    if (running) return;
    problem("");
    const items = chosen();
    if (!items.length) return id("file").reportValidity();
    // Each PDF is a document; photos are one together.
    const documents = isPdf(items[0].file) ? items.map((item) => [item]) : [items];
    const many = documents.length > 1;
    let done = 0, status = "";
    busy(true);
    for (const [index, document] of documents.entries()) {
      const say = (text) => setStatus(many ? fill(texts.document, { number: index + 1, count: documents.length }) + " " + text : text);
      if (many && document[0].converted) { done += 1; continue; }
      const { outcome, data, entry } = await convertOne(document, say, many);
      if (outcome === "done") {
        done += 1;
        if (many) about(document[0], facts(entry), entry);
        status = entry.complete ? texts.done : texts.incomplete;
      } else if (outcome === "problem") {
        if (many) about(document[0], texts.notConverted);
        failed(data, many && document[0].file.name);
        status = "";
        if (data.status === 401) break;
      } else {
        status = texts.cancelled;
        break;
      }
    }
    busy(false);
    setStatus(many ? fill(texts.documents, { done, count: documents.length }) : status);
    if (many && current) goTo();
  };
  // Other files: the result of the ones before stays in the list of the last conversions.
  form.addEventListener("chosen", () => { if (!running && current) hide(); });

  // What is in a text field, corrections included.
  const offer = (field, copy, download, type, instead) => {
    if (navigator.clipboard) {
      show(copy, true);
      copy.addEventListener("click", async () => {
        const label = copy.textContent;
        await navigator.clipboard.writeText(field.value);
        copy.textContent = texts.copied;
        setTimeout(() => { copy.textContent = label; }, 1500);
      });
    }
    let url = "";
    download.addEventListener("click", () => {
      if (url) URL.revokeObjectURL(url);
      url = URL.createObjectURL(instead?.() ?? new Blob([field.value], { type }));
      download.href = url;
    });
  };
  offer(latex, id("copy"), id("download"), "application/x-tex", () => withFigures() && new Blob(tools.pack(current), { type: "application/zip" }));
  offer(markdown, id("copy-markdown"), id("download-markdown"), "text/markdown;charset=utf-8");

  // What was shown before a reload, another page or the other language.
  await list();
  await attempt(async () => {
    const before = latex.value ? 0 : Number(sessionStorage.getItem(SHOWN));
    const entry = before && (await kept.find(before));
    if (entry && !current && !chosen().length) present(entry);
  });
  return { convert, examine, examinePhoto, draw };
};
