// Sends the chosen files, and shows what comes back: progress, cancel, the document, copy. Whatever comes from the server
// is text here, never markup.
export default ({ id, show, fill, make, setStatus, problem, arrangePanes }) => {
  const form = id("convert"), texts = form.dataset, bar = id("bar"), latex = id("latex"), markdown = id("markdown");
  let request = null, timer = 0;

  // While a conversion runs.
  const busy = (running) => {
    id("start").disabled = running;
    id("drop").disabled = running;
    for (const element of [id("cancel"), bar, id("elapsed")]) show(element, running);
    form.setAttribute("aria-busy", String(running));
    clearInterval(timer);
    if (!running) { request = null; return; }
    const started = Date.now();
    const tick = () => {
      const seconds = Math.floor((Date.now() - started) / 1000);
      id("elapsed").textContent = Math.floor(seconds / 60) + ":" + String(seconds % 60).padStart(2, "0");
    };
    tick();
    timer = setInterval(tick, 1000);
  };
  const reveal = () => { show(id("result"), true); arrangePanes(); };

  const handlers = {
    progress: (data) => setStatus(fill(texts[data.stage], data)),
    latex: (data) => {
      reveal();
      setStatus(texts.writing);
      const atEnd = latex.scrollTop + latex.clientHeight >= latex.scrollHeight - 40;
      latex.value += data.text;
      if (atEnd) latex.scrollTop = latex.scrollHeight;
    },
    restart: (data) => { latex.value = data.text; },
    done: (data) => {
      reveal();
      latex.value = data.latex;
      latex.scrollTop = 0;
      id("snip-name").value = data.tex_file;
      show(id("simulated"), data.simulated);
      show(id("incomplete"), !data.complete);
      const items = data.warnings.map(({ text, incomplete }) => make("li", { textContent: text, className: incomplete ? "missing" : "" }));
      id("warning-list").replaceChildren(...items);
      show(id("warnings"), items.length > 0);
      const compiled = data.compiles ? texts.compiles : data.compiles === null ? texts.notCompiled : "";
      id("facts").textContent = `${fill(texts.facts, data)} ${compiled}`.trim();
      id("download").download = data.tex_file;
      show(id("download"), true);
      markdown.value = data.markdown;
      id("download-markdown").download = data.markdown_file;
      show(id("markdown-pane"), true);
      setStatus(data.complete ? texts.done : texts.incomplete);
      busy(false);
      id("result").focus({ preventScroll: true });
    },
    problem: (data) => failed(data),
  };
  const failed = (data) => {
    setStatus("");
    if (!latex.value) { show(id("result"), false); arrangePanes(); }
    problem(data.status === 401 ? texts.signedOut : data.error || texts.cut);
    if (data.status === 401) id("problem").append(" ", make("a", { href: "/auth?next=/ocr", target: "_blank", textContent: texts.signIn }));
    id("problem").scrollIntoView({ block: "nearest" });
    busy(false);
  };

  const convert = () => {
    if (request) return;
    problem("");
    const body = new FormData(form);
    const xhr = request = new XMLHttpRequest();
    let read = 0, ended = false;
    // text/event-stream, as our server writes it.
    const pump = () => {
      const text = xhr.responseText;
      for (let end; (end = text.indexOf("\n\n", read)) >= 0; read = end + 2) {
        const [, name, data] = /event: (.*)\ndata: (.*)/.exec(text.slice(read, end)) || [];
        if (!handlers[name]) continue;
        ended = ended || name === "done" || name === "problem";
        handlers[name](JSON.parse(data));
      }
    };
    latex.value = "";
    for (const name of ["simulated", "incomplete", "warnings", "download", "markdown-pane"]) show(id(name), false);
    id("facts").textContent = "";
    busy(true);
    bar.value = 0;
    setStatus(texts.uploading + " 0\u00a0%");
    xhr.upload.onprogress = (progress) => {
      if (!progress.lengthComputable || ended) return;
      const percent = Math.floor((100 * progress.loaded) / progress.total);
      if (percent < 100) {
        bar.value = percent;
        setStatus(texts.uploading + " " + percent + "\u00a0%");
      } else {
        bar.removeAttribute("value");
        setStatus(texts.checking);
      }
    };
    const streams = () => xhr.status === 200 && (xhr.getResponseHeader("content-type") || "").startsWith("text/event-stream");
    xhr.onprogress = () => { if (streams()) pump(); };
    xhr.onload = () => {
      if (streams()) {
        pump();
        if (!ended) failed({});
        return;
      }
      let data = {};
      try { data = JSON.parse(xhr.responseText); } catch { /* a proxy's page, not ours */ }
      failed(data);
    };
    xhr.onerror = () => { if (!ended) failed({ error: texts.offline }); };
    xhr.onabort = () => {
      busy(false);
      if (!latex.value) { show(id("result"), false); arrangePanes(); }
      setStatus(texts.cancelled);
    };
    xhr.open("POST", form.action);
    xhr.setRequestHeader("Accept", "text/event-stream, application/problem+json");
    xhr.send(body);
  };
  id("cancel").onclick = () => { if (request) request.abort(); };

  // What is in a text field, corrections included.
  const offer = (field, copy, download, type) => {
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
      url = URL.createObjectURL(new Blob([field.value], { type }));
      download.href = url;
    });
  };
  offer(latex, id("copy"), id("download"), "application/x-tex");
  offer(markdown, id("copy-markdown"), id("download-markdown"), "text/markdown;charset=utf-8");
  return convert;
};
