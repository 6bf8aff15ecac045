// What surrounds every page: the header, the account menu, the footer, the language, error pages.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fixturePath } from "./documents.mjs";
import { ask, inspect, leave, password, phone, picture, readers, registerAndSignIn, registerAndSignOut, shows, start, stop, submit, visit } from "./harness.mjs";

before(start);
after(stop);

/** What a finger taps and that is under 44 px high or wide, but for a link or a button inside a sentence (WCAG 2.2, 2.5.5). */
const small = () => {
  const inSentence = (element) => {
    const around = element.closest("p, li, .notice");
    return around && element.matches("a, .jump") && around.textContent.trim().length > element.textContent.trim().length;
  };
  return [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
    .filter((element) => element.checkVisibility({ visibilityProperty: true }) && !element.matches(":disabled, [aria-hidden=true], .skip") && !inSentence(element))
    .map((element) => ({ element, box: element.getBoundingClientRect() }))
    .filter(({ box: { height, width } }) => height < 43.9 || width < 43.9)
    .map(({ element, box: { height, width } }) => `${element.outerHTML.slice(0, 80)}: ${width} x ${height} px`);
};

for (const locale of ["fr-FR", "en-GB"]) {
  test(`on a phone the header is one row and what a finger taps is 44 px high and wide: ${locale}`, async () => {
    const page = await visit({ locale, viewport: phone });
    const check = async (where) => {
      const header = await page.locator("header").boundingBox();
      assert.ok(header.height < 64, `${where}: the header is ${header.height} px high`);
      assert.deepEqual(await page.evaluate(small), [], where);
    };
    for (const path of ["/", "/auth", "/register", "/help", "/nowhere"]) {
      await page.goto(path);
      await check(path);
    }
    await registerAndSignIn(page);
    for (const path of ["/home", "/account", "/llm", "/ocr", "/nowhere"]) {
      await page.goto(path);
      await check(path);
    }
    await page.click("header .menu summary");
    await check("the menu");
    await ask(page, "Comment trier une liste de nombres ?", 20);
    await page.click("#history > summary");
    await page.click("#history-list summary");
    await check("an answer, and the history");
    await page.goto("/ocr");
    await page.setInputFiles("[name=file]", ["photo.jpg", "photo.png"].map(fixturePath));
    await page.waitForFunction(() => document.querySelectorAll("#chosen li").length === 2);
    await check("chosen photos");
    await page.click("#start");
    await shows(page, /Transcription terminée|Transcription finished/, 30);
    await page.click("#kept > summary");
    await page.click("#markdown-pane > summary");
    await check("a conversion");
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

for (const javaScriptEnabled of [true, false]) {
  test(`the page to come back to outlives the switch of language and a wrong password, ${javaScriptEnabled ? "with" : "without"} script`, async () => {
    const page = await visit({ javaScriptEnabled });
    const name = await registerAndSignOut(page);
    await page.goto("/ocr");
    await submit(page, "footer form");
    assert.equal(await page.getAttribute("html", "lang"), "en");
    await page.click("main a[href^='/register']");
    await submit(page, "footer form");
    assert.equal(await page.getAttribute("html", "lang"), "fr");
    await page.click("main a[href^='/auth']");
    await page.fill("[name=username]", name);
    await page.fill("[name=password]", "ce n'est pas le bon mot de passe");
    await submit(page, "main form");
    await submit(page, "footer form");
    await page.fill("[name=username]", name);
    await page.fill("[name=password]", password);
    await submit(page, "main form");
    assert.equal(new URL(page.url()).pathname, "/ocr");
    await leave(page);
  });
}

for (const { who, language, device, ...options } of readers) {
  test(`the front door says what Atelier is, in one screen: ${who}`, async () => {
    const page = await visit(options);
    await page.goto("/");
    const bottom = async (part) => {
      const { y, height } = await page.locator(part).boundingBox();
      return y + height;
    };
    assert.ok(await bottom("main a[href='/register']") < options.viewport.height, "the way in");
    for (const part of ["main .quote", "main .photo", "main section[aria-labelledby=convert] pre"]) {
      assert.ok(await bottom(part) < options.viewport.height, `${part} ends at ${await bottom(part)} px`);
    }
    await page.click("main a[href='/register']");
    assert.equal(new URL(page.url()).pathname, "/register");
    await leave(page);
  });

  test(`error pages of a signed-in person look signed in: ${who}`, async () => {
    const page = await visit(options);
    const name = await registerAndSignIn(page);
    for (const path of ["/nowhere", "/llm/nowhere", "/ocr/nowhere", "/auth/nowhere"]) {
      await page.goto(path);
      assert.equal(await page.innerText("header .menu bdi"), name, path);
      assert.match(await page.innerText("main"), /Page introuvable[^]*requête|Page not found[^]*request/, path);
      await inspect(page, language);
    }
    // A form that a page of ours would not send, and one that another site sends.
    const shown = async (status, path, request) => {
      const reply = await page.request.fetch(path, { method: "POST", ...request, headers: { Accept: "text/html", ...request.headers } });
      assert.equal(reply.status(), status, path);
      await page.setContent(await reply.text());
      assert.equal(await page.innerText("header .menu bdi"), name, `${status} ${path}`);
      assert.match(await page.innerText("main"), /Action impossible|This is not possible/);
    };
    for (const path of ["/home", "/help", "/ocr/nowhere", "/llm/run"]) {
      const reply = await page.request.fetch(path, { method: "POST", form: {}, headers: { Accept: "text/html" } });
      if (reply.status() === 405) await shown(405, path, { form: {} });
      else assert.equal(reply.status(), 404, path);
    }
    for (const path of ["/account", "/llm/send", "/ocr"]) await shown(403, path, { form: {}, headers: { "Sec-Fetch-Site": "cross-site" } });
    page.complaints = [];
    await leave(page);
  });
}

test("the address of a form leads to its page", async () => {
  const page = await visit();
  await registerAndSignIn(page);
  for (const [path, expected] of [["/llm/send", "/llm"], ["/send", "/llm"], ["/logout", "/home"], ["/language", "/home"]]) {
    await page.goto(path);
    assert.equal(new URL(page.url()).pathname, expected, path);
  }
  await page.goto("/home");
  assert.equal(await page.locator(".request-id").count(), 0, "the request id is for errors");
  await leave(page);
});
