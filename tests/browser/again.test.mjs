// Asking the same again: in the conversation that the question followed, without losing the answer before; and what is
// left for it.
//
// ATELIER_CHAT_URL   where the app with the chat API listens
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inspect, leave, picture, readers, registerAndSignIn, shows, start, stop, visit } from "./harness.mjs";
import { proxied } from "./proxy.mjs";

before(start);
after(stop);

const words = {
  fr: { first: "Comment trier une liste de nombres ?", next: "Et en décroissant ?", slow: "Une boucle, lentement", again: "Reposer la question", broken: /il manque la fin de la réponse/, cancelled: /Question annulée/, demo: /Démonstration/, left: (number) => new RegExp(`Questions restantes aujourd’hui\\s: ${number}\\s/\\s50`) },
  en: { first: "How do I write a loop over numbers?", next: "And in descending order?", slow: "A loop, slowly", again: "Ask again", broken: /the end of the answer is missing/, cancelled: /Question cancelled/, demo: /Demonstration/, left: (number) => new RegExp(`Questions left today: ${number}\\s/\\s50`) },
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

  test(`a repetition whose reply is lost is sent again where it was asked, and counts once: ${who}`, async () => {
    const said = words[language];
    const page = await visit(options);
    await registerAndSignIn(page);
    await page.goto("/llm");
    const sent = [];
    page.on("request", (request) => {
      if (request.method() === "POST") sent.push(new URLSearchParams(request.postData()));
    });
    for (const [index, question] of [said.first, said.next].entries()) {
      await page.fill("#message", question);
      await send(page);
      await shows(page, said.left(49 - index), 20);
    }
    const here = await page.inputValue("#ask [name=conversation]");
    const loseReply = async () => {
      await page.route("**/llm/send", async (route) => {
        await route.fetch();
        await route.abort("failed");
      }, { times: 1 });
      await page.click("#retry button");
      await page.locator("#status.field-error").waitFor();
      page.complaints = [];
      assert.equal(await page.inputValue("#message"), said.next, "it can be sent again");
      assert.ok(await page.isVisible("#result > .exchange .answer"), "the answer before is still there");
    };
    await loseReply();
    await inspect(page, language);
    await picture(page, `${language}-${device}-llm-again-lost`);
    await send(page);
    await shows(page, said.left(47), 20);
    await page.waitForFunction(() => document.querySelector("#message").value === "");
    const [, second, third, fourth] = sent;
    for (const name of ["message", "conversation", "mode"]) assert.equal(fourth.get(name), second.get(name), name);
    assert.equal(fourth.get("idempotency_key"), third.get("idempotency_key"), "the same question, paid once");
    assert.notEqual(second.get("conversation"), here);
    // Also after a reload the question stands in its own conversation; another question goes on from the answer before.
    await loseReply();
    await loseReply();
    assert.equal(await page.inputValue("#ask [name=conversation]"), second.get("conversation"));
    const after = await page.evaluate(() => Object.entries(sessionStorage).filter(([name]) => /draft|conversation/.test(name)).map(([, value]) => value).sort());
    assert.deepEqual(after, [second.get("conversation"), said.next].sort());
    await page.fill("#message", said.first);
    assert.ok((await page.inputValue("#ask [name=conversation]")).startsWith(second.get("conversation")));
    assert.notEqual(await page.inputValue("#ask [name=conversation]"), second.get("conversation"));
    await leave(page);
  });

  test(`a conversation that is left while a question is asked again stays left: ${who}`, async () => {
    const said = words[language];
    const page = await visit(options);
    await registerAndSignIn(page);
    await page.goto("/llm");
    const ask = async (question) => {
      await page.fill("#message", question);
      await send(page);
      await page.locator("#result > .exchange > .asked").filter({ hasText: question }).waitFor({ timeout: 20_000 });
    };
    /** Asks again, leaves the conversation while it waits, and loses the connection. */
    const left = async (act) => {
      let held;
      const isHeld = new Promise((resolve) => {
        held = page.route("**/llm/send", resolve, { times: 1 });
      });
      await held;
      await page.click("#retry button");
      const route = await isHeld;
      await act();
      await route.abort("failed");
      await page.locator("#status.field-error").waitFor();
      page.complaints = [];
      assert.equal(await page.inputValue("#ask [name=conversation]"), "");
      assert.equal(await page.isVisible("#follow-up"), false);
      assert.ok(await page.isVisible("#result > .exchange .answer"));
    };
    await ask(said.first);
    await page.click("#retry .new");
    // A first question, whose conversation is as empty as a new one.
    await ask(said.next);
    await page.click("#history > summary");
    const entry = page.locator("#history-list > li").filter({ hasText: said.first });
    await entry.locator("summary").click();
    await left(() => entry.getByRole("button", { name: said.again }).click());
    assert.equal(await page.inputValue("#message"), said.first);
    // A question that followed another one.
    await ask(said.first);
    await ask(said.next);
    await left(() => page.click("#follow-up .new"));
    await leave(page);
  });

  for (const [how, stopped] of [["cut", "broken"], ["cancelled", "cancelled"]]) {
    test(`half of an answer that is asked for again stays, ${how}, and the answer before is folded: ${who}`, async () => {
      const said = words[language];
      const proxy = await proxied(process.env.ATELIER_CHAT_URL);
      const page = await visit({ ...options, baseURL: proxy.baseURL });
      await registerAndSignIn(page);
      await page.goto("/llm");
      await page.fill("#message", said.slow);
      await send(page);
      await page.locator("#result [data-part=code]").waitFor({ timeout: 20_000 });
      await page.click("#retry button");
      await page.waitForFunction(() => document.querySelector("#result .writing")?.textContent.length > 30);
      if (how === "cut") proxy.cut();
      else await page.click("#cancel");
      await shows(page, said[stopped], 20);
      page.complaints = [];
      assert.ok(await page.isVisible("#result .writing"), "what has arrived stays");
      assert.equal(await page.isVisible("#result .answer"), false);
      assert.equal(await page.inputValue("#message"), said.slow);
      await inspect(page, language);
      await picture(page, `${language}-${device}-llm-again-${how}`);
      await page.click("#previous summary");
      assert.ok(await page.isVisible("#previous .answer"));
      // By its button it is asked for once more. The server may not have noticed yet.
      for (let tries = 0; tries < 10 && await page.locator("#result > .exchange .answer").count() === 0; tries += 1) {
        await page.click("#retry button");
        await page.waitForSelector("#ask:not([aria-busy])", { timeout: 40_000 });
      }
      await shows(page, said.demo, 5);
      assert.equal(await page.locator("#result .writing, #previous").count(), 0);
      await leave(page);
      proxy.close();
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
