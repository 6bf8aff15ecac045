// Improves the question form. Without this file the form posts and the reply is the page with the answer.
// The server escapes and colours the answer, so only the server renders: the reply is parsed as an inert document, and
// its #result replaces that of this page. Text of a model is never assigned to innerHTML.
"use strict";

(() => {
  const form = document.getElementById("ask");
  const message = document.getElementById("message");
  const key = form.elements.namedItem("idempotency_key");
  const status = document.getElementById("status");
  const cancel = document.getElementById("cancel");
  const submit = form.querySelector("button[type=submit]");
  const texts = form.dataset;

  // Creates an element with properties and children; a string is a text node.
  const element = (name, properties = {}, children = []) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };

  // ── Asking ────────────────────────────────────────────────────────────────────────────────────
  let inFlight = null;

  const ask = async () => {
    if (inFlight) return; // A double click sends one question.
    inFlight = new AbortController();
    const question = message.value;
    const started = Date.now();
    const tick = () => {
      const seconds = Math.round((Date.now() - started) / 1000);
      status.textContent = `${texts.waiting} ${seconds}\u00a0s`;
    };
    // A screen reader announces the first text, then one every ten seconds.
    tick();
    const timer = setInterval(() => {
      const seconds = Math.round((Date.now() - started) / 1000);
      status.setAttribute("aria-live", seconds % 10 === 0 ? "polite" : "off");
      tick();
    }, 1000);
    submit.disabled = true;
    cancel.hidden = false;
    form.setAttribute("aria-busy", "true");
    document.querySelector("#result .notice.error")?.remove();
    let outcome = "";
    try {
      const reply = await fetch(form.action, {
        method: "POST",
        headers: { Accept: "text/html" },
        // The key stays the same until a reply contains another one, so a question that is sent again after an
        // interruption gets the answer to the first submission and is paid once.
        body: new URLSearchParams({ message: question, idempotency_key: key.value }),
        redirect: "manual",
        signal: inFlight.signal,
      });
      outcome = reply.type === "opaqueredirect" ? texts.signedOut : show(await reply.text(), question, reply.ok);
    } catch (error) {
      outcome = error.name === "AbortError" ? texts.cancelled : texts.offline;
    } finally {
      clearInterval(timer);
      inFlight = null;
      submit.disabled = false;
      cancel.hidden = true;
      form.removeAttribute("aria-busy");
      status.setAttribute("aria-live", "polite");
      status.textContent = outcome;
    }
  };

  // Shows the reply's result in this page. Returns the text for the status line.
  const show = (html, question, ok) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    const result = page.getElementById("result");
    if (!result) {
      return page.querySelector("[role=alert]")?.textContent.trim() || texts.offline;
    }
    const next = page.querySelector("[name=idempotency_key]");
    if (next) key.value = next.value;
    const shown = document.importNode(result, true);
    document.getElementById("result").replaceWith(shown);
    message.toggleAttribute("aria-invalid", page.querySelector("#message[aria-invalid]") !== null);
    addCopyButtons(shown);
    shown.focus({ preventScroll: true });
    shown.scrollIntoView({ block: "nearest" });
    if (!ok) return "";
    remember(question, shown);
    return texts.ready;
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask();
  });
  message.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit(submit);
    }
  });
  cancel.addEventListener("click", () => inFlight?.abort());
  document.getElementById("shortcut").hidden = false;

  // ── Copying ───────────────────────────────────────────────────────────────────────────────────
  const addCopyButtons = (within) => {
    if (!navigator.clipboard) return;
    for (const code of within.querySelectorAll("pre")) {
      const button = element("button", { type: "button", className: "secondary", textContent: texts.copy });
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = texts.copied;
        setTimeout(() => { button.textContent = texts.copy; }, 2000);
      });
      const box = element("div", { className: "code-box" });
      code.replaceWith(box);
      box.append(button, code);
    }
  };

  // ── History: in this browser only, one list per user, newest first ────────────────────────────
  const KEY = `atelier.llm.history.${texts.user}`;
  const ENTRIES_MAX = 20;
  const history = document.getElementById("history");

  const load = () => {
    try {
      const entries = JSON.parse(localStorage.getItem(KEY) ?? "[]");
      return Array.isArray(entries) ? entries.filter((entry) => typeof entry?.question === "string") : [];
    } catch {
      return []; // Storage is off, or contains something else. The page works without it.
    }
  };

  const store = (entries) => {
    try {
      if (entries.length > 0) localStorage.setItem(KEY, JSON.stringify(entries.slice(0, ENTRIES_MAX)));
      else localStorage.removeItem(KEY);
    } catch { /* Storage is full or off. */ }
    list();
  };

  const remember = (question, result) => {
    const code = result.querySelector("[data-part=code] pre")?.textContent ?? "";
    const prose = result.querySelector("[data-part=explanation]")?.cloneNode(true);
    prose?.querySelectorAll("h2, button").forEach((part) => part.remove());
    const explanation = prose?.textContent.trim() ?? "";
    store([{ question, code, explanation }, ...load().filter((entry) => entry.question !== question)]);
  };

  const list = () => {
    const entries = load();
    history.hidden = entries.length === 0;
    document.getElementById("history-list").replaceChildren(...entries.map((entry) => element("li", {}, [
      element("details", {}, [
        element("summary", { textContent: entry.question }),
        ...(entry.code ? [element("p", { textContent: texts.code }), element("pre", { tabIndex: 0, textContent: entry.code })] : []),
        element("p", { textContent: texts.explanation }),
        element("pre", { tabIndex: 0, textContent: entry.explanation ?? "" }),
      ]),
    ])));
  };

  document.getElementById("history-clear").addEventListener("click", () => store([]));

  addCopyButtons(document.getElementById("result"));
  list();
})();
