// The document in the page: shown, corrected, checked again, illustrated, copied, and the last ones. Whatever comes from the
// server is text here, never markup, but for the rendered preview: the server escapes it, and it is read as an inert document.
export default ({ id, show, fill, make, setStatus, problem, arrangePanes, chosen, attempt, known, figures, kept, editor }) => {
  const form = id("convert"), texts = form.dataset, latex = id("latex"), markdown = id("markdown");
  const SHOWN = "atelier.ocr.shown." + texts.user;
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
  // By their id, the documents that this browser does not keep (storage is full or off, or somebody has signed out): the
  // page has them until it is left, and says so above them.
  const unkept = new Map();
  // The ids of those that were deleted: what is still under way for one does not bring it back.
  const deleted = new Set();
  const notKept = make("p", { className: "notice warning", role: "status", hidden: true });
  id("incomplete").after(notKept);
  const isKept = ({ id: name }) => !unkept.has(name);
  const warningOf = async (entry) => {
    if (isKept(entry)) return "";
    const { texts: words } = (await attempt(known)) ?? { texts: {} };
    return words.notKept ?? "";
  };
  const warn = async () => {
    const entry = current, words = await warningOf(entry);
    if (current !== entry) return;
    notKept.textContent = words;
    show(notKept, words);
  };
  const save = async (entry, keeping) => {
    if (deleted.has(entry.id)) return;
    const done = await keeping(entry).then(() => true, () => false);
    if (done) unkept.delete(entry.id);
    else unkept.set(entry.id, entry);
    if (current === entry) await warn();
  };
  const clear = () => {
    current = null;
    show(notKept, false);
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
    attempt(() => kept.isTheirs() && sessionStorage.setItem(SHOWN, entry.id));
    warn();
  };
  const goTo = () => {
    id("result").focus({ preventScroll: true });
    id("result").scrollIntoView({ block: "start" });
  };
  // As it is kept now: a button is older than the corrections.
  const open = async (entry) => {
    const now = current?.id === entry.id ? current : unkept.get(entry.id) ?? (await attempt(() => kept.find(entry.id))) ?? entry;
    if (form.getAttribute("aria-busy") !== "true") { present(now); goTo(); }
  };
  const keep = async (entry) => {
    await save(entry, kept.keep);
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
  const FOUND_AGAIN = ["repetition", "illegible", "unknown_character", "extra_cells", "unknown_command", "never_closed", "never_opened", "dangerous_command", "missing_file", "still_incomplete"];
  const FOUND_BY_PAGES = ["page_missing", "page_empty", "page_misplaced"];
  // The lines of a document: where those stand that are alike, and which of these each is. Made once: a warning may have
  // to look at every line.
  const alike = (source) => {
    const places = new Map();
    const lines = source.split("\n");
    const ranks = lines.map((text, at) => {
      if (!places.has(text)) places.set(text, []);
      return places.get(text).push(at) - 1;
    });
    return { lines, places, ranks };
  };
  // A warning about a line of `before`, for `after`, where that line may be another one.
  const moved = (warning, before, after) => {
    for (let up = 0; up < warning.line; up += 1) {
      const from = warning.line - 1 - up;
      const at = after.places.get(before.lines[from])?.[before.ranks[from]];
      if (at === undefined) continue;
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
    const lines = [checked, data.latex].map(alike);
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
    saving = setTimeout(() => save(entry, kept.change), 400);
  });

  // ── Its figures ───────────────────────────────────────────────────────────────────────────────
  // Cut while the document is there to be read, and put into it as it is then.
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

  // ── The last conversions ──────────────────────────────────────────────────────────────────────
  const forget = (entry) => {
    unkept.delete(entry.id);
    deleted.add(entry.id);
  };
  let listed = [];
  const list = async () => {
    const found = (await attempt(kept.all)) ?? [];
    listed = [...unkept.values(), ...found.filter(isKept)].sort((one, other) => other.id - one.id);
    show(id("kept"), listed.length > 0);
    id("kept-list").replaceChildren(...listed.map((entry) => {
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
          forget(entry);
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
    listed.forEach(forget);
    await attempt(kept.clear);
    hide();
    await list();
    id("file").focus();
  };

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
  const restore = async () => {
    await list();
    await attempt(async () => {
      const before = latex.value ? 0 : Number(sessionStorage.getItem(SHOWN));
      const entry = before && (await kept.find(before));
      if (entry && !current && !chosen().length) present(entry);
    });
  };
  return { now: () => current, present, presentFigures, illustrate, clear, hide, reveal, goTo, open, keep, check, setSource, facts, stem, warningOf, restore };
};
