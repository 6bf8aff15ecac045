// Nothing that a student wrote or got is lost: drafts, answers, the history.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { inspect, leave, password, picture, readers, registerAndSignIn, shows, signOut, start, stop, submit, url, visit } from "./harness.mjs";

before(start);
after(stop);

const words = {
  fr: {
    question: "Comment trier une liste de nombres ?", other: "Comment lire un fichier ?", next: "Et en décroissant ?",
    demo: /Démonstration/, ended: /session a pris fin/, signIn: /connecte[rz]/gi, empty: /Écrivez votre question/,
    tooLong: /trop longue/, counter: "10\u202f000\u00a0/\u00a08\u202f000", chars: /10\u202f000 caractères, 8\u202f000 au/, cancelled: /Question annulée/, offline: /injoignable/,
    previous: /Réponse précédente[^]*Comment trier/, followed: /Votre question\s:\s+Et en décroissant/, now: /Comment trier[^]*à l’instant/,
    copy: "Copier", again: "Reposer la question", delete: "Supprimer", download: "Télécharger", run: "Exécuter",
    noPython: /Python n’a pas pu être chargé/,
  },
  en: {
    question: "How do I write a loop over numbers?", other: "How do I read a file?", next: "And in descending order?",
    demo: /Demonstration/, ended: /session has ended/, signIn: /sign in/gi, empty: /Write your question/,
    tooLong: /too long/, counter: "10,000\u00a0/\u00a08,000", chars: /10,000 characters, 8,000 at/, cancelled: /Question cancelled/, offline: /cannot be reached/,
    previous: /Previous answer[^]*How do I write/, followed: /Your question:\s+And in descending/, now: /How do I write[^]*just now/,
    copy: "Copy", again: "Ask again", delete: "Delete", download: "Download", run: "Run",
    noPython: /Python could not be loaded/,
  },
};
const send = (page) => page.click("#ask button[type=submit]", { noWaitAfter: true });

async function open(options) {
  const page = await visit(options);
  page.said = words[options.language];
  page.name = await registerAndSignIn(page);
  await page.goto("/llm");
  return page;
}

async function ask(page, text = page.said.question) {
  await page.goto("/llm");
  await page.fill("#message", text);
  await send(page);
  await shows(page, page.said.demo, 20);
}

for (const { who, language, device, ...options } of readers) {
  for (const javaScriptEnabled of [true, false]) {
    const how = `${who}, ${javaScriptEnabled ? "with" : "without"} script`;
    const opened = () => open({ ...options, language, javaScriptEnabled });
    const look = async (page, name) => {
      // axe itself is a script.
      if (javaScriptEnabled) await inspect(page, language);
      await picture(page, `${language}-${device}-llm-${name}-${javaScriptEnabled ? "script" : "plain"}`);
    };

    test(`a question that is sent after the session ended is kept, with a way back: ${how}`, async () => {
      const page = await opened();
      const text = "Une longue question que je ne veux pas retaper";
      await page.fill("#message", text);
      await page.context().clearCookies({ name: "session" });
      await send(page);
      await shows(page, page.said.ended, 20);
      assert.equal((await page.innerText("#problem")).match(page.said.signIn).length, 1, "once is enough");
      assert.equal(await page.inputValue("#message"), text);
      await look(page, "session-ended");
      const opening = page.context().waitForEvent("page");
      await page.click("#problem a");
      const other = await opening;
      await other.waitForLoadState("networkidle");
      await other.fill("[name=username]", page.name);
      await other.fill("[name=password]", password);
      await submit(other, "main form");
      if (javaScriptEnabled) assert.equal(new URL(other.url()).pathname, "/llm");
      await send(page);
      await shows(page, page.said.demo, 20);
      await leave(page);
    });

    test(`10,000 characters are neither cut nor lost: ${how}`, async () => {
      const page = await opened();
      await page.fill("#message", "x".repeat(10_000));
      if (javaScriptEnabled) assert.equal(await page.innerText("#counter"), page.said.counter);
      await send(page);
      await shows(page, page.said.tooLong, 20);
      if (!javaScriptEnabled) assert.match(await page.innerText("#message-error"), page.said.chars);
      assert.equal((await page.inputValue("#message")).length, 10_000);
      assert.equal(await page.getAttribute("#message", "aria-invalid"), "true");
      if (javaScriptEnabled) assert.equal(await page.evaluate(() => document.activeElement.id), "message");
      await look(page, "too-long");
      await leave(page);
    });

    test(`an example is one click away: ${how}`, async () => {
      const page = await opened();
      assert.equal(await page.locator("#examples button").count(), 3);
      const example = await page.innerText("#examples button >> nth=0");
      await page.click("#examples button >> nth=0");
      if (javaScriptEnabled) {
        assert.equal(await page.inputValue("#message"), example);
        await send(page);
      }
      const text = await shows(page, page.said.demo, 20);
      assert.ok(text.includes(example), text);
      await leave(page);
    });

    test(`a follow-up question takes the conversation along until a new one is begun: ${how}`, async () => {
      const page = await opened();
      const { question, demo, next, followed } = page.said;
      const sent = [];
      page.on("request", (request) => {
        if (request.method() === "POST" && request.url().endsWith("/llm/send")) sent.push(new URLSearchParams(request.postData()));
      });
      assert.equal(await page.isVisible("#follow-up"), false);
      await page.selectOption("[name=mode]", "hint");
      await page.fill("#message", question);
      await send(page);
      await shows(page, demo, 20);
      assert.equal(await page.inputValue("#message"), "");
      assert.equal(await page.inputValue("[name=mode]"), "hint");
      assert.ok(await page.isVisible("#follow-up"));
      await look(page, "follow-up");
      if (javaScriptEnabled) {
        await page.goto("/home");
        await page.goto("/llm");
        assert.ok(await page.isVisible("#follow-up"), "the conversation outlives a look at another page");
      }
      await page.fill("#message", next);
      await send(page);
      await shows(page, followed, 20);
      if (javaScriptEnabled) await page.fill("#message", question);
      await page.click("#follow-up .new");
      assert.equal(await page.isVisible("#follow-up"), false);
      if (!javaScriptEnabled) await page.fill("#message", question);
      assert.equal(await page.inputValue("#message"), question, "what was typed stays");
      await send(page);
      await shows(page, demo, 20);
      assert.equal(sent[0].get("conversation"), "");
      assert.equal(sent[0].get("mode"), "hint");
      assert.ok(sent[1].get("conversation").includes(question), sent[1].get("conversation"));
      assert.equal(sent[2].get("conversation"), "");
      await leave(page);
    });

    test(`an empty question leaves the last answer where it can be read: ${how}`, async () => {
      const page = await opened();
      await ask(page);
      const answer = await page.innerHTML("#result .exchange .prose");
      await page.fill("#message", "   ");
      await send(page);
      await shows(page, page.said.empty, 10);
      assert.equal(await page.innerText("#status"), "", "no word of the answer before");
      assert.equal(await page.evaluate(() => document.activeElement.id), "message");
      if (!javaScriptEnabled) {
        // Another page: the answer is what its conversation keeps.
        assert.match(await page.innerText("#previous summary"), page.said.previous);
        await page.click("#previous summary");
      }
      assert.ok(await page.isVisible("#result .answer"));
      assert.equal(await page.innerHTML("#result .exchange .prose"), answer);
      await look(page, "empty");
      await leave(page);
    });
  }

  test(`what is typed comes back when the page is opened again, until it is answered: ${who}`, async () => {
    const page = await open({ ...options, language });
    await page.type("#message", "Un brouillon");
    await page.goto("/home");
    await page.goto("/llm");
    assert.equal(await page.inputValue("#message"), "Un brouillon");
    await ask(page);
    await page.goto("/llm");
    assert.equal(await page.inputValue("#message"), "");
    await leave(page);
  });

  test(`an answer stands under its own question, and no failure wipes it: ${who}`, async () => {
    const page = await open({ ...options, language });
    await ask(page);
    assert.ok((await page.innerText("#result .asked")).endsWith(page.said.question));
    assert.equal(await page.evaluate(() => document.activeElement.id), "result");
    // A lost connection: the answer is folded under its question.
    await page.route("**/llm/send", (route) => route.abort("failed"), { times: 1 });
    await page.fill("#message", page.said.other);
    await send(page);
    await shows(page, page.said.offline, 20);
    page.complaints = [];
    assert.equal(await page.isVisible("#result .answer"), false);
    assert.match(await page.innerText("#previous summary"), page.said.previous);
    await page.click("#previous summary");
    assert.ok(await page.isVisible("#result .answer"));
    await inspect(page, language);
    await picture(page, `${language}-${device}-llm-previous`);
    // While waiting, and after cancelling.
    await page.route("**/llm/send", () => {}, { times: 1 });
    await send(page);
    assert.ok(await page.isVisible("#previous summary"));
    assert.equal(await page.isVisible("#result > .exchange"), false);
    await picture(page, `${language}-${device}-llm-waiting`);
    await page.click("#cancel");
    await shows(page, page.said.cancelled, 5);
    assert.ok(await page.isVisible("#previous summary"));
    await leave(page);
  });

  test(`the history keeps answers as they were rendered, to copy, ask again, delete and download: ${who}`, async () => {
    const page = await open({ ...options, language });
    const { question, other, now, copy, again, delete: remove } = page.said;
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"], { origin: new URL(url).origin });
    await ask(page);
    const code = await page.innerText("#result [data-part=code] pre");
    const explanation = await page.innerHTML("#result [data-part=explanation]");
    await ask(page, other);
    await page.goto("/llm");
    await page.click("#history > summary");
    const entries = page.locator("#history-list > li");
    assert.equal(await entries.count(), 2);
    const entry = entries.nth(1);
    await entry.locator("summary").click();
    assert.match(await entry.locator("summary").innerText(), now);
    assert.equal(await entry.locator("[data-part=code] pre").innerText(), code);
    assert.equal(await entry.locator("[data-part=explanation]").innerHTML(), explanation);
    await inspect(page, language);
    await picture(page, `${language}-${device}-llm-history`);
    await entry.getByRole("button", { name: copy }).first().click();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.ok(copied.includes(question) && copied.includes("```python"), copied);
    assert.ok(/`(sorted` renvoie|for` parcourt)/.test(copied), "as Markdown, so that nothing of the answer is lost");
    const saving = page.waitForEvent("download");
    await page.click("#history-export");
    const saved = await readFile(await (await saving).path(), "utf8");
    assert.ok(saved.includes(question) && saved.includes(other), saved);
    await entry.getByRole("button", { name: again }).click();
    assert.equal(await page.inputValue("#message"), question);
    await entry.getByRole("button", { name: remove }).click();
    assert.equal(await entries.count(), 1);
    await signOut(page);
    assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), [], "signing out erases it");
    await leave(page);
  });

  test(`a program has a toolbar of one row, and 88 columns fit on a laptop: ${who}`, async () => {
    const page = await open({ ...options, language });
    const { copy, download, run } = page.said;
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"], { origin: new URL(url).origin });
    await ask(page);
    const bar = page.locator("#result [data-part=code] .toolbar").first();
    assert.deepEqual(await bar.locator("button").allInnerTexts(), [copy, download, run]);
    const { height } = await bar.boundingBox();
    assert.ok(height < 60, `the toolbar is ${height} px high`);
    await bar.getByText(copy).click();
    assert.match(await page.evaluate(() => navigator.clipboard.readText()), /print/);
    const saving = page.waitForEvent("download");
    await bar.getByText(download).click();
    assert.equal((await saving).suggestedFilename(), "atelier.py");
    await picture(page, `${language}-${device}-llm-answer`);
    if (device === "laptop") {
      const found = await page.evaluate(() => {
        const width = (part) => document.querySelector(`#result [data-part=${part}]`).getBoundingClientRect().width;
        const pre = document.querySelector("#result [data-part=code] pre");
        const share = width("code") / (width("code") + width("explanation"));
        pre.firstElementChild.textContent = "x".repeat(88);
        return { room: pre.clientWidth - pre.scrollWidth, share };
      });
      assert.ok(found.room >= 0, `a line of 88 columns is clipped by ${-found.room} px`);
      assert.ok(Math.abs(found.share - 0.6) < 0.03, `the code takes ${found.share} of the width`);
    }
    await leave(page);
  });

  test(`where the script that runs a program cannot be fetched, the page says so and the next click tries again: ${who}`, async () => {
    const page = await open({ ...options, language });
    await ask(page);
    const button = page.locator("#result .toolbar").first().getByText(page.said.run);
    for (const missing of ["**/llm/assets/run-*.js*", "**/llm/run"]) {
      await page.route(missing, (route) => route.abort("failed"));
      await button.click();
      await shows(page, page.said.noPython, 10);
      await inspect(page, language);
      await page.unroute(missing);
    }
    await picture(page, `${language}-${device}-llm-no-python`);
    page.complaints = [];
    await button.click();
    await page.locator(".runner").waitFor();
    assert.doesNotMatch(await page.innerText("#result"), page.said.noPython);
    await page.fill("#message", page.said.other);
    await send(page);
    await page.locator("#result .asked").filter({ hasText: page.said.other }).waitFor();
    await leave(page);
  });
}
