// What stays in the browser: the files that are not converted yet, for their user, and nothing for another one.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fixturePath } from "./documents.mjs";
import { ask, inspect, leave, picture, readers, registerAndSignIn, shows, signIn, signOut, start, stop, submit, visit } from "./harness.mjs";

before(start);
after(stop);

const photos = ["photo.jpg", "photo.png"].map(fixturePath);
const names = (page) => page.locator("#chosen li > span").allInnerTexts();
const databases = (page) => page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name).filter((name) => name.startsWith("atelier.")));
/** The files that are kept for this tab. */
const keptFiles = (page) => page.evaluate(async () => {
  const answered = (request) => new Promise((resolve) => { request.onsuccess = () => resolve(request.result); });
  const found = (await indexedDB.databases()).find(({ name }) => name.startsWith("atelier.ocr.chosen."));
  if (!found) return [];
  const database = await answered(indexedDB.open(found.name));
  const entries = await answered(database.transaction("files").objectStore("files").getAll());
  database.close();
  return entries.flatMap(({ files }) => files.map(({ name }) => name));
});
const keeps = async (page, expected) => {
  for (let tries = 0; JSON.stringify(await keptFiles(page)) !== JSON.stringify(expected); tries += 1) {
    assert.ok(tries < 100, `kept: ${await keptFiles(page)}, not ${expected}`);
    await page.waitForTimeout(100);
  }
};

/** A choice in a tab whose storage was erased. */
const choosesInVain = async (page) => {
  const before = await page.locator("#chosen canvas").count();
  await page.setInputFiles("[name=file]", photos[1]);
  await page.waitForFunction((count) => document.querySelectorAll("#chosen canvas").length > count, before);
  await page.waitForTimeout(500);
};

for (const { who, language, device, ...options } of readers) {
  test(`chosen files outlive a reload, another page and the other language, until they are converted: ${who}`, async () => {
    const page = await visit(options);
    await registerAndSignIn(page);
    await page.goto("/ocr");
    await page.setInputFiles("[name=file]", photos);
    await page.waitForFunction(() => document.querySelectorAll("#chosen canvas").length === 2);
    await page.click("#chosen li >> nth=0 >> button:has-text('↓')");
    await keeps(page, ["photo.png", "photo.jpg"]);
    const isThere = async () => {
      await page.waitForFunction(() => document.querySelectorAll("#chosen canvas").length === 2);
      assert.deepEqual((await names(page)).map((text) => text.split(" ")[0]), ["photo.png", "photo.jpg"]);
      assert.equal(await page.locator("#file").evaluate(({ files }) => files.length), 2, "they are in the form too");
    };
    await page.reload();
    await isThere();
    await inspect(page, language);
    await picture(page, `${language}-${device}-ocr-chosen-again`);
    await page.goto("/home");
    await page.goto("/ocr");
    await isThere();
    await submit(page, "footer form");
    await isThere();
    // Another tab has its own.
    const other = await page.context().newPage();
    await other.goto("/ocr");
    await other.waitForLoadState("networkidle");
    assert.equal(await other.locator("#chosen li").count(), 0);
    await other.close();
    await page.click("#start");
    await shows(page, /Transcription terminée|Transcription finished/, 60);
    await keeps(page, []);
    await page.reload();
    await shows(page, /documentclass/, 20);
    assert.equal(await page.locator("#chosen li").count(), 0, "what was converted is not chosen any more");
    await leave(page);
  });

  test(`what a user left without signing out goes when another one uses a tool: ${who}`, async () => {
    const page = await visit(options);
    await registerAndSignIn(page);
    await ask(page, "Une question de quelqu’un d’autre");
    await page.fill("#message", "Un brouillon");
    await page.goto("/ocr");
    await page.setInputFiles("[name=file]", photos[0]);
    await keeps(page, ["photo.jpg"]);
    await page.click("#start");
    await shows(page, /Transcription terminée|Transcription finished/, 60);
    // A tab that stays open does not keep it from going.
    const open = await page.context().newPage();
    await open.goto("/ocr");
    await open.waitForSelector("#kept-list li", { state: "attached" });
    // The session ends; the same user finds all of it again.
    const left = await page.evaluate(() => Object.keys(localStorage).sort());
    assert.equal(left.length, 3, left.join());
    assert.equal((await databases(page)).length, 2);
    await page.context().clearCookies({ name: "session" });
    await page.goto("/llm");
    assert.equal(new URL(page.url()).pathname, "/auth");
    assert.deepEqual(await page.evaluate(() => Object.keys(localStorage).sort()), left, "an ended session erases nothing");
    await registerAndSignIn(page);
    await page.goto("/llm");
    assert.equal(await page.isVisible("#history"), false);
    assert.equal(await page.inputValue("#message"), "");
    await page.waitForFunction(async () => (await indexedDB.databases()).length === 0);
    assert.deepEqual(await page.evaluate(() => [...Object.keys(localStorage), ...Object.keys(sessionStorage).filter((name) => name.includes("draft"))]), ["atelier-user"]);
    // Nor does it bring anything back.
    await choosesInVain(open);
    assert.deepEqual(await databases(page), []);
    await open.close();
    await leave(page);
  });

  test(`signing out erases what was kept in a browser that does not know the header for it: ${who}`, async () => {
    const page = await visit(options);
    await page.route("**/logout", async (route) => {
      const response = await route.fetch({ maxRedirects: 0 });
      const headers = response.headers();
      assert.match(headers["clear-site-data"], /storage/);
      delete headers["clear-site-data"];
      await route.fulfill({ response, headers });
    });
    await registerAndSignIn(page);
    await ask(page, "Une question");
    await page.goto("/ocr");
    await page.setInputFiles("[name=file]", photos[0]);
    await keeps(page, ["photo.jpg"]);
    const open = await page.context().newPage();
    await open.goto("/ocr");
    await signOut(page);
    await page.waitForFunction(async () => (await indexedDB.databases()).length === 0);
    assert.deepEqual(await page.evaluate(() => [...Object.keys(localStorage), ...Object.keys(sessionStorage)]), []);
    await choosesInVain(open);
    assert.deepEqual(await databases(page), []);
    await open.close();
    await leave(page);
  });

  test(`what signing out erased is not written again by another tab: ${who}`, async () => {
    const page = await visit(options);
    const name = await registerAndSignIn(page);
    await page.goto("/ocr");
    await page.setInputFiles("[name=file]", photos[0]);
    await keeps(page, ["photo.jpg"]);
    const open = await page.context().newPage();
    await open.goto("/ocr");
    await open.setInputFiles("[name=file]", photos[0]);
    await keeps(page, ["photo.jpg", "photo.jpg"]);
    // One that has kept nothing yet, and one with a question.
    const idle = await page.context().newPage();
    await idle.goto("/ocr");
    const asking = await page.context().newPage();
    await asking.goto("/llm");
    await signOut(page);
    await page.waitForFunction(async () => (await indexedDB.databases()).length === 0);
    await choosesInVain(open);
    await choosesInVain(idle);
    await asking.fill("#message", "Un brouillon d’après");
    assert.deepEqual(await databases(page), []);
    assert.deepEqual(await asking.evaluate(() => [...Object.keys(localStorage), ...Object.keys(sessionStorage)].filter((name) => name.startsWith("atelier"))), []);
    // The same user, who is on the start page now.
    await signIn(page, name);
    await asking.fill("#message", "Un brouillon encore");
    assert.equal(await asking.evaluate(() => Object.values(sessionStorage).includes("Un brouillon encore")), true);
    for (const tab of [open, idle, asking]) await tab.close();
    await leave(page);
  });

  test(`what a lost connection or a full disk keeps from being kept is tried again, or said: ${who}`, async () => {
    const page = await visit(options);
    await registerAndSignIn(page);
    // As a phone does with a page in the background.
    await page.addInitScript(() => {
      const { transaction } = IDBDatabase.prototype, open = new Set();
      IDBDatabase.prototype.transaction = function (...request) {
        open.add(this);
        return transaction.apply(this, request);
      };
      window.loseConnections = () => open.forEach((connection) => connection.close());
      // Chromium looks at its quota now and then only.
      const { put } = IDBObjectStore.prototype;
      IDBObjectStore.prototype.put = function (...request) {
        if (window.isFull) this.transaction.abort();
        return put.apply(this, request);
      };
    });
    await page.goto("/ocr");
    await page.setInputFiles("[name=file]", fixturePath("examen.pdf"));
    await page.click("#start");
    await shows(page, /Transcription terminée|Transcription finished/, 60);
    await page.goto("/ocr");
    await page.setInputFiles("[name=file]", photos[0]);
    await keeps(page, ["photo.jpg"]);
    await page.evaluate(() => window.loseConnections());
    await page.setInputFiles("[name=file]", photos[1]);
    await keeps(page, ["photo.jpg", "photo.png"]);
    await page.click("#start");
    await shows(page, /Transcription terminée|Transcription finished/, 60);
    const notKept = page.locator("#incomplete + .notice");
    assert.equal(await notKept.isVisible(), false);
    await page.evaluate(() => { window.isFull = true; });
    await page.locator("#latex").pressSequentially("% ");
    await notKept.waitFor();
    assert.match(await notKept.innerText(), /téléchargez-le avant|download it before/);
    await inspect(page, language);
    await picture(page, `${language}-${device}-ocr-not-kept`);
    // The document that was kept before has no notice; this one stays in the list, as it was left.
    await page.click("#kept summary");
    await page.locator("#kept-list li").last().getByRole("button").first().click();
    await notKept.waitFor({ state: "hidden" });
    await page.locator("#kept-list li").first().getByRole("button").first().click();
    await notKept.waitFor();
    assert.match(await page.inputValue("#latex"), /% /);
    await page.evaluate(() => {
      window.isFull = false;
      window.loseConnections();
      // As after signing out and in again in another tab.
      for (const name of Object.keys(localStorage)) if (name.startsWith("atelier.ocr.kept.")) localStorage.removeItem(name);
    });
    await page.locator("#latex").pressSequentially("corrigé");
    await notKept.waitFor({ state: "hidden" });
    await page.reload();
    await shows(page, /corrigé/, 20);
    // What is deleted right after a correction does not come back.
    await page.evaluate(() => {
      document.getElementById("latex").dispatchEvent(new Event("input"));
      document.querySelector("#kept-list li .danger").click();
    });
    await page.waitForTimeout(1000);
    await page.reload();
    await page.waitForSelector("#kept-list li", { state: "attached" });
    assert.equal(await page.locator("#kept-list li").count(), 1);
    await leave(page);
  });

  test(`a choice is kept whatever became of the one before: ${who}`, async () => {
    const page = await visit(options);
    await registerAndSignIn(page);
    // The first database cannot be opened.
    await page.addInitScript(() => {
      const { open } = IDBFactory.prototype;
      IDBFactory.prototype.open = function () {
        IDBFactory.prototype.open = open;
        const request = { error: new DOMException("", "UnknownError") };
        setTimeout(() => request.onerror());
        return request;
      };
    });
    await page.goto("/ocr");
    await page.setInputFiles("[name=file]", photos[0]);
    await page.waitForFunction(() => document.querySelectorAll("#chosen canvas").length === 1);
    await page.setInputFiles("[name=file]", photos[1]);
    await keeps(page, ["photo.jpg", "photo.png"]);
    // One that does not fit, and is taken back before the browser has said so.
    const browser = await page.context().newCDPSession(page);
    await browser.send("Storage.overrideQuotaForOrigin", { origin: new URL(page.url()).origin, quotaSize: 4 << 20 });
    await page.evaluate(() => {
      const field = document.getElementById("file"), transfer = new DataTransfer();
      transfer.items.add(new File([new Uint8Array(8 << 20)], "large.png", { type: "image/png" }));
      field.files = transfer.files;
      field.dispatchEvent(new Event("change"));
      document.querySelector("#chosen li:last-child").lastChild.click();
    });
    await page.waitForTimeout(2000);
    await keeps(page, ["photo.jpg", "photo.png"]);
    await leave(page);
  });
}

test("a page that is shown as it was left is loaded anew only when its user is not the one any more", async () => {
  const page = await visit({});
  await registerAndSignIn(page);
  await page.goto("/llm");
  const again = () => page.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
  await page.fill("[name=message]", "typed");
  await again();
  await page.waitForTimeout(300);
  assert.equal(await page.inputValue("[name=message]"), "typed");
  await page.evaluate(() => { localStorage["atelier-user"] = "another"; });
  await Promise.all([page.waitForEvent("load"), again()]);
  await leave(page);
});
