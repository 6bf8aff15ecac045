// « Exécuter »: the code of an answer runs in the browser, apart from the page, the session and the network.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, compiled, inspect, laptop, leave, phone, picture, registerAndSignIn, shows, start, stop, visit } from "./harness.mjs";

before(start);
after(stop);

/** Loading Python on a busy machine; no time is held here. */
const patience = 240;

const words = {
  "fr-FR": { run: "Exécuter", stop: "Arrêter", fix: "Corrige cette erreur", enter: "Valider", endOfInput: "Fin des saisies",
    privacy: /Votre code ne quitte pas votre navigateur/, done: /Terminé\s:/, failed: /arrêté sur une erreur/, stopped: /Arrêté\./,
    flood: /plus de 100\s000 caractères/, waiting: /attend une saisie/, missing: /numpy n’est pas disponible ici/ },
  "en-GB": { run: "Run", stop: "Stop", fix: "Fix this error", enter: "Enter", endOfInput: "End of input",
    privacy: /Your code never leaves your browser/, done: /Finished:/, failed: /stopped with an error/, stopped: /Stopped\./,
    flood: /more than 100,000 characters/, waiting: /waiting for input/, missing: /numpy is not available here/ },
};

/** A page with an answer. */
async function answered(options = {}) {
  const page = await visit(options);
  await registerAndSignIn(page);
  await ask(page, "Comment trier une liste de nombres ?");
  return page;
}

/** Runs a program in the place of the answer's own. */
async function run(page, program, { run: label } = words["fr-FR"]) {
  await page.evaluate((text) => {
    document.querySelector("#result .runner")?.remove();
    document.querySelector("#result [data-part=code] pre code").textContent = text;
  }, program);
  await page.getByRole("button", { name: label, exact: true }).click();
}

const status = (page, pattern) => page.locator(".runner-status").filter({ hasText: pattern }).waitFor({ timeout: patience * 1000 });
const output = (page) => page.locator(".runner-output").textContent();

/** Runs a program to its end. */
async function outcome(page, program, known = words["fr-FR"]) {
  await run(page, program, known);
  await status(page, new RegExp(`${known.done.source}|${known.failed.source}`));
  return output(page);
}

for (const [locale, device, viewport] of [["fr-FR", "phone", phone], ["en-GB", "laptop", laptop]]) {
  test(`a program runs, stops on an error, and asks how to mend it: ${locale}, ${device}`, async () => {
    const known = words[locale], language = locale.slice(0, 2);
    const page = await answered({ locale, viewport });
    const sent = [];
    page.on("request", (request) => {
      if (request.method() === "POST") sent.push(new URLSearchParams(request.postData()));
    });

    // The answer's own program.
    await page.getByRole("button", { name: known.run, exact: true }).click();
    await status(page, known.done);
    assert.notEqual((await output(page)).trim(), "");
    assert.match(await page.innerText(".runner"), known.privacy);
    await inspect(page, language);
    await picture(page, `${language}-${device}-run-done`);

    await run(page, "def half(n):\n    return 1 / n\n\nprint('before')\nhalf(0)", known);
    await status(page, known.failed);
    const failure = await output(page);
    assert.match(failure, /^before\nTraceback[^]*File "atelier\.py", line 5, in <module>\n\s+half\(0\)[^]*ZeroDivisionError/);
    assert.doesNotMatch(failure, /_pyodide|<exec>/, "only the program's own lines");
    await inspect(page, language);
    await picture(page, `${language}-${device}-run-error`);
    assert.deepEqual(sent, [], "the code has not left the browser");

    await page.fill("#message", "un brouillon");
    await page.selectOption("[name=mode]", "hint");
    await page.getByRole("button", { name: known.fix }).click();
    await page.locator(".asked").filter({ hasText: known.fix }).waitFor();
    await shows(page, /Démonstration|Demonstration/, 60);
    assert.equal(sent[0].get("mode"), "fix");
    assert.match(sent[0].get("message"), /def half[^]*ZeroDivisionError/);
    assert.notEqual(sent[0].get("conversation"), "", "it follows the conversation");
    assert.equal(await page.inputValue("#message"), "un brouillon", "what was typed stays");
    assert.equal(await page.inputValue("[name=mode]"), "hint");
    await leave(page);
  });

  test(`what a program reads is typed while it runs: ${locale}, ${device}`, async () => {
    const known = words[locale];
    const page = await answered({ locale, viewport });
    await run(page, "name = input('Name? ')\nprint('Hello', name)\nimport sys\nprint(len(sys.stdin.read().split()))", known);
    await status(page, known.waiting);
    assert.match(await output(page), /^Name\? $/);
    await inspect(page, locale.slice(0, 2));
    await picture(page, `${locale.slice(0, 2)}-${device}-run-input`);
    await page.keyboard.type("Léa");
    await page.keyboard.press("Enter");
    await page.locator(".runner-output").filter({ hasText: "Hello Léa" }).waitFor();
    await status(page, known.waiting);
    await page.keyboard.type("a b c");
    await page.getByRole("button", { name: known.enter, exact: true }).click();
    await page.getByRole("button", { name: known.endOfInput }).click();
    await status(page, known.done);
    assert.equal(await output(page), "Name? Léa\nHello Léa\na b c\n3\n");
    await leave(page);
  });

  test(`an endless loop is stopped by hand, and another run starts afresh: ${locale}`, async () => {
    const known = words[locale];
    const page = await answered({ locale, viewport });
    await run(page, "print('begun')\nwhile True:\n    pass", known);
    await page.locator(".runner-output").filter({ hasText: "begun" }).waitFor({ timeout: patience * 1000 });
    await picture(page, `${locale.slice(0, 2)}-run-running`);
    await page.getByRole("button", { name: known.stop, exact: true }).click();
    await status(page, known.stopped);
    assert.equal(await page.locator("iframe").count(), 0);
    assert.equal(await outcome(page, "print('leftover' in globals())", known), "False\n");
    await leave(page);
  });

  test(`another question stops the program that runs, and says so: ${locale}`, async () => {
    const known = words[locale];
    const page = await answered({ locale, viewport });
    await run(page, "print('begun')\nwhile True:\n    pass", known);
    await page.locator(".runner-output").filter({ hasText: "begun" }).waitFor({ timeout: patience * 1000 });
    await page.fill("#message", "Fibonacci ?");
    await page.route("**/llm/send", () => {}, { times: 1 });
    await page.click("#ask button[type=submit]", { noWaitAfter: true });
    await page.click("#previous summary");
    await status(page, known.stopped);
    assert.equal(await page.locator("iframe").count(), 0);
    await leave(page);
  });

  test(`a flood of output is cut: ${locale}`, async () => {
    const known = words[locale];
    const page = await answered({ locale, viewport });
    await run(page, "while True:\n    print('x' * 1000)", known);
    await status(page, known.flood);
    assert.equal((await output(page)).length, 100_000);
    assert.equal(await page.locator("iframe").count(), 0);
    await leave(page);
  });

  test(`a module that is not there is named: ${locale}`, async () => {
    const page = await answered({ locale, viewport });
    await run(page, "import numpy", words[locale]);
    await status(page, words[locale].missing);
    assert.match(await page.innerText(".runner"), /numpy, matplotlib/);
    await leave(page);
  });
}

test("a program that computes for too long is stopped", async () => {
  const page = await answered();
  // Thirty seconds of the page's clock.
  await page.clock.install();
  await run(page, "print('begun')\nwhile True:\n    pass");
  await page.locator(".runner-output").filter({ hasText: "begun" }).waitFor({ timeout: patience * 1000 });
  await page.clock.runFor(31_000);
  await status(page, /pendant 30\ss sans finir/);
  assert.equal(await page.locator("iframe").count(), 0);
  await leave(page);
});

test("where a running program cannot wait, what it reads is written beforehand", async () => {
  const page = await visit();
  // As in a browser without JavaScript Promise Integration.
  await page.addInitScript(() => { delete WebAssembly.Suspending; });
  await registerAndSignIn(page);
  await page.goto("/llm");
  await page.fill("#message", "Comment trier une liste de nombres ?");
  await page.click("#ask button[type=submit]");
  await shows(page, /Démonstration/, 60);
  await run(page, "a = int(input())\nb = int(input())\nprint(a + b)");
  await page.getByLabel("Ce que le programme va lire").fill("19\n23\n");
  await inspect(page, "fr");
  await picture(page, "fr-run-prepared-input");
  await page.getByRole("button", { name: "Relancer" }).click();
  await status(page, /Terminé/);
  assert.equal(await output(page), "42\n");
  await page.getByLabel("Ce que le programme va lire").fill("19");
  await page.getByRole("button", { name: "Relancer" }).click();
  await status(page, /erreur/);
  assert.match(await output(page), /EOFError/);
  await leave(page);
});

test("a program reaches neither page nor session nor network", async () => {
  const page = await answered();
  const replies = [];
  const arrived = (reply) => {
    if (reply.url().startsWith("http")) replies.push(new URL(reply.url()).pathname);
  };
  await outcome(page, "print(1)"); // Python is loaded.
  page.on("response", arrived);
  const found = await outcome(page, `
import js
from pyodide.ffi import run_sync

def attempt(name, act):
    try:
        print(name, "REACHED", act())
    except BaseException as error:
        print(name, "refused", type(error).__name__)

attempt("cookie", lambda: js.document.cookie)
attempt("parent", lambda: js.parent.document)
attempt("top", lambda: js.top.location)
attempt("storage", lambda: js.localStorage.length)
attempt("database", lambda: js.indexedDB.open("x"))
attempt("session", lambda: run_sync(js.fetch("${page.url().replace("/llm", "/account")}")))
attempt("relative", lambda: run_sync(js.fetch("/account")))
attempt("file", lambda: run_sync(js.fetch("${page.url().replace("/llm", "/llm/run")}")))
attempt("others", lambda: run_sync(js.fetch("https://example.org/")))
attempt("module", lambda: run_sync(js.eval("import('${page.url().replace("/llm", "/llm/run")}')")))
def xhr():
    request = js.XMLHttpRequest.new()
    request.open("GET", "${page.url().replace("/llm", "/account")}", False)
    request.send()
    return request.status
attempt("xhr", xhr)
print(js.location.origin)
`);
  const lines = found.trim().split("\n");
  assert.equal(lines.pop(), "null", "an opaque origin");
  assert.equal(lines.length, 11);
  for (const line of lines) assert.match(line, / refused \w+$/);
  assert.deepEqual(replies.filter((path) => !path.startsWith("/llm/assets/frame-")), [], "no attempt left the browser");
  assert.ok(page.complaints.every((text) => /Content Security Policy|CSP|Refused to/.test(text)), page.complaints.join("\n"));
  page.complaints = [];
  await leave(page);
});

test("what a program writes is text", async () => {
  const page = await answered();
  const markup = "<img src=x onerror=document.title='owned'><b>b</b>";
  assert.equal(await outcome(page, `print(${JSON.stringify(markup)})`), `${markup}\n`);
  assert.equal(await page.locator(".runner-output *").count(), 0);
  // It can say what it likes to its frame and to the page: nothing listens.
  await outcome(page, "import js\njs.postMessage('ended')\nprint('still here')");
  assert.equal(await output(page), "still here\n");
  await leave(page);
});

test("Python is fetched when it is asked for, and once", async () => {
  const page = await visit();
  const fetched = [];
  page.on("response", (reply) => {
    if (/\/llm\/(python|run|assets\/(run|worker|frame))/.test(reply.url())) fetched.push(reply);
  });
  await registerAndSignIn(page);
  await page.goto("/llm");
  await page.fill("#message", "Comment trier une liste de nombres ?");
  await page.click("#ask button[type=submit]");
  await shows(page, /Démonstration/, 60);
  assert.deepEqual(fetched, [], "not before");
  await outcome(page, "print(1)");
  const names = fetched.map((reply) => new URL(reply.url()).pathname.split("/").pop().replace(/-[0-9a-f]{16}/, ""));
  assert.deepEqual([...new Set(names)].sort(), ["frame.html", "pyodide.asm.mjs", "pyodide.asm.wasm", "pyodide.mjs", "python_stdlib.zip", "run", "run.css", "run.js", "worker.js"]);
  for (const reply of fetched) {
    if (!reply.url().endsWith("/llm/run")) assert.match(reply.headers()["cache-control"], /immutable/, reply.url());
  }
  // In a new visit, from the browser's cache; the library is there compiled.
  await compiled(page);
  await page.reload();
  fetched.length = 0;
  await page.click("#history > summary");
  await page.click("#history-list summary");
  await page.click("#history .toolbar >> text=Exécuter");
  await page.locator(".runner-output:not([hidden])").waitFor({ timeout: patience * 1000 });
  const transferred = await page.evaluate(() => performance.getEntriesByType("resource").filter(({ name }) => name.includes("/python/")).map(({ transferSize }) => transferSize));
  assert.deepEqual(transferred, [0, 0, 0]);
  await leave(page);
});

test("without script, nothing offers to run code", async () => {
  const page = await answered({ javaScriptEnabled: false });
  assert.equal(await page.getByRole("button", { name: "Exécuter" }).count(), 0);
  assert.doesNotMatch(await page.innerText("main"), /Exécuter/);
  await leave(page);
});

test("after the first run Python's own modules are compiled, for later visits too", async () => {
  const page = await answered();
  const program = "import ast\nprint(ast.__file__)";
  assert.match(await outcome(page, program), /ast\.py$/m);
  await compiled(page);
  assert.match(await outcome(page, program), /ast\.pyc$/m);
  await page.goto("/llm");
  await ask(page, "Comment trier une liste de nombres ?");
  assert.match(await outcome(page, program), /ast\.pyc$/m);
  // Errors still show the lines of the library.
  assert.match(await outcome(page, "import json\njson.loads('{')"), /self\.raw_decode\(s/);
  await leave(page);
});
