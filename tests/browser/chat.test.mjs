// The Python helper with a chat API in place of the webhook: the answer while it is written, and cancelling.
//
// ATELIER_CHAT_URL   where the app with the chat API listens
// ATELIER_CHAT_MOCK  the chat API; its `/mock` counts who asked and who left
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inspect, laptop, leave, phone, picture, registerAndSignIn, shows, start, stop, visit } from "./harness.mjs";

before(start);
after(stop);

const baseURL = process.env.ATELIER_CHAT_URL;
const counts = async () => (await fetch(`${process.env.ATELIER_CHAT_MOCK}/mock`)).json();
const send = (page) => page.click("#ask button[type=submit]", { noWaitAfter: true });
const words = {
  "fr-FR": { language: "fr", slow: "Une boucle, lentement", cut: "Une boucle, puis coupe", demo: /Démonstration/, writing: /L’assistant écrit…/, cancelled: /Question annulée\s: l’assistant s’est arrêté/, incomplete: /Réponse incomplète/, to: /transmise à un serveur d’IA/ },
  "en-GB": { language: "en", slow: "A loop, slowly", cut: "A loop, then cut it", demo: /Demonstration/, writing: /The assistant is writing…/, cancelled: /Question cancelled: the assistant has stopped/, incomplete: /Incomplete answer/, to: /passed on to an AI server/ },
};

async function open(options) {
  const page = await visit({ ...options, baseURL });
  await registerAndSignIn(page);
  await page.goto("/llm");
  return page;
}

for (const [locale, said] of Object.entries(words)) {
  for (const [device, viewport] of [["phone", phone], ["laptop", laptop]]) {
    test(`the answer is read while it is written, and then rendered (${locale}, ${device})`, async () => {
      const page = await open({ locale, viewport });
      assert.match(await page.innerText("main"), said.to);
      await page.fill("#message", said.slow);
      await send(page);
      await page.waitForSelector("#result .writing");
      await page.waitForFunction(() => document.querySelector("#result .writing")?.textContent.length > 30);
      await shows(page, said.writing, 5);
      assert.equal(await page.locator("#result [data-part=code]").count(), 0, "not finished");
      assert.equal(await page.inputValue("#message"), said.slow, "kept until there is an answer");
      await inspect(page, said.language);
      await picture(page, `${said.language}-llm-writing-${device}`);
      await page.waitForSelector("#result [data-part=code] pre", { timeout: 20_000 });
      assert.equal(await page.locator(".writing").count(), 0);
      assert.ok(await page.locator("#result .hl-k").count() > 0, "the server has coloured it");
      assert.match(await page.innerText("main"), said.demo);
      await inspect(page, said.language);
      await picture(page, `${said.language}-llm-written-${device}`);
      await leave(page);
    });

    test(`cancelling stops the model and keeps the question (${locale}, ${device})`, async () => {
      const page = await open({ locale, viewport });
      const before = await counts();
      await page.fill("#message", said.slow);
      await send(page);
      await page.waitForSelector("#result .writing");
      await page.click("#cancel");
      await shows(page, said.cancelled, 5);
      for (let tries = 0; (await counts()).abandoned === before.abandoned; tries += 1) {
        assert.ok(tries < 100, "the mock still writes");
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      assert.equal(await page.inputValue("#message"), said.slow);
      await inspect(page, said.language);
      await picture(page, `${said.language}-llm-cancelled-${device}`);
      // Asked again, it is answered, and the half of an answer is gone.
      await send(page);
      await page.waitForSelector("#result [data-part=code] pre", { timeout: 20_000 });
      assert.equal(await page.locator(".writing").count(), 0);
      await leave(page);
    });
  }

  test(`an answer that breaks off is kept and says so (${locale})`, async () => {
    const page = await open({ locale });
    await page.fill("#message", said.cut);
    await send(page);
    await shows(page, said.incomplete, 20);
    assert.ok(await page.isVisible("#incomplete"));
    await inspect(page, said.language);
    await picture(page, `${said.language}-llm-incomplete`);
    await leave(page);
  });

  test(`without script the whole page comes at the end (${locale})`, async () => {
    const page = await open({ locale, javaScriptEnabled: false, viewport: phone });
    await page.fill("#message", said.slow.split(",")[0]);
    await page.click("#ask button[type=submit]");
    await shows(page, said.demo, 20);
    assert.ok(await page.locator("#result [data-part=code] pre").count() > 0);
    await leave(page);
  });
}
