// An account from its first to its last page, with and without script.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { inspect, leave, newName, password, phone, picture, readers, register, registerAndSignIn, registerAndSignOut, shows, signIn, signOut, start, stop, submit, url, visit } from "./harness.mjs";

before(start);
after(stop);

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with script" : "without script";

  test(`a newcomer registers, is greeted, signs out and in again, ${how}`, async () => {
    const page = await visit({ javaScriptEnabled });
    const name = await register(page);
    assert.equal(new URL(page.url()).pathname, "/home", "registering signs in");
    const greeting = await page.textContent("h1");
    assert.ok(greeting.includes("Bienvenue") && greeting.includes(name), greeting);
    assert.match(await page.textContent("[role=status]"), /Votre compte est créé/);
    await signOut(page);
    await signIn(page, name);
    assert.equal(new URL(page.url()).pathname, "/home");
    await signOut(page);
    await page.goto("/home");
    assert.equal(new URL(page.url()).pathname, "/auth", "a signed-out visitor is sent to sign in");
    await leave(page);
  });
}

test("a wrong password is told beside the form, which keeps the name and not the password", async () => {
  const page = await visit();
  const name = await registerAndSignOut(page);
  await page.goto("/auth");
  await page.fill("[name=username]", name);
  await page.fill("[name=password]", "ce n'est pas le bon mot de passe");
  await submit(page, "main form");
  assert.ok(await page.isVisible("[role=alert]"));
  assert.equal(await page.inputValue("[name=username]"), name);
  assert.equal(await page.inputValue("[name=password]"), "");
  assert.equal(await page.evaluate(() => document.activeElement.id), "password", "the reader is where to type");
  await inspect(page, "fr");
  await picture(page, "fr-wrong-password");
  await leave(page);
});

test("a short password and a taken name are explained in the visitor's language", async () => {
  const page = await visit({ locale: "en-GB" });
  await page.goto("/register");
  const name = newName();
  await page.fill("[name=username]", name);
  await page.evaluate(() => document.querySelectorAll("input").forEach((input) => input.removeAttribute("minlength")));
  await page.fill("[name=password]", "court");
  await submit(page, "main form");
  assert.match(await page.textContent("main"), /15/);
  await inspect(page, "en");
  await picture(page, "en-short-password");
  await register(page, name);
  await signOut(page);
  await register(page, name);
  const taken = await page.textContent("main");
  assert.equal(taken.match(/This username is taken/g).length, 1, "an error is said once");
  assert.equal(await page.evaluate(() => document.activeElement.id), "username");
  assert.equal(await page.getAttribute("#username", "aria-invalid"), "true");
  await inspect(page, "en");
  await leave(page);
});

test("a page opened while signed out comes back after signing in, and after registering", async () => {
  const page = await visit();
  const name = await registerAndSignOut(page);
  await page.goto("/ocr");
  assert.equal(new URL(page.url()).pathname, "/auth");
  await page.fill("[name=username]", name);
  await page.fill("[name=password]", password);
  await submit(page, "main form");
  assert.equal(new URL(page.url()).pathname, "/ocr");
  await signOut(page);
  await page.goto("/llm");
  await page.click("main a[href^='/register']");
  await page.fill("[name=username]", newName());
  await page.fill("[name=password]", password);
  await submit(page, "main form");
  assert.equal(new URL(page.url()).pathname, "/llm");
  await leave(page);
});

for (const { who, language, device, ...options } of readers) {
  test(`a session that has ended is said on the sign-in page, which leads back: ${who}`, async () => {
    const page = await visit(options);
    const name = await registerAndSignIn(page);
    await page.context().addCookies([{ name: "session", value: randomBytes(32).toString("hex"), url }]);
    await page.goto("/account");
    assert.equal(new URL(page.url()).pathname, "/auth");
    assert.match(await page.innerText("[role=status]"), /session a pris fin|session has ended/);
    await inspect(page, language);
    await picture(page, `${language}-${device}-session-ended`);
    await page.fill("[name=username]", name);
    await page.fill("[name=password]", password);
    await submit(page, "main form");
    assert.equal(new URL(page.url()).pathname, "/account");
    assert.equal(await page.locator("[role=status]").count(), 0);
    await leave(page);
  });
}

test("a name full of markup is shown as text", async () => {
  const page = await visit();
  const name = `<img src=x onerror=alert(1)>${newName()}`;
  await register(page, name);
  assert.ok((await page.textContent("h1")).includes(name));
  assert.equal(await page.locator("main img").count(), 0);
  await leave(page);
});

test("the Back button shows nothing private after signing out", async () => {
  const page = await visit();
  const name = await registerAndSignIn(page);
  await signOut(page);
  await page.goBack();
  await page.waitForLoadState("networkidle");
  assert.ok(!(await page.textContent("body")).includes(`Bienvenue, ${name}`));
  await leave(page);
});

test("a password can be shown, and the one in use is refused as a new one", async () => {
  const page = await visit({ viewport: phone });
  await registerAndSignIn(page);
  await page.goto("/account");
  await page.fill("#current-password", password);
  await page.fill("#new-password", password);
  assert.equal(await page.getAttribute("#new-password", "type"), "password");
  await page.click("[data-reveal=new-password]");
  assert.equal(await page.getAttribute("#new-password", "type"), "text");
  assert.equal(await page.textContent("[data-reveal=new-password]"), "Masquer");
  await page.locator("main form").first().locator("button[type=submit]").click();
  await page.waitForSelector("#new-password-error");
  assert.match(await page.textContent("#new-password-error"), /déjà votre mot de passe/);
  assert.equal(await page.evaluate(() => document.activeElement.id), "new-password");
  await inspect(page, "fr");
  await picture(page, "fr-phone-same-password");
  await leave(page);
});

for (const [path, twice] of [["/register", "Enter"], ["/account", "click"]]) {
  test(`a form that is sent twice at once is answered once: ${path}`, async () => {
    const page = await visit();
    if (path === "/account") await registerAndSignIn(page);
    await page.goto(path);
    const posts = [];
    page.on("request", (request) => { if (request.method() === "POST") posts.push(request.url()); });
    const form = path === "/account" ? "form:has(#new-password)" : "main form";
    if (path === "/account") await page.fill("#current-password", password);
    else await page.fill("[name=username]", newName());
    await page.fill(`${form} [autocomplete=new-password]`, path === "/account" ? `${password}, changée` : password);
    const submit = () => twice === "Enter" ? page.keyboard.press("Enter") : page.click(`${form} button[type=submit]`, { noWaitAfter: true });
    await Promise.all([submit(), submit()]);
    await shows(page, /Votre compte est créé|Votre mot de passe a été changé/, 20);
    assert.equal(posts.length, 1);
    await leave(page);
  });
}
