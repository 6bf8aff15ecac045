// An answer of prose alone: formulas, a table, a quotation, tasks and links, and no card for code that is not there.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inspect, leave, picture, readers, registerAndSignIn, shows, start, stop, visit } from "./harness.mjs";

before(start);
after(stop);

const words = {
  fr: { question: "Quelle est la formule de la somme ?", demo: /Démonstration/, noCode: /Cette réponse ne contient pas de code/ },
  en: { question: "What is the formula of the sum?", demo: /Demonstration/, noCode: /This answer contains no code/ },
};

for (const { who, language, device, ...options } of readers) {
  for (const javaScriptEnabled of [true, false]) {
    test(`formulas, tables, quotations, tasks and links are rendered, and no empty card, ${javaScriptEnabled ? "with" : "without"} script: ${who}`, async () => {
      const said = words[language];
      const page = await visit({ ...options, javaScriptEnabled });
      await registerAndSignIn(page);
      await page.goto("/llm");
      await page.fill("#message", said.question);
      await page.click("#ask button[type=submit]", { noWaitAfter: true });
      const text = await shows(page, said.demo, 20);
      assert.match(text, said.noCode);
      assert.doesNotMatch(text, /\$|\\frac|\[x\]|\|---/, "nothing is left as it was written");
      const count = (selector) => page.locator(`#result ${selector}`).count();
      assert.equal(await count(".card"), 1, "one card: the explanation");
      assert.equal(await count("[data-part=code]"), 0);
      assert.equal(await count("math[display=block] mfrac"), 1);
      assert.equal(await count("math[display=inline] mfrac"), 1);
      assert.deepEqual(await page.locator("#result table td").allInnerTexts(), ["10", "55", "100", "5050"]);
      assert.equal(await count("blockquote"), 1);
      assert.deepEqual(await page.locator("#result li > .task").allInnerTexts(), ["☑", "☐"]);
      const links = await page.locator("#result .prose a").evaluateAll((found) => found.map(({ href, rel }) => `${href} ${rel}`));
      assert.deepEqual(links, [
        "https://docs.python.org/3/library/functions.html#sum noopener noreferrer nofollow",
        "https://docs.python.org/fr/3/ noopener noreferrer nofollow",
      ]);
      if (javaScriptEnabled) await inspect(page, language);
      await picture(page, `${language}-${device}-llm-prose-${javaScriptEnabled ? "script" : "plain"}`);
      await leave(page);
    });
  }
}
