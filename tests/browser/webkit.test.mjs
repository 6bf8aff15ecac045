// The paths that WebKit, the engine of Safari, walks in its own way: blobs of an opaque origin, files in IndexedDB, what
// Back fills in again, and the header that erases. In an ephemeral session, like a private window.
//
// ATELIER_WEBKIT  the command that starts WebKit's WebDriver; without it these tests are skipped
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import { after, before, test } from "node:test";
import { Builder, By, Key } from "selenium-webdriver";
import { fixturePath } from "./documents.mjs";
import { newName, password, url } from "./harness.mjs";

const command = process.env.ATELIER_WEBKIT?.split(" ");
const skip = command ? false : "WebKit's WebDriver is not installed";
const photos = ["photo.jpg", "photo.png"].map(fixturePath);

let driver, server;
before(async () => {
  if (skip) return;
  const free = net.createServer().listen(0, "127.0.0.1");
  await once(free, "listening");
  const { port } = free.address();
  free.close();
  // A group of its own: it starts a screen and a browser.
  driver = spawn(command[0], [...command.slice(1), `--port=${port}`], { detached: true, stdio: "ignore" });
  server = `http://127.0.0.1:${port}`;
  for (let tries = 0; !(await fetch(`${server}/status`).catch(() => null))?.ok; tries += 1) {
    assert.ok(tries < 300, "WebKit's WebDriver does not answer");
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
});
after(() => driver && process.kill(-driver.pid));

/** A signed-in user in a browser of their own. */
const visit = async () => {
  const browser = await new Builder().usingServer(server).withCapabilities({ browserName: "MiniBrowser" }).build();
  const shows = (script, ...values) => browser.wait(() => browser.executeScript(`return ${script}`, ...values), 90_000, script);
  await browser.get(`${url}/register`);
  await browser.findElement(By.name("username")).sendKeys(newName());
  await browser.findElement(By.name("password")).sendKeys(password, Key.ENTER);
  await shows("location.pathname === '/home'");
  return { browser, shows };
};
const leave = ({ browser }) => browser.quit();

// Python cannot wait here, so a reply that comes later is nothing that it could read.
const attempts = `
import js

def attempt(name, act):
    try:
        print(name, "REACHED", act())
    except BaseException as error:
        print(name, "refused", type(error).__name__)

def session():
    request = js.XMLHttpRequest.new()
    request.open("GET", "${url}/account", False)
    request.send()
    return request.status

attempt("session", session)
attempt("socket", lambda: js.WebSocket.new("${url.replace("http", "ws")}/"))
attempt("database", lambda: js.indexedDB.open("x"))
attempt("storage", lambda: js.localStorage.length)
attempt("worker", lambda: js.Worker.new("${url}/site.js"))
print(js.location.origin)
`;

test("a program runs, and reaches neither session nor network nor storage, in WebKit", { skip }, async () => {
  const visitor = await visit(), { browser, shows } = visitor;
  await browser.get(`${url}/llm`);
  await browser.findElement(By.name("message")).sendKeys("Comment trier une liste ?", Key.chord(Key.CONTROL, Key.ENTER));
  await shows("document.querySelector('.toolbar button:last-of-type')");
  await browser.executeScript("document.querySelector('.toolbar button:last-of-type').click()");
  await shows("document.querySelector('.runner-output')?.textContent.includes('[7, 12, 15, 18]')");
  await shows("document.querySelector('.runner-stop').hidden");
  await browser.executeScript("document.querySelector('.runner').remove(); document.querySelector('[data-part=code] pre').textContent = arguments[0]", attempts);
  await browser.executeScript("document.querySelector('.toolbar button:last-of-type').click()");
  await shows("document.querySelector('.runner-stop')?.hidden && document.querySelector('.runner-output')?.textContent");
  const lines = (await browser.executeScript("return document.querySelector('.runner-output').textContent")).trim().split("\n");
  assert.equal(lines.pop(), "null", "an opaque origin");
  assert.equal(lines.length, 5);
  for (const line of lines) assert.match(line, / refused \w+$/);
  await leave(visitor);
});

test("chosen photos outlive Back, become a document that stays, and all of it goes when signing out, in WebKit", { skip }, async () => {
  const visitor = await visit(), { browser, shows } = visitor;
  const back = async () => {
    await browser.get(`${url}/home`);
    await browser.navigate().back();
    await shows("location.pathname === '/ocr' && document.readyState === 'complete'");
  };
  await browser.get(`${url}/ocr`);
  await browser.findElement(By.name("file")).sendKeys(photos.join("\n"));
  await shows("sessionStorage.length > 0 && document.querySelectorAll('#chosen canvas').length === 2");
  await back();
  await shows("document.querySelectorAll('#chosen canvas').length === 2 && document.querySelector('#file').files.length === 2");
  await browser.findElement(By.id("start")).click();
  await shows("/documentclass/.test(document.querySelector('#latex').value) && document.querySelector('#bar').hidden");
  await shows("document.querySelectorAll('#kept-list li').length === 1");
  await back();
  await shows("document.querySelectorAll('#kept-list li').length === 1");
  // The page as it was, or a new one: what the field and the list say is the same.
  const [inField, inList] = await browser.executeScript("return [document.querySelector('#file').files.length, document.querySelectorAll('#chosen li').length]");
  assert.equal(inField, inList);
  await browser.executeScript("document.querySelector('header form').requestSubmit()");
  await shows("location.pathname === '/auth'");
  await browser.wait(() => browser.executeAsyncScript("const done = arguments[0]; indexedDB.databases().then((all) => done(!all.length))"), 30_000);
  assert.equal(await browser.executeScript("return localStorage.length + sessionStorage.length"), 0);
  await browser.navigate().back();
  await shows("location.search === '?next=/ocr' && !document.querySelector('#latex')");
  await leave(visitor);
});
