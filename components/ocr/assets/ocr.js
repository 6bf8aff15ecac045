// Improves the conversion page: the chosen files as a list in the order of the pages, and their preview. The rest is in
// conversion.js, which is loaded when it is needed. The page works without both.
(() => {
  "use strict";
  const id = (name) => document.getElementById(name);
  const form = id("convert");
  const texts = form.dataset;
  const file = id("file"), list = id("chosen"), preview = id("preview"), status = id("status");

  const show = (element, visible) => { element.hidden = !visible; };
  const fill = (text = "", data) => text.replace(/\{(\w+)\}/g, (_, name) => data[name] ?? "?");
  const make = (name, properties) => Object.assign(document.createElement(name), properties);
  const setStatus = (text) => { if (status.textContent !== text) status.textContent = text; };
  const arrangePanes = () => id("panes").classList.toggle("both", !preview.hidden && !id("result").hidden);
  const problem = (text) => {
    id("problem").textContent = text;
    show(id("problem"), text);
    if (id("server-problem")) show(id("server-problem"), false);
  };

  // Choosing files. The list is the order of the pages, and what the form sends.
  const chosen = () => [...list.children];
  const isPdf = ({ name, type }) => /pdf$/i.test(type) || /\.pdf$/i.test(name);
  const usable = /(pdf|jpe?g|png|webp|hei[cf])$/i;
  const kilobytes = new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit: "kilobyte" });
  let shown;
  const look = (item) => {
    shown = item;
    show(preview, item);
    if (item) {
      const { file, url } = item, pdf = isPdf(file);
      show(id("photo"), !pdf);
      if (pdf) load().then(({ draw }) => draw(item)).catch(() => {});
      else Object.assign(id("photo"), { src: url, alt: file.name });
    }
    arrangePanes();
  };
  // After a failure with another fragment: a browser remembers what could not be fetched.
  let tries = 0;
  const kept = () => import(texts.kept + "#" + tries);
  // They outlive a reload, another page and the other language.
  const TAB = "atelier.ocr.tab." + texts.user;
  const keepChosen = () => {
    const files = chosen().filter(({ converted }) => !converted).map(({ file }) => file);
    kept().then(({ putChosen }) => putChosen(texts.user, TAB, files)).catch(() => {});
  };
  form.addEventListener("converted", keepChosen);
  const changed = () => {
    const transfer = new DataTransfer();
    for (const { file } of chosen()) transfer.items.add(file);
    file.files = transfer.files;
    keepChosen();
  };
  const discard = (item) => {
    if (shown === item) look();
    URL.revokeObjectURL(item.url);
    item.free?.();
    item.remove();
  };
  // Never the type of the file: nothing else is shown here.
  const urlOf = (file) => URL.createObjectURL(new Blob([file], { type: isPdf(file) ? "application/pdf" : "image/jpeg" }));
  const about = ({ name, size }) => name + " – " + kilobytes.format(Math.ceil(size / 1024));
  const entry = (file) => {
    const { name } = file;
    const item = make("li", { file, url: urlOf(file) });
    const button = (text, label, onclick) => make("button", { type: "button", className: "secondary", textContent: text, ariaLabel: fill(label, { name }), onclick });
    const move = (sibling, how) => {
      // The sibling moves, so that the button keeps the focus.
      if (sibling) item[how](sibling);
      changed();
      setStatus(fill(texts.page, { page: chosen().indexOf(item) + 1, pages: chosen().length }));
    };
    const thumbnail = button("", texts.look, () => look(item));
    item.facts = make("span", { textContent: about(file) });
    item.append(
      thumbnail,
      item.facts,
      button("↑", texts.up, () => move(item.previousElementSibling, "after")),
      button("↓", texts.down, () => move(item.nextElementSibling, "before")),
      button("×", texts.remove, () => {
        const next = item.nextElementSibling || item.previousElementSibling;
        discard(item);
        changed();
        (next ? next.lastChild : id("file")).focus();
      }),
    );
    // A protected PDF is not shown: the browser would ask for its password.
    thumbnail.disabled = isPdf(file);
    const examine = () => load().then((script) => script.examine(item)).then((isOpen) => {
      if (!isOpen || !item.isConnected) return;
      thumbnail.textContent = "PDF";
      thumbnail.disabled = false;
      thumbnail.onclick = () => look(item);
      if (!shown) look(item);
    }).catch(() => Object.assign(thumbnail, { disabled: false, onclick: examine }));
    const prepare = async () => {
      const script = await load();
      const ready = await script.prepare(file);
      if (!item.isConnected) return;
      if (ready.small) {
        URL.revokeObjectURL(item.url);
        Object.assign(item, { file: ready.file, url: urlOf(ready.file) });
        item.facts.textContent = about(ready.file);
        thumbnail.append(ready.small);
        if (!shown || shown === item) look(item);
        script.examinePhoto(item, ready.small).catch(() => {});
      }
      fit(item);
    };
    let preparing;
    // When its script could not be fetched, the next call tries again.
    if (isPdf(file)) examine();
    else (item.prepare = () => (preparing ??= prepare().catch(() => { preparing = null; })))();
    return item;
  };
  // What a photo weighs is known when it is ready.
  let refused = [];
  const fit = (item) => {
    item.isReady = true;
    const bytes = chosen().reduce((sum, { isReady, file }) => sum + (isReady ? file.size : 0), 0);
    if (item.isConnected && bytes > texts.bytesMax) {
      discard(item);
      refused.push(fill(texts.tooMany, { name: item.file.name }));
      problem(refused.join(" "));
    }
    if (chosen().every(({ isReady }) => isReady)) changed();
  };
  const add = (files) => {
    const isUsable = ({ name, type }) => usable.test(type) || usable.test(name);
    // What was converted makes room. Photos take the place of PDFs.
    if (files.some(isUsable)) {
      const pictures = !files.some(isPdf);
      for (const item of chosen()) if (item.converted || (pictures && isPdf(item.file))) discard(item);
    }
    refused = [];
    for (const one of files) {
      const { name, size } = one;
      const others = chosen();
      const why = !isUsable(one) ? texts.notUsable
        : others.some((item) => isPdf(item.file) !== isPdf(one)) ? texts.apart
        : others.length >= texts.picturesMax || (isPdf(one) && size > texts.bytesMax) ? texts.tooMany : "";
      if (why) refused.push(fill(why, { name }));
      else list.append(entry(one));
    }
    problem(refused.join(" "));
    changed();
    if (refused.length < files.length) form.dispatchEvent(new Event("chosen"));
  };
  let loading;
  const load = () => {
    loading ??= import(texts.conversion + "#" + tries).then((script) => script.default({ id, show, fill, make, setStatus, problem, arrangePanes, chosen, isPdf }));
    // The next choice or click tries again.
    loading.catch(() => { loading = null; tries += 1; });
    return loading;
  };
  const take = (files) => {
    load().catch(() => {});
    add([...files]);
  };
  file.onchange = () => take(file.files);
  form.onsubmit = (event) => {
    event.preventDefault();
    refused = [];
    load().then(({ convert }) => convert(), () => problem(texts.offline));
  };
  // The whole page is the drop zone, and takes what is pasted. Text with a picture of itself (Word) is pasted as text.
  for (const type of ["dragover", "dragleave", "drop", "paste"]) {
    document.addEventListener(type, (event) => {
      const { files, types } = event.dataTransfer ?? event.clipboardData;
      if (!types.includes("Files") || types.includes("text/plain")) return;
      event.preventDefault();
      document.body.classList.toggle("dropping", type === "dragover");
      if (files.length && !id("drop").disabled) take(files);
    });
  }
  // WebKit fills the field in again after Back, and not the list.
  file.value = "";
  // A document that the server has put into the page, or conversions that are kept in this browser.
  try {
    if (sessionStorage.getItem(TAB)) {
      kept().then(({ getChosen }) => getChosen(texts.user, TAB)).then((files) => { if (files.length && !chosen().length) take(files); }).catch(() => {});
    }
    if (id("latex").value || localStorage.getItem("atelier.ocr.kept." + texts.user)) load().catch(() => {});
  } catch { /* storage is off */ }
})();
