// Improves the conversion page: drag and drop, preview beside the result, progress, cancel, copy. The page works
// without it. Whatever comes from the server is text here, never markup.
(() => {
  "use strict";
  const id = (name) => document.getElementById(name);
  const form = id("convert");
  if (!form || !window.FormData || !window.XMLHttpRequest) return;
  const texts = form.dataset;
  const file = id("file"), drop = id("drop"), status = id("status"), bar = id("bar"), latex = id("latex"), markdown = id("markdown");
  let request = null, timer = 0, previewUrl = "";

  const show = (element, visible) => { element.hidden = !visible; };
  const arrangePanes = () => id("panes").classList.toggle("both", !id("preview").hidden && !id("result").hidden);
  const problem = (text) => {
    id("problem").textContent = text;
    show(id("problem"), Boolean(text));
    if (id("server-problem")) show(id("server-problem"), false);
  };

  // Choosing a file.
  const refusal = (picked) => {
    if (picked.size > Number(texts.bytesMax)) return texts.tooLarge;
    if (!/\.pdf$/i.test(picked.name) && picked.type !== "application/pdf") return texts.notPdf;
    return "";
  };
  const chosen = () => {
    const picked = file.files[0];
    if (previewUrl) URL.revokeObjectURL(previewUrl);
    previewUrl = "";
    problem(picked ? refusal(picked) : "");
    const usable = Boolean(picked) && !refusal(picked);
    show(id("preview"), usable);
    arrangePanes();
    if (!usable) return;
    previewUrl = URL.createObjectURL(new Blob([picked], { type: "application/pdf" }));
    id("pdf").src = previewUrl;
  };
  file.addEventListener("change", chosen);

  const over = (event) => { event.preventDefault(); drop.classList.add("over"); };
  drop.addEventListener("dragenter", over);
  drop.addEventListener("dragover", over);
  drop.addEventListener("dragleave", (event) => {
    if (!drop.contains(event.relatedTarget)) drop.classList.remove("over");
  });
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    if (request || !event.dataTransfer.files.length) return;
    const one = new DataTransfer();
    one.items.add(event.dataTransfer.files[0]);
    file.files = one.files;
    chosen();
  });

  // While a conversion runs.
  const busy = (running) => {
    id("start").disabled = running;
    file.disabled = running;
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
  const setStatus = (text) => { if (status.textContent !== text) status.textContent = text; };
  const reveal = () => { show(id("result"), true); arrangePanes(); };

  const stages = {
    accepted: (data) => texts.accepted + " " + (data.pages === null ? "?" : data.pages) + ".",
    preparing: () => texts.preparing,
    model: () => texts.model,
    continuing: () => texts.continuing,
    waiting: () => texts.waiting,
    page: (data) => texts.page + " " + data.page + " " + texts.of + " " + data.pages + "…",
  };
  const handlers = {
    progress: (data) => { if (stages[data.stage]) setStatus(stages[data.stage](data)); },
    latex: (data) => {
      reveal();
      setStatus(texts.writing);
      const atEnd = latex.scrollTop + latex.clientHeight >= latex.scrollHeight - 40;
      latex.value += data.text;
      if (atEnd) latex.scrollTop = latex.scrollHeight;
    },
    restart: (data) => { latex.value = data.text; },
    done: (data) => finished(data),
    problem: (data) => failed(data),
  };

  const finished = (data) => {
    reveal();
    latex.value = data.latex;
    latex.scrollTop = 0;
    id("snip-name").value = data.tex_file;
    show(id("simulated"), data.simulated);
    show(id("incomplete"), !data.complete);
    const items = data.warnings.map((warning) => {
      const item = document.createElement("li");
      item.textContent = warning.text;
      if (warning.incomplete) item.className = "missing";
      return item;
    });
    id("warning-list").replaceChildren(...items);
    show(id("warnings"), items.length > 0);
    id("facts").textContent = texts.madeBy + " " + data.model + ". " + texts.counted + " " + data.pages_charged + ".";
    id("download").download = data.tex_file;
    show(id("download"), true);
    markdown.value = data.markdown;
    id("download-markdown").download = data.markdown_file;
    show(id("markdown-pane"), true);
    setStatus(data.complete ? texts.done : texts.incomplete);
    busy(false);
    id("result").focus({ preventScroll: true });
  };
  const failed = (data) => {
    setStatus("");
    if (!latex.value) { show(id("result"), false); arrangePanes(); }
    problem(data.status === 401 ? texts.signedOut : data.error || texts.cut);
    if (data.status === 401) {
      const link = Object.assign(document.createElement("a"), { href: "/auth?next=/ocr", target: "_blank", textContent: texts.signIn });
      id("problem").append(" ", link);
    }
    id("problem").scrollIntoView({ block: "nearest" });
    busy(false);
  };

  // text/event-stream, as our server writes it.
  const eventReader = (xhr) => {
    let read = 0;
    const reader = { ended: false };
    reader.pump = () => {
      const text = xhr.responseText;
      for (let end = text.indexOf("\n\n", read); end >= 0; end = text.indexOf("\n\n", read)) {
        let name = "", data = "";
        for (const line of text.slice(read, end).split("\n")) {
          if (line.startsWith("event: ")) name = line.slice(7);
          if (line.startsWith("data: ")) data = line.slice(6);
        }
        read = end + 2;
        if (!handlers[name]) continue;
        reader.ended = reader.ended || name === "done" || name === "problem";
        handlers[name](JSON.parse(data));
      }
    };
    return reader;
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (request) return;
    const picked = file.files[0];
    const refused = picked ? refusal(picked) : texts.noFile;
    problem(refused);
    if (refused) return;
    const body = new FormData(form);
    const xhr = request = new XMLHttpRequest();
    const events = eventReader(xhr);
    latex.value = "";
    for (const name of ["simulated", "incomplete", "warnings", "download", "markdown-pane"]) show(id(name), false);
    id("facts").textContent = "";
    busy(true);
    bar.value = 0;
    setStatus(texts.uploading + " 0\u00a0%");
    xhr.upload.onprogress = (progress) => {
      if (!progress.lengthComputable || events.ended) return;
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
    xhr.onprogress = () => { if (streams()) events.pump(); };
    xhr.onload = () => {
      if (streams()) {
        events.pump();
        if (!events.ended) failed({});
        return;
      }
      let data = {};
      try { data = JSON.parse(xhr.responseText); } catch { /* a proxy's page, not ours */ }
      failed(data);
    };
    xhr.onerror = () => { if (!events.ended) failed({ error: texts.offline }); };
    xhr.onabort = () => {
      busy(false);
      if (!latex.value) { show(id("result"), false); arrangePanes(); }
      setStatus(texts.cancelled);
    };
    xhr.open("POST", form.action);
    xhr.setRequestHeader("Accept", "text/event-stream, application/problem+json");
    xhr.send(body);
  });
  id("cancel").addEventListener("click", () => { if (request) request.abort(); });

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
})();
