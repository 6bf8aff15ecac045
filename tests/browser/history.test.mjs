// Nothing that a student wrote or got is lost: drafts, answers, the history.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { inspect, laptop, leave, password, phone, picture, registerAndSignIn, shows, signOut, start, stop, submit, url, visit } from "./harness.mjs";

before(start);
after(stop);

const question = "Comment trier une liste de nombres ?";
const send = (page) => page.click("#ask button[type=submit]", { noWaitAfter: true });

async function askOne(page, text = question) {
  await page.goto("/llm");
  await page.fill("#message", text);
  await send(page);
  await shows(page, /Démonstration/, 20);
}

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with script" : "without script";

  test(`a question that is sent after the session ended is kept, with a way back, ${how}`, async () => {
    const page = await visit({ javaScriptEnabled });
    const name = await registerAndSignIn(page);
    await page.goto("/llm");
    await page.fill("#message", "Une longue question que je ne veux pas retaper");
    await page.context().clearCookies({ name: "session" });
    await send(page);
    await shows(page, /session a pris fin/, 20);
    assert.equal(await page.inputValue("#message"), "Une longue question que je ne veux pas retaper");
    await picture(page, `fr-llm-session-ended-${javaScriptEnabled ? "script" : "plain"}`);
    const opening = page.context().waitForEvent("page");
    await page.click("#problem a");
    const other = await opening;
    await other.waitForLoadState("networkidle");
    await other.fill("[name=username]", name);
    await other.fill("[name=password]", password);
    await submit(other, "main form");
    if (javaScriptEnabled) assert.equal(new URL(other.url()).pathname, "/llm");
    await send(page);
    await shows(page, /Démonstration/, 20);
    await leave(page);
  });

  test(`10,000 characters are neither cut nor lost, ${how}`, async () => {
    const page = await visit({ javaScriptEnabled, viewport: phone });
    await registerAndSignIn(page);
    await page.goto("/llm");
    await page.fill("#message", "x".repeat(10_000));
    if (javaScriptEnabled) assert.equal(await page.innerText("#counter"), "10\u202f000\u00a0/\u00a08\u202f000");
    await send(page);
    await shows(page, /trop longue/, 20);
    assert.equal((await page.inputValue("#message")).length, 10_000);
    assert.equal(await page.getAttribute("#message", "aria-invalid"), "true");
    if (javaScriptEnabled) {
      assert.equal(await page.evaluate(() => document.activeElement.id), "message");
      await inspect(page, "fr");
    }
    await picture(page, `fr-phone-llm-too-long-${javaScriptEnabled ? "script" : "plain"}`);
    await leave(page);
  });

  test(`an example is one click away, ${how}`, async () => {
    const page = await visit({ javaScriptEnabled, viewport: phone });
    await registerAndSignIn(page);
    await page.goto("/llm");
    const example = await page.innerText("#examples button >> nth=0");
    await page.click("#examples button >> nth=0");
    if (javaScriptEnabled) {
      assert.equal(await page.inputValue("#message"), example);
      await send(page);
    }
    const text = await shows(page, /Démonstration/, 20);
    assert.ok(text.includes(example), text);
    await leave(page);
  });
}

test("what is typed comes back when the page is opened again, until it is answered", async () => {
  const page = await visit();
  await registerAndSignIn(page);
  await page.goto("/llm");
  await page.type("#message", "Un brouillon");
  await page.goto("/home");
  await page.goto("/llm");
  assert.equal(await page.inputValue("#message"), "Un brouillon");
  await askOne(page);
  await page.goto("/llm");
  assert.equal(await page.inputValue("#message"), "");
  await leave(page);
});

for (const javaScriptEnabled of [true, false]) {
  test(`a follow-up question takes the conversation along until a new one is begun, ${javaScriptEnabled ? "with script" : "without script"}`, async () => {
    const page = await visit({ javaScriptEnabled, viewport: phone });
    await registerAndSignIn(page);
    const sent = [];
    page.on("request", (request) => {
      if (request.method() === "POST" && request.url().endsWith("/llm/send")) sent.push(new URLSearchParams(request.postData()));
    });
    await page.goto("/llm");
    assert.equal(await page.isVisible("#follow-up"), false);
    await page.selectOption("[name=mode]", "hint");
    await page.fill("#message", question);
    await send(page);
    await shows(page, /Démonstration/, 20);
    assert.equal(await page.inputValue("#message"), "");
    assert.equal(await page.inputValue("[name=mode]"), "hint");
    assert.ok(await page.isVisible("#follow-up"));
    await picture(page, `fr-phone-llm-follow-up-${javaScriptEnabled ? "script" : "plain"}`);
    if (javaScriptEnabled) {
      await page.goto("/home");
      await page.goto("/llm");
      assert.ok(await page.isVisible("#follow-up"), "the conversation outlives a look at another page");
    }
    await page.fill("#message", "Et en décroissant ?");
    await send(page);
    await shows(page, /Votre question\s:\s+Et en décroissant/, 20);
    if (javaScriptEnabled) await page.fill("#message", question);
    await page.click("#follow-up .new");
    assert.equal(await page.isVisible("#follow-up"), false);
    if (!javaScriptEnabled) await page.fill("#message", question);
    assert.equal(await page.inputValue("#message"), question, "what was typed stays");
    await send(page);
    await shows(page, /Démonstration/, 20);
    assert.equal(sent[0].get("conversation"), "");
    assert.equal(sent[0].get("mode"), "hint");
    assert.ok(sent[1].get("conversation").includes(question), sent[1].get("conversation"));
    assert.equal(sent[2].get("conversation"), "");
    await leave(page);
  });
}

test("an answer stands under its own question, and no failure wipes it", async () => {
  const page = await visit();
  await registerAndSignIn(page);
  await askOne(page);
  assert.ok((await page.innerText("#result .asked")).endsWith(question));
  assert.equal(await page.evaluate(() => document.activeElement.id), "result");
  // An empty question changes nothing.
  await page.fill("#message", "   ");
  await send(page);
  await shows(page, /Écrivez votre question/, 5);
  assert.ok(await page.isVisible("#result .answer"));
  // A lost connection: the answer is folded under its question.
  await page.route("**/llm/send", (route) => route.abort("failed"), { times: 1 });
  await page.fill("#message", "Une autre question");
  await send(page);
  await shows(page, /injoignable/, 20);
  page.complaints = [];
  assert.equal(await page.isVisible("#result .answer"), false);
  assert.match(await page.innerText("#previous summary"), /Réponse précédente[^]*Comment trier/);
  await page.click("#previous summary");
  assert.ok(await page.isVisible("#result .answer"));
  await inspect(page, "fr");
  await picture(page, "fr-llm-previous");
  // While waiting, and after cancelling.
  await page.route("**/llm/send", () => {}, { times: 1 });
  await send(page);
  await page.click("#cancel");
  await shows(page, /Question annulée/, 5);
  assert.ok(await page.isVisible("#previous summary"));
  await leave(page);
});

for (const [device, viewport] of [["phone", phone], ["laptop", laptop]]) {
  test(`the history keeps answers as they were rendered, to copy, ask again, delete and download, on a ${device}`, async () => {
    const page = await visit({ viewport });
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"], { origin: new URL(url).origin });
    await registerAndSignIn(page);
    await askOne(page);
    const code = await page.innerText("#result [data-part=code] pre");
    const explanation = await page.innerHTML("#result [data-part=explanation]");
    await askOne(page, "Comment lire un fichier ?");
    await page.goto("/llm");
    await page.click("#history > summary");
    const entries = page.locator("#history-list > li");
    assert.equal(await entries.count(), 2);
    const entry = entries.nth(1);
    await entry.locator("summary").click();
    assert.match(await entry.locator("summary").innerText(), /Comment trier[^]*à l’instant/);
    assert.equal(await entry.locator("[data-part=code] pre").innerText(), code);
    assert.equal(await entry.locator("[data-part=explanation]").innerHTML(), explanation);
    await inspect(page, "fr");
    await picture(page, `fr-llm-history-${device}`);
    await entry.getByRole("button", { name: "Copier" }).first().click();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.ok(copied.includes(question) && copied.includes("```python"), copied);
    assert.ok(copied.includes("`sorted` renvoie"), "as Markdown, so that nothing of the answer is lost");
    const saving = page.waitForEvent("download");
    await page.click("#history-export");
    const saved = await readFile(await (await saving).path(), "utf8");
    assert.ok(saved.includes(question) && saved.includes("Comment lire un fichier ?"), saved);
    await entry.getByRole("button", { name: "Reposer" }).click();
    assert.equal(await page.inputValue("#message"), question);
    await entry.getByRole("button", { name: "Supprimer" }).click();
    assert.equal(await entries.count(), 1);
    await signOut(page);
    assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), [], "signing out erases it");
    await leave(page);
  });
}

test("a program is copied and downloaded from its toolbar, and 88 columns fit on a laptop", async () => {
  const page = await visit();
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"], { origin: new URL(url).origin });
  await registerAndSignIn(page);
  await askOne(page);
  const saving = page.waitForEvent("download");
  await page.click("#result [data-part=code] .toolbar >> text=Télécharger");
  assert.equal((await saving).suggestedFilename(), "atelier.py");
  const room = await page.evaluate(() => {
    const pre = document.querySelector("#result [data-part=code] pre");
    pre.firstElementChild.textContent = "x".repeat(88);
    return pre.clientWidth - pre.scrollWidth;
  });
  assert.ok(room >= 0, `a line of 88 columns is clipped by ${-room} px`);
  await picture(page, "fr-llm-answer-laptop");
  await leave(page);
});
