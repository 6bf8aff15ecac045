// A connection that is lost while somebody waits for an answer. A proxy stands between the browser and the app, and cuts.
//
// ATELIER_CHAT_URL   where the app with the chat API listens
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inspect, leave, picture, readers, registerAndSignIn, shows, start, stop, visit } from "./harness.mjs";
import { proxied } from "./proxy.mjs";

before(start);
after(stop);

const words = {
  fr: { slow: "Une boucle, lentement", broken: /connexion a été coupée\s: il manque la fin/, offline: /Atelier est injoignable/, demo: /Démonstration/ },
  en: { slow: "A loop, slowly", broken: /connection was cut: the end of the answer is missing/, offline: /Atelier cannot be reached/, demo: /Demonstration/ },
};
const send = (page) => page.click("#ask button[type=submit]", { noWaitAfter: true });

/** A page on which an answer is being written. */
async function writing({ language, ...options }, clock = false) {
  const proxy = await proxied(process.env.ATELIER_CHAT_URL);
  const page = await visit({ ...options, baseURL: proxy.baseURL });
  await registerAndSignIn(page);
  if (clock) await page.clock.install();
  await page.goto("/llm");
  await page.fill("#message", words[language].slow);
  await send(page);
  await page.waitForFunction(() => document.querySelector("#result .writing")?.textContent.length > 30);
  return { page, proxy };
}

/** Half an answer is there, says that it is one, and the question can be sent again. */
async function checkBroken(page, { language, device }, name) {
  await shows(page, words[language].broken, 20);
  page.complaints = [];
  assert.ok(await page.isVisible("#result .writing"), "what has arrived stays");
  assert.match(await page.getAttribute("#status", "class"), /field-error/, "a failure is not whispered");
  assert.equal(await page.inputValue("#message"), words[language].slow);
  assert.ok(await page.isEnabled("#ask button[type=submit]"));
  assert.equal(await page.isVisible("#cancel"), false);
  assert.equal(await page.isVisible("#history"), false, "half an answer is not kept in the history");
  await inspect(page, language);
  await picture(page, `${language}-${device}-llm-${name}`);
}

for (const { who, ...reader } of readers) {
  test(`an answer whose connection is cut says that its end is missing, and is asked for again: ${who}`, async () => {
    const { page, proxy } = await writing(reader);
    proxy.cut();
    await checkBroken(page, reader, "connection-cut");
    // The server may not have noticed yet; a sentence says so, and the question stays.
    await assert.doesNotReject(async () => {
      for (let tries = 0; tries < 10 && await page.locator("#result [data-part=code]").count() === 0; tries += 1) {
        await send(page);
        await page.waitForSelector("#ask:not([aria-busy])", { timeout: 40_000 });
      }
    });
    await shows(page, words[reader.language].demo, 5);
    assert.equal(await page.locator("#result .writing").count(), 0);
    assert.equal(await page.locator("#history-list > li").count(), 1);
    await leave(page);
    proxy.close();
  });

  test(`a connection that says nothing any more is given up: ${who}`, async () => {
    const { page, proxy } = await writing(reader, true);
    proxy.hold();
    await page.clock.runFor(210_000);
    await checkBroken(page, reader, "connection-silent");
    await leave(page);
    proxy.close();
  });

  test(`without a connection the question stays, and is answered when there is one again: ${who}`, async () => {
    const { language, device, ...options } = reader;
    const page = await visit({ ...options, baseURL: process.env.ATELIER_CHAT_URL });
    await registerAndSignIn(page);
    await page.goto("/llm");
    const { slow, offline, demo } = words[language];
    await page.fill("#message", slow);
    await page.context().setOffline(true);
    await send(page);
    await shows(page, offline, 10);
    await inspect(page, language);
    await picture(page, `${language}-${device}-llm-offline`);
    await page.context().setOffline(false);
    // The script that reads an answer cannot be fetched.
    await page.route("**/llm/assets/stream-*.js*", (route) => route.abort("failed"));
    await send(page);
    await shows(page, offline, 20);
    await page.unroute("**/llm/assets/stream-*.js*");
    page.complaints = [];
    assert.equal(await page.inputValue("#message"), slow);
    for (let tries = 0; tries < 10 && await page.locator("#result [data-part=code]").count() === 0; tries += 1) {
      await send(page);
      await page.waitForSelector("#ask:not([aria-busy])", { timeout: 40_000 });
    }
    await shows(page, demo, 5);
    await leave(page);
  });
}
