// Asking the same again: in the conversation that the question followed, without losing the answer before; and what is
// left for it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inspect, leave, picture, readers, registerAndSignIn, shows, start, stop, visit } from "./harness.mjs";

before(start);
after(stop);

const words = {
  fr: { first: "Comment trier une liste de nombres ?", next: "Et en décroissant ?", again: "Reposer la question", demo: /Démonstration/, left: (number) => new RegExp(`Questions restantes aujourd’hui\\s: ${number}\\s/\\s50`) },
  en: { first: "How do I write a loop over numbers?", next: "And in descending order?", again: "Ask again", demo: /Demonstration/, left: (number) => new RegExp(`Questions left today: ${number}\\s/\\s50`) },
};
const send = (page) => page.click("#ask button[type=submit]", { noWaitAfter: true });

for (const { who, language, device, ...options } of readers) {
  for (const javaScriptEnabled of [true, false]) {
    test(`an answer can be asked for again where it was asked, ${javaScriptEnabled ? "with" : "without"} script: ${who}`, async () => {
      const said = words[language];
      const page = await visit({ ...options, javaScriptEnabled });
      await registerAndSignIn(page);
      await page.goto("/llm");
      await shows(page, said.left(50), 5);
      const sent = [];
      page.on("request", (request) => {
        if (request.method() === "POST") sent.push(new URLSearchParams(request.postData()));
      });
      const answered = async (question, number) => {
        await page.locator("#result > .exchange > .asked").filter({ hasText: question }).waitFor({ timeout: 20_000 });
        await shows(page, said.left(50 - number), 20);
        assert.equal(sent.length, number);
        assert.equal(await page.locator("#examples").count(), 0, "what is left is said once");
      };
      await page.fill("#message", said.first);
      await send(page);
      await answered(said.first, 1);
      await page.fill("#message", said.next);
      await send(page);
      await answered(said.next, 2);
      if (javaScriptEnabled) await page.fill("#message", "Un brouillon");
      await page.click(`#retry button:has-text("${said.again}")`);
      await answered(said.next, 3);
      const [, second, third] = sent;
      for (const name of ["message", "conversation", "mode"]) assert.equal(third.get(name), second.get(name), name);
      assert.notEqual(third.get("idempotency_key"), second.get("idempotency_key"), "it is another question, and counts");
      if (javaScriptEnabled) {
        assert.equal(await page.inputValue("#message"), "Un brouillon", "what was being typed stays");
        await inspect(page, language);
        // Without an answer, the one before stays: to go on from, or to ask for again.
        const exchanges = await page.inputValue("#ask [name=conversation]");
        await page.route("**/llm/send", (route) => route.abort("failed"), { times: 1 });
        await page.click("#retry button");
        await page.locator("#status.field-error").waitFor();
        page.complaints = [];
        assert.equal(await page.inputValue("#ask [name=conversation]"), exchanges);
        assert.equal(await page.inputValue("#message"), "Un brouillon");
        await page.click("#retry button");
        await shows(page, said.left(46), 20);
      }
      await picture(page, `${language}-${device}-llm-again-${javaScriptEnabled ? "script" : "plain"}`);
      await leave(page);
    });
  }

  test(`the history keeps the answers to the same words asked in different conversations, and the newest where there is no room: ${who}`, async () => {
    const said = words[language];
    const page = await visit(options);
    await registerAndSignIn(page);
    const ask = async (question) => {
      await page.fill("#message", question);
      await send(page);
      await page.locator("#result > .exchange > .asked").filter({ hasText: question }).waitFor({ timeout: 20_000 });
      await shows(page, said.demo, 5);
    };
    await page.goto("/llm");
    await ask(said.first);
    // Another answer to the same words, as a model gives one.
    await page.evaluate(() => {
      const [key] = Object.keys(localStorage).filter((name) => name.startsWith("atelier.llm.history."));
      const entries = JSON.parse(localStorage.getItem(key));
      entries[0].html = entries[0].html.replace("</h2>", "</h2><p>another</p>");
      localStorage.setItem(key, JSON.stringify(entries));
    });
    await ask(said.first);
    await page.click("#history > summary");
    const entries = page.locator("#history-list > li");
    assert.equal(await entries.count(), 2);
    await entries.nth(0).locator("summary").click();
    await entries.nth(0).locator(".toolbar button.danger").first().click();
    assert.equal(await entries.count(), 1, "one is deleted, the other stays");
    await entries.nth(0).locator("summary").click();
    await entries.nth(0).getByText("another").waitFor();
    // Where there is no room, the oldest entries give way.
    await page.evaluate(() => {
      const [key] = Object.keys(localStorage).filter((name) => name.startsWith("atelier.llm.history."));
      const [entry] = JSON.parse(localStorage.getItem(key));
      const older = ["b", "a"].map((text) => ({ ...entry, question: text, html: `<div class="answer">${text.repeat(2_300_000)}</div>` }));
      localStorage.setItem(key, JSON.stringify(older));
      // Whatever room is left.
      for (let step = 1 << 20; step > 64; step /= 2) {
        try { localStorage.setItem("filler", "x".repeat((localStorage.getItem("filler") ?? "").length + step)); } catch { /* too much */ }
      }
    });
    await ask(said.next);
    const kept = await page.evaluate(() => JSON.parse(localStorage.getItem(Object.keys(localStorage).find((name) => name.startsWith("atelier.llm.history.")))).map(({ question }) => question));
    assert.deepEqual(kept, [said.next, "b"]);
    await leave(page);
  });
}
