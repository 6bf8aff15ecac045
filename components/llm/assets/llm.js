// Improves the question form. Without this file the form posts and the reply is the page with the answer.
// The server escapes and colours the answer, so only the server renders: the reply is parsed as an inert document, and
// its parts replace those of this page. Text of a model is never assigned to innerHTML. The history stores what the
// server rendered, and reads it in the same way.
"use strict";

(() => {
  const id = (name) => document.getElementById(name);
  const form = id("ask"), message = id("message"), status = id("status"), cancel = id("cancel");
  const { idempotency_key: key, conversation } = form.elements;
  const submit = form.querySelector("button[type=submit]");
  const texts = form.dataset;
  const parse = (html) => new DOMParser().parseFromString(html, "text/html");

  // Storage may be off, full, or contain something else. The page works without it.
  const attempt = (act) => {
    try { return act(); } catch { return null; }
  };

  // Creates an element with properties and children; a string is a text node.
  const element = (name, properties = {}, children = []) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };
  const button = (text, act, className = "secondary") => {
    const made = element("button", { type: "button", className, textContent: text });
    made.addEventListener("click", () => act(made));
    return made;
  };
  // A browser remembers the address of a script that could not be fetched, but not with another fragment.
  let tries = 0;
  const lazily = (address) => import(`${address}#${tries}`).catch((error) => {
    tries += 1;
    throw error;
  });
  const styleAnswers = () => {
    if (!document.querySelector(`[href="${texts.sheet}"]`)) document.head.append(element("link", { rel: "stylesheet", href: texts.sheet }));
  };
  const save = (text, name, type) => {
    const link = element("a", { href: URL.createObjectURL(new Blob([text], { type })), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  const copyButton = (text) => button(texts.copy, async (made) => {
    await navigator.clipboard.writeText(text());
    made.textContent = texts.copied;
    setTimeout(() => { made.textContent = texts.copy; }, 2000);
  });

  // ── The question: its length, and a draft that outlives the session ───────────────────────────
  const DRAFT = `atelier.llm.draft.${texts.user}`;
  const CONVERSATION = `atelier.llm.conversation.${texts.user}`;
  const CHARS_MAX = Number(message.dataset.max);
  const length = () => [...message.value.trim()].length;
  const refuse = (text) => {
    id("message-error").textContent = text;
    message.ariaInvalid = text ? "true" : null;
    if (!text) return;
    status.textContent = "";
    message.focus();
  };
  const count = () => {
    const number = (value) => value.toLocaleString(document.documentElement.lang);
    id("counter").hidden = length() < CHARS_MAX * 0.9;
    id("counter").textContent = `${number(length())}\u00a0/\u00a0${number(CHARS_MAX)}`;
    id("counter").classList.toggle("over", length() > CHARS_MAX);
  };
  // After signing out in another tab, nothing that it erased is written again (site.js).
  const keep = (storage, name, value) => attempt(() => {
    if (localStorage.getItem("atelier-user") === texts.user) storage.setItem(name, value);
    return true;
  });
  const keepDraft = () => keep(sessionStorage, DRAFT, message.value);
  // Whether the conversation of the question in flight was left; and the one to go on with if a question that failed is changed.
  let isLeft = false, following;
  const converse = (text) => {
    isLeft = true;
    following = undefined;
    conversation.value = text;
    id("follow-up").hidden = !text;
    keep(sessionStorage, CONVERSATION, text);
  };
  // Puts a question into the form that belongs to no conversation.
  const fill = (text) => {
    converse("");
    message.value = text;
    keepDraft();
    count();
    message.focus();
    message.scrollIntoView({ block: "center" });
  };
  message.addEventListener("input", () => {
    if (following !== undefined && !inFlight) converse(following);
    keepDraft();
    count();
    refuse("");
  });
  message.value ||= attempt(() => sessionStorage.getItem(DRAFT)) ?? "";
  converse(conversation.value || (attempt(() => sessionStorage.getItem(CONVERSATION)) ?? ""));
  count();

  // ── Asking ────────────────────────────────────────────────────────────────────────────────────
  let inFlight = null;
  // The server gives up before.
  const SECONDS_MAX = 200;

  // The answer to another question is folded under its own question, so that it is not read as this one's.
  const setAside = () => {
    const shown = document.querySelector("#result > .exchange");
    // Half an answer is not kept, nor what asks for it again.
    if (shown?.querySelector(".writing")) {
      shown.remove();
      id("retry")?.remove();
    }
    if (!shown?.isConnected) return;
    const asked = shown.querySelector(".asked").lastChild.textContent.trim();
    const summary = element("summary", { textContent: `${texts.previous} ${asked}` });
    id("result").replaceChildren(element("details", { id: "previous", className: "card" }, [summary, shown]));
  };

  // Shows that a question is under way, and counts the seconds. Returns what ends it.
  const wait = () => {
    const running = (is) => {
      submit.disabled = is;
      cancel.hidden = !is;
      status.classList.remove("field-error");
      form.ariaBusy = is ? "true" : null;
    };
    running(true);
    const started = Date.now();
    const tick = () => {
      const seconds = Math.round((Date.now() - started) / 1000);
      // A connection may be lost without a word.
      if (seconds > SECONDS_MAX) inFlight.abort(new Error("silence"));
      // A screen reader announces the first text, then one every ten seconds.
      status.ariaLive = seconds % 10 === 0 ? "polite" : "off";
      const begun = document.querySelector("#result .writing");
      status.textContent = (begun ? texts.writing : texts.waiting).replace("{s}", seconds);
    };
    tick();
    const timer = setInterval(tick, 1000);
    return () => {
      clearInterval(timer);
      running(false);
    };
  };

  // Whether an answer came.
  const ask = async () => {
    if (inFlight) return; // A double click sends one question.
    if (length() === 0) return refuse(texts.empty);
    if (length() > CHARS_MAX) return refuse(texts.tooLong);
    refuse("");
    isLeft = false;
    inFlight = new AbortController();
    const question = message.value, earlier = conversation.value;
    id("problem").replaceChildren();
    id("examples")?.remove();
    setAside();
    styleAnswers();
    const done = wait();
    let outcome = "";
    try {
      const reply = await fetch(form.action, {
        method: "POST",
        headers: { Accept: "text/event-stream, text/html;q=0.9" },
        // The key stays the same until a reply contains another one, so a question that is sent again after an
        // interruption gets the answer to the first submission and is paid once.
        body: new URLSearchParams(new FormData(form)),
        signal: inFlight.signal,
      });
      const streams = reply.headers.get("Content-Type")?.startsWith("text/event-stream");
      const html = streams ? await (await lazily(texts.reader)).default(reply, question, element, texts) : await reply.text();
      outcome = html === undefined ? texts.broken : show(parse(html), question, earlier);
    } catch (error) {
      // What is left of the reply is not read.
      inFlight.abort();
      const begun = document.querySelector("#result .writing");
      outcome = error.name === "AbortError" ? texts.cancelled : begun ? texts.broken : texts.offline;
    } finally {
      done();
      inFlight = null;
      status.ariaLive = "polite";
      status.textContent = outcome;
      status.classList.toggle("field-error", [texts.broken, texts.offline].includes(outcome));
    }
    return outcome === texts.ready;
  };

  // Shows what the reply brings: an answer, or why there is none. Returns the text for the status line.
  const show = (page, question, earlier) => {
    const next = page.querySelector("#ask [name=idempotency_key]");
    if (!next) return page.querySelector("[role=alert]")?.textContent.trim() || texts.offline;
    key.value = next.value;
    const shown = page.querySelector("#result > .exchange");
    if (!shown) {
      document.querySelector("#result .writing")?.closest(".exchange").remove();
      id("problem").replaceChildren(...document.importNode(page.getElementById("problem"), true).childNodes);
      refuse(page.getElementById("message-error").textContent);
      if (id("problem").firstElementChild) id("problem").focus();
      return "";
    }
    // What was typed in the meantime stays.
    if (message.value === question) message.value = "";
    keepDraft();
    count();
    const exchanges = page.querySelector("#ask [name=conversation]").value;
    // A conversation that was left in the meantime stays left.
    if (!isLeft) converse(exchanges);
    remember(question, shown, exchanges.startsWith(earlier) ? exchanges.slice(earlier.length) : undefined);
    const result = document.importNode(page.getElementById("result"), true);
    id("result").replaceWith(result);
    improve(result);
    result.focus({ preventScroll: true });
    result.scrollIntoView({ block: "start" });
    return texts.ready;
  };

  form.noValidate = true;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask();
  });
  message.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      ask();
    }
  });
  cancel.addEventListener("click", () => inFlight?.abort());
  id("examples")?.addEventListener("submit", (event) => {
    event.preventDefault();
    fill(event.submitter.value);
  });
  id("shortcut").hidden = false;

  // ── The toolbars of an answer ─────────────────────────────────────────────────────────────────
  // Below the code, where the reader looks.
  const run = async (box) => {
    box.parentElement.querySelector(".notice")?.remove();
    try {
      await (await lazily(texts.runner)).run(box);
    } catch {
      box.after(element("p", { className: "notice error", role: "alert", textContent: texts.noPython }));
    }
  };
  const improve = (within) => {
    for (const code of within.querySelectorAll("pre")) {
      const isProgram = code.parentElement.dataset.part === "code" && code.previousElementSibling?.tagName === "H2";
      const tools = [
        ...(navigator.clipboard ? [copyButton(() => code.textContent)] : []),
        ...(isProgram ? [button(texts.download, () => save(`${code.textContent}\n`, "atelier.py", "text/x-python"))] : []),
      ];
      if (isProgram && texts.run) tools.push(button(texts.run, () => run(box)));
      const heading = isProgram ? code.previousElementSibling : null;
      const bar = element("div", { className: "toolbar" }, [...(heading ? [heading] : []), ...tools]);
      const box = element("div", { className: "code-box" });
      code.replaceWith(box);
      box.append(bar, code);
    }
    within.querySelector("#retry")?.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (inFlight) return;
      const typed = message.value, here = following ?? conversation.value, shown = [...id("result").childNodes], retry = event.target;
      message.value = event.submitter.value;
      const question = message.value;
      converse(retry.elements.conversation.value);
      retry.remove();
      const answered = ask();
      // What was being typed comes back.
      message.value = typed || question;
      keepDraft();
      if (await answered) return;
      // Sent again, the question is the same one; another goes on from the answer before.
      if (!isLeft && message.value === question) following = here;
      else if (!isLeft) converse(here);
      // Half of an answer stays, as for another question.
      if (document.querySelector("#result .writing")) id("result").append(retry);
      else id("result").replaceChildren(...shown);
    });
    for (const link of within.querySelectorAll(".new")) {
      link.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        converse("");
        message.focus();
        message.scrollIntoView({ block: "center" });
      });
    }
  };

  // ── History: in this browser only, one list per user, newest first ────────────────────────────
  const KEY = `atelier.llm.history.${texts.user}`;
  const ENTRIES_MAX = 20;
  const history = id("history");

  const load = () => {
    const entries = attempt(() => JSON.parse(localStorage.getItem(KEY)));
    return Array.isArray(entries) ? entries.filter((entry) => typeof entry?.question === "string" && !(Math.abs(entry.at) > 8.64e15)) : [];
  };

  const store = (entries) => {
    // Where they do not fit, the oldest go.
    const kept = entries.slice(0, ENTRIES_MAX);
    if (kept.length === 0) attempt(() => localStorage.removeItem(KEY));
    while (kept.length > 0 && !keep(localStorage, KEY, JSON.stringify(kept))) kept.pop();
    list();
  };
  const without = (entry) => load().filter((other) => other.question !== entry.question || other.html !== entry.html);

  // `text`: question and answer as Markdown; of a long answer only the beginning.
  const remember = (question, shown, text) => {
    const entry = { question, html: shown.querySelector(".answer").outerHTML, text, at: Date.now() };
    store([entry, ...without(entry)]);
  };

  // What the server rendered; an entry of an earlier version has texts only.
  const answerOf = (entry) => {
    const rendered = entry.html && parse(entry.html).querySelector(".answer");
    if (rendered) return document.importNode(rendered, true);
    const part = (text) => element("pre", { tabIndex: 0, textContent: text ?? "" });
    return element("div", { className: "answer" }, [part(entry.code), part(entry.explanation)]);
  };

  const ago = (at) => {
    if (!at) return "";
    const relative = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto", style: "short" });
    const minutes = Math.round((at - Date.now()) / 60000);
    if (minutes === 0) return texts.now;
    if (minutes > -60) return relative.format(minutes, "minute");
    return minutes > -1440 ? relative.format(Math.round(minutes / 60), "hour") : relative.format(Math.round(minutes / 1440), "day");
  };

  const asText = (entry) => {
    if (entry.text && !entry.text.includes(" […]\n")) return entry.text.trim();
    const answer = answerOf(entry);
    const code = answer.querySelector("[data-part=code] pre")?.textContent ?? entry.code ?? "";
    const prose = answer.querySelector("[data-part=explanation]");
    prose?.querySelector("h2")?.remove();
    const explanation = prose?.textContent.trim() ?? entry.explanation ?? "";
    return [`## ${entry.question}`, ...(code ? [`\`\`\`python\n${code}\n\`\`\``] : []), explanation].join("\n\n");
  };

  const item = (entry) => {
    const time = element("time", { className: "muted", textContent: ago(entry.at) });
    if (entry.at) Object.assign(time, { dateTime: new Date(entry.at).toISOString(), title: new Date(entry.at).toLocaleString(document.documentElement.lang) });
    const tools = element("div", { className: "toolbar" }, [
      ...(navigator.clipboard ? [copyButton(() => asText(entry))] : []),
      button(texts.again, () => fill(entry.question)),
      button(texts.delete, () => store(without(entry)), "danger"),
    ]);
    const details = element("details", {}, [element("summary", {}, [`${entry.question} `, time]), tools]);
    details.addEventListener("toggle", () => {
      if (details.querySelector(".answer")) return;
      details.append(answerOf(entry));
      improve(details.querySelector(".answer"));
    });
    return element("li", {}, [details]);
  };

  const list = () => {
    const entries = load();
    history.hidden = entries.length === 0;
    if (entries.length) styleAnswers();
    id("history-list").replaceChildren(...entries.map(item));
  };

  // "2 min ago" is counted again.
  history.addEventListener("toggle", () => history.open && list());
  id("history-clear").addEventListener("click", () => store([]));
  id("history-export").addEventListener("click", () => save(load().map(asText).join("\n\n---\n\n"), "atelier-python.md", "text/markdown"));

  improve(document);
  list();
})();
