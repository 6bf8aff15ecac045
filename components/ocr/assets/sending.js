// Sends the chosen files, with progress and a way to cancel, and hands over what comes back (result.js).
export default ({ id, show, fill, make, setStatus, problem, chosen, isPdf, attempt, known, pages, kept, editor, result }) => {
  const { now, present, presentFigures, illustrate, clear, hide, reveal, goTo, open, keep, check, setSource, facts, stem, warningOf } = result;
  const form = id("convert"), texts = form.dataset, bar = id("bar"), latex = id("latex");
  const wait = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });
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
    if (!is) {
      running = null;
      // A button that is disabled or hidden loses the focus.
      if (document.activeElement === document.body) id("start").focus({ preventScroll: true });
      return;
    }
    const started = Date.now();
    const tick = () => {
      const seconds = Math.floor((Date.now() - started) / 1000);
      id("elapsed").textContent = Math.floor(seconds / 60) + ":" + String(seconds % 60).padStart(2, "0");
    };
    tick();
    timer = setInterval(tick, 1000);
  };

  // Sends one form and reads the events of its answer. `done`, `problem` or `cancelled`, with what came.
  const send = (body, opens, say) => new Promise((resolve) => {
    const xhr = running = new XMLHttpRequest();
    let read = 0, ended = false, pages = 0, page = 0;
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
        // Each page begins with a comment that has its number, which two pieces may share.
        const near = latex.value.slice(-data.text.length - 16);
        page = Number(near.match(/^% ?page \d+/gim)?.at(-1).match(/\d+/)[0] ?? page);
        say(page && page <= pages ? texts.writing + " " + fill(texts.page, { page, pages }) : texts.writing);
      },
      restart: (data) => {
        page = 0;
        setSource(data.text);
      },
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
        say(fill(texts.uploading, { percent }));
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
    if (opens) xhr.setRequestHeader("X-PDF-Opens", "1");
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
    say(texts.preparing);
    const stopping = new Promise((resolve) => { running = { abort: () => resolve() }; });
    const made = Promise.all(items.map(({ prepare }) => prepare?.())).then(async () => ({
      apart: await attempt(async () => (await pages()).apart(items[0], range)),
      opens: isPdf(items[0].file) && await attempt(async () => (await pages()).opens(items[0])),
    }));
    const ready = await Promise.race([stopping, made]);
    // Without a page that does not fit, it would be another document.
    if (!ready || items.some(({ isConnected }) => !isConnected)) {
      hide();
      setStatus(texts.cancelled);
      return { outcome: "cancelled" };
    }
    // As it is, a photo would tell where it was taken.
    if (items.some(({ prepare, isReady }) => prepare && !isReady)) {
      hide();
      return { outcome: "problem", data: { error: texts.offline } };
    }
    const { apart, opens } = ready;
    // The order of the form: the server has to know the pages before the file.
    if (range) body.append("pages", range);
    for (const file of apart ?? items.map((item) => item.file)) body.append(apart ? "page" : "file", file);
    const before = left;
    const { outcome, data } = await send(body, opens, say);
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
        if (many) about(document[0], [facts(entry), await warningOf(entry)].join(" ").trim(), entry);
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
    if (many && now()) goTo();
  };
  // Other files: the result of the ones before stays in the list of the last conversions.
  form.addEventListener("chosen", () => { if (!running && now()) hide(); });
  return convert;
};
