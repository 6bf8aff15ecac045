// What surrounds every page: the header, the account menu, the footer, the language, error pages.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inspect, leave, phone, picture, registerAndSignIn, start, stop, submit, visit } from "./harness.mjs";

before(start);
after(stop);

for (const locale of ["fr-FR", "en-GB"]) {
  test(`on a phone the header is one row and what a finger taps is 44 px high: ${locale}`, async () => {
    const page = await visit({ locale, viewport: phone });
    const check = async (path) => {
      await page.goto(path);
      const header = await page.locator("header").boundingBox();
      assert.ok(header.height < 64, `${path}: the header is ${header.height} px high`);
      const low = await page.evaluate(() => [...document.querySelectorAll("header a, header summary, footer a, button, .button, input:not([type=hidden], [type=file], [aria-hidden]), summary")]
        .filter((element) => element.checkVisibility({ visibilityProperty: true }) && element.getBoundingClientRect().height < 43.9)
        .map((element) => `${element.outerHTML.slice(0, 80)}: ${element.getBoundingClientRect().height} px`));
      assert.deepEqual(low, [], path);
    };
    for (const path of ["/", "/auth", "/register", "/help"]) await check(path);
    await registerAndSignIn(page);
    for (const path of ["/home", "/account", "/llm", "/ocr"]) await check(path);
    await leave(page);
  });
}

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with script" : "without script";

  test(`the account menu says what signing out erases before it does, ${how}`, async () => {
    const page = await visit({ javaScriptEnabled, viewport: phone });
    await registerAndSignIn(page);
    assert.equal(await page.isVisible("#sign-out-hint"), false);
    await page.click("header .menu summary");
    assert.match(await page.innerText("#sign-out-hint"), /historique[^]*effacé/);
    if (javaScriptEnabled) await inspect(page, "fr");
    await picture(page, `fr-phone-menu-${javaScriptEnabled ? "script" : "plain"}`);
    if (javaScriptEnabled) {
      await page.keyboard.press("Escape");
      assert.equal(await page.isVisible("#sign-out-hint"), false);
    }
    await leave(page);
  });

  test(`the chosen language is remembered on every page, ${how}`, async () => {
    const page = await visit({ javaScriptEnabled });
    await page.goto("/help");
    await submit(page, "footer form");
    assert.equal(new URL(page.url()).pathname, "/help", "the same page");
    assert.equal(await page.getAttribute("html", "lang"), "en");
    await registerAndSignIn(page);
    for (const path of ["/home", "/llm", "/ocr", "/nowhere"]) {
      await page.goto(path);
      assert.equal(await page.getAttribute("html", "lang"), "en", path);
    }
    await leave(page);
  });
}

test("the front door says what Atelier is, in one screen", async () => {
  const page = await visit();
  await page.goto("/");
  const button = await page.locator("main a[href='/register']").boundingBox();
  const photo = await page.locator("main img").boundingBox();
  assert.ok(button.y + button.height < 900 && photo.y + photo.height < 900, "above the fold");
  await page.click("main a[href='/register']");
  assert.equal(new URL(page.url()).pathname, "/register");
  await leave(page);
});

test("error pages of a signed-in person look signed in, and the address of a form leads to its page", async () => {
  const page = await visit();
  const name = await registerAndSignIn(page);
  for (const path of ["/nowhere", "/llm/nowhere", "/ocr/nowhere", "/auth/nowhere"]) {
    await page.goto(path);
    assert.equal(await page.innerText("header .menu bdi"), name, path);
    assert.match(await page.innerText("main"), /Page introuvable[^]*requête/, path);
  }
  for (const [path, expected] of [["/llm/send", "/llm"], ["/send", "/llm"], ["/logout", "/home"], ["/language", "/home"]]) {
    await page.goto(path);
    assert.equal(new URL(page.url()).pathname, expected, path);
  }
  await page.goto("/home");
  assert.equal(await page.locator(".request-id").count(), 0, "the request id is for errors");
  await leave(page);
});
