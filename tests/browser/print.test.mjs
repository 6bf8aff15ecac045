// What is printed: the answer or the document, all of it, in dark ink, without the page around it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { answer, conversion, fixture } from "./documents.mjs";
import { ask, leave, picture, readers, registerAndSignIn, start, stop, visit } from "./harness.mjs";

before(start);
after(stop);

/** A4 without its margins, in CSS pixels. */
const paper = { width: 718, height: 1047 };

const print = async (page) => {
  await page.setViewportSize(paper);
  await page.emulateMedia({ media: "print" });
};

/** Nothing is cut off in these elements, and their text can be read on white. */
async function checkLegible(page, ...selectors) {
  for (const selector of selectors) {
    const [seen] = await page.locator(selector).evaluateAll((found) => found.map((element) => ({
      cut: Math.max(element.scrollHeight - element.clientHeight, element.scrollWidth - element.clientWidth),
      ink: Math.max(...getComputedStyle(element).color.match(/\d+/g).slice(0, 3)),
      isShown: element.checkVisibility(),
    })));
    assert.ok(seen?.isShown, `${selector} is printed`);
    assert.ok(seen.cut <= 1, `${selector} lacks ${seen.cut} px`);
    assert.ok(seen.ink < 110, `${selector} is pale: ${seen.ink}`);
  }
}

for (const { who, language, device, ...options } of readers) {
  for (const colorScheme of ["light", "dark"]) {
    test(`an answer and a document are printed whole and in dark ink: ${who}, ${colorScheme}`, async () => {
      const page = await visit({ ...options, colorScheme });
      await registerAndSignIn(page);
      await ask(page, `${"Une longue question\n".repeat(15)}def f(x):\n    return x`);
      // As wide as programs are sometimes written.
      await page.locator("#result pre code").first().evaluate((code) => { code.textContent = `x = [${"1, ".repeat(100)}]`; });
      await print(page);
      await checkLegible(page, "#result .asked", "#result pre", "#result .prose");
      for (const around of [".site-header", ".site-footer", "#ask", "#history", "#retry", "#result .toolbar button"]) assert.equal(await page.isVisible(around), false, around);
      await picture(page, `${language}-${device}-print-answer-${colorScheme}`);

      await page.emulateMedia({ media: "screen" });
      await page.setViewportSize(options.viewport);
      await page.goto("/ocr");
      await answer(page, conversion("\\documentclass{article}", { preview: "<p>Une ligne du document</p>".repeat(100), warnings: [{ code: "illegible", text: "Illisible", line: 1, incomplete: false, repair: false }] }));
      await page.setInputFiles("[name=file]", [await fixture("examen.pdf")]);
      await page.click("#start");
      await page.locator("#rendered p").first().waitFor();
      await print(page);
      await checkLegible(page, "#result-title", "#warning-list", "#rendered");
      for (const around of [".site-header", ".site-footer", "#convert", "#latex", "#preview", "#kept", "#overleaf"]) assert.equal(await page.isVisible(around), false, around);
      await picture(page, `${language}-${device}-print-document-${colorScheme}`);

      await page.goto("/help");
      await checkLegible(page, "h1", "main p");
      await leave(page);
    });
  }

  test(`a page without an answer or a document is printed as it is: ${who}`, async () => {
    const page = await visit(options);
    await registerAndSignIn(page);
    for (const [path, form] of [["/llm", "#ask"], ["/ocr", "#convert"]]) {
      await page.goto(path);
      if (path === "/ocr") {
        // The sheet of the result is there, and no result.
        await page.setInputFiles("[name=file]", [await fixture("examen.pdf")]);
        await page.waitForFunction(() => document.querySelector("link[href*='result']"));
      }
      await print(page);
      assert.ok(await page.isVisible(form), path);
      await page.emulateMedia({ media: "screen" });
    }
    await leave(page);
  });
}
