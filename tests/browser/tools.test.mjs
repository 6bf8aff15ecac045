// The two tools as a student uses them, against the stand-ins for Make.com and Gemini.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { inspect, leave, phone, picture, registerAndSignIn, shows, start, stop, visit } from "./harness.mjs";

before(start);
after(stop);

const examPath = new URL(process.env.ATELIER_TEST_PDF ?? "../../components/ocr/tests/fixtures/examen.pdf", import.meta.url);

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with script" : "without script";

  test(`a question comes back as code and explanation, and says that it is simulated, ${how}`, async () => {
    const page = await visit({ javaScriptEnabled, viewport: javaScriptEnabled ? phone : undefined });
    await registerAndSignIn(page);
    await page.goto("/llm");
    await page.fill("[name=message]", "Comment trier une liste de nombres ?");
    await page.click("main form button[type=submit]");
    const text = await shows(page, /Réponse simulée/i, 20);
    assert.match(text, /Explication/i);
    assert.ok((await page.locator("main pre code").first().innerText()).trim().length > 0);
    // axe itself is a script.
    if (javaScriptEnabled) await inspect(page, "fr");
    await picture(page, `fr-llm-answer-${javaScriptEnabled ? "script" : "plain"}`);
    await leave(page);
  });

  test(`a PDF comes back as the LaTeX of that PDF, and says that it is simulated, ${how}`, async () => {
    const page = await visit({ javaScriptEnabled });
    await registerAndSignIn(page);
    await page.goto("/ocr");
    const buffer = await readFile(examPath);
    await page.setInputFiles("[name=file]", { name: "Énoncé n°3.pdf", mimeType: "application/pdf", buffer });
    await page.click("main form button[type=submit]");
    const text = await shows(page, /\\end\{document\}/, 30);
    assert.match(text, /\\documentclass/);
    assert.match(text, /Exercice/);
    assert.match(text, /simulée/i);
    // axe itself is a script.
    if (javaScriptEnabled) await inspect(page, "fr");
    await picture(page, `fr-ocr-answer-${javaScriptEnabled ? "script" : "plain"}`);
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
