// An account from its first to its last page, with and without script.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inspect, leave, newName, password, picture, register, registerAndSignIn, signIn, start, stop, submit, visit } from "./harness.mjs";

before(start);
after(stop);

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with script" : "without script";

  test(`a newcomer registers, signs in, is greeted and signs out, ${how}`, async () => {
    const page = await visit({ javaScriptEnabled });
    const name = await register(page);
    assert.equal(new URL(page.url()).pathname, "/auth");
    await signIn(page, name);
    assert.equal(new URL(page.url()).pathname, "/home");
    const greeting = await page.textContent("h1");
    assert.ok(greeting.includes("Bienvenue") && greeting.includes(name), greeting);
    await submit(page, "header form");
    await page.goto("/home");
    assert.equal(new URL(page.url()).pathname, "/auth", "a signed-out visitor is sent to sign in");
    await leave(page);
  });
}

test("a wrong password is told beside the form, which keeps the name and not the password", async () => {
  const page = await visit();
  const name = await register(page);
  await page.goto("/auth");
  await page.fill("[name=username]", name);
  await page.fill("[name=password]", "ce n'est pas le bon mot de passe");
  await submit(page, "main form");
  assert.ok(await page.isVisible("[role=alert]"));
  assert.equal(await page.inputValue("[name=username]"), name);
  assert.equal(await page.inputValue("[name=password]"), "");
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
  await register(page, name);
  assert.match(await page.textContent("main"), /already/i);
  await inspect(page, "en");
  await leave(page);
});

test("a page opened while signed out comes back after signing in", async () => {
  const page = await visit();
  const name = await register(page);
  await page.goto("/ocr");
  assert.equal(new URL(page.url()).pathname, "/auth");
  await page.fill("[name=username]", name);
  await page.fill("[name=password]", password);
  await submit(page, "main form");
  assert.equal(new URL(page.url()).pathname, "/ocr");
  await leave(page);
});

test("a name full of markup is shown as text", async () => {
  const page = await visit();
  const name = `<img src=x onerror=alert(1)>${newName()}`;
  await register(page, name);
  await signIn(page, name);
  assert.ok((await page.textContent("h1")).includes(name));
  assert.equal(await page.locator("main img").count(), 0);
  await leave(page);
});

test("the Back button shows nothing private after signing out", async () => {
  const page = await visit();
  const name = await registerAndSignIn(page);
  await submit(page, "header form");
  await page.goBack();
  await page.waitForLoadState("networkidle");
  assert.ok(!(await page.textContent("body")).includes(`Bienvenue, ${name}`));
  await leave(page);
});
