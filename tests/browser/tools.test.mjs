// The two tools as a student uses them, against the mocks for Make.com and Gemini.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { inspect, laptop, leave, phone, picture, registerAndSignIn, shows, start, stop, url, visit } from "./harness.mjs";

before(start);
after(stop);

const examPath = new URL(process.env.ATELIER_TEST_PDF ?? "../../components/ocr/tests/fixtures/examen.pdf", import.meta.url);

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with script" : "without script";

  test(`a question comes back as code and explanation, and says that it is a demonstration, ${how}`, async () => {
    const page = await visit({ javaScriptEnabled, viewport: javaScriptEnabled ? phone : undefined });
    await registerAndSignIn(page);
    await page.goto("/llm");
    await page.fill("[name=message]", "Comment trier une liste de nombres ?");
    await page.click("main form button[type=submit]");
    const text = await shows(page, /Démonstration/, 20);
    assert.match(text, /Explication/i);
    assert.ok((await page.locator("main pre code").first().innerText()).trim().length > 0);
    // axe itself is a script.
    if (javaScriptEnabled) await inspect(page, "fr");
    await picture(page, `fr-llm-answer-${javaScriptEnabled ? "script" : "plain"}`);
    await leave(page);
  });

  test(`a PDF comes back as the LaTeX of that PDF, and says that it is a demonstration, ${how}`, async () => {
    const page = await visit({ javaScriptEnabled });
    await registerAndSignIn(page);
    await page.goto("/ocr");
    const buffer = await readFile(examPath);
    await page.setInputFiles("[name=file]", { name: "Énoncé n°3.pdf", mimeType: "application/pdf", buffer });
    await page.click("main form button[type=submit]");
    // With script the text stands there while it arrives: what is said of it comes with its end.
    await shows(page, /\\end\{document\}/, 30);
    const text = await shows(page, /Démonstration/, 30);
    assert.match(text, /\\documentclass/);
    assert.match(text, /Exercice/);
    assert.match(text, /Démonstration/);
    // axe itself is a script.
    if (javaScriptEnabled) await inspect(page, "fr");
    await picture(page, `fr-ocr-answer-${javaScriptEnabled ? "script" : "plain"}`);
    await leave(page);
  });

  for (const [device, viewport] of [["phone", phone], ["laptop", laptop]]) {
    test(`the same document is there in Markdown, to copy and to save, on a ${device} ${how}`, async () => {
      const page = await visit({ javaScriptEnabled, viewport });
      if (javaScriptEnabled) await page.context().grantPermissions(["clipboard-read", "clipboard-write"], { origin: new URL(url).origin });
      await registerAndSignIn(page);
      await page.goto("/ocr");
      assert.equal(await page.isVisible("#markdown-pane"), false, "nothing to offer yet");
      const buffer = await readFile(examPath);
      await page.setInputFiles("[name=file]", { name: "Énoncé n°3.pdf", mimeType: "application/pdf", buffer });
      await page.click("main form button[type=submit]");
      await shows(page, /\\end\{document\}/, 30);
      await page.waitForSelector("#markdown-pane:not([hidden])");
      assert.equal(await page.isVisible("#markdown"), false, "folded");
      await page.click("#markdown-pane summary");
      const markdown = await page.inputValue("#markdown");
      assert.match(markdown, /^#+ Page 1$[^]*Exercice 1/m);
      assert.doesNotMatch(markdown, /\\documentclass|\\section|<[a-z]/);
      const saving = page.waitForEvent("download");
      await page.click("#download-markdown");
      const saved = await saving;
      assert.equal(saved.suggestedFilename(), "Énoncé n°3.md");
      const lines = (text) => text.replaceAll("\r\n", "\n").trim();
      assert.equal(lines(await readFile(await saved.path(), "utf8")), lines(markdown));
      assert.equal(await page.isVisible("#copy-markdown"), javaScriptEnabled);
      if (javaScriptEnabled) {
        await page.click("#copy-markdown");
        await page.waitForFunction(() => document.getElementById("copy-markdown").textContent === "Copié");
        assert.equal(lines(await page.evaluate(() => navigator.clipboard.readText())), lines(markdown));
        await inspect(page, "fr");
      }
      await picture(page, `fr-ocr-markdown-${device}-${javaScriptEnabled ? "script" : "plain"}`);
      await leave(page);
    });
  }
}

for (const javaScriptEnabled of [true, false]) {
  test(`a question whose answer was lost on the way is sent again for nothing, ${javaScriptEnabled ? "with" : "without"} script`, async () => {
    const page = await visit({ javaScriptEnabled });
    await registerAndSignIn(page);
    await page.goto("/llm");
    await page.fill("[name=message]", "Comment trier une liste de nombres ?");
    let lost = false;
    await page.route("**/llm/send", async (route) => {
      await route.fetch();
      // Leaves a page without script where it is, as a second click does.
      await route.abort("aborted");
      lost = true;
    }, { times: 1 });
    await page.click("main form button[type=submit]", { noWaitAfter: true });
    while (!lost) await new Promise((resolve) => setTimeout(resolve, 50));
    // The browser says it too.
    if (javaScriptEnabled) await shows(page, /injoignable/, 20);
    page.complaints = [];
    await page.click("main form button[type=submit]");
    await shows(page, /Démonstration[^]*49\s*\/\s*50/i, 20);
    // And the next question is another one, also with the same words.
    await page.fill("[name=message]", "Comment trier une liste de nombres ?");
    await page.click("main form button[type=submit]");
    await shows(page, /48\s*\/\s*50/, 20);
    await leave(page);
  });
}

test("a file that is no PDF is refused with a sentence", async () => {
  const page = await visit();
  await registerAndSignIn(page);
  await page.goto("/ocr");
  await page.setInputFiles("[name=file]", { name: "notes.pdf", mimeType: "application/pdf", buffer: Buffer.from("PK not a PDF") });
  await page.click("main form button[type=submit]");
  await page.waitForSelector("main [role=alert]:not([hidden])");
  assert.match(await page.innerText("main"), /PDF/);
  await inspect(page, "fr");
  await picture(page, "fr-ocr-refused");
  await leave(page);
});
