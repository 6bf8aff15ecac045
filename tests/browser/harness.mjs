// One Chromium for the whole run, a fresh profile per test, and the journeys that every story needs.
//
// ATELIER_URL       where the app listens (cargo xtask test browser starts it and sets this)
// ATELIER_CHROMIUM  the browser's binary; Debian's by default
import { AxeBuilder } from "@axe-core/playwright";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { chromium } from "playwright-core";

export const url = process.env.ATELIER_URL;
if (!url) throw new Error("ATELIER_URL is not set: run `cargo xtask test browser`");

/** Waits until Python's own modules are compiled and kept, which begins after the first program. */
export const compiled = (page) => page.evaluate(async () => {
  for (let tries = 2400; !(await (await caches.open("atelier.python")).keys()).length; tries -= 1) {
    if (!tries) throw new Error("Python's modules were not compiled");
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
});

export const password = "une phrase assez longue pour Atelier";
export const phone = { width: 390, height: 844 };
export const laptop = { width: 1366, height: 768 };
/** Who reads: each language and each kind of screen. */
export const readers = [
  { who: "French, phone", language: "fr", device: "phone", locale: "fr-FR", viewport: phone },
  { who: "English, laptop", language: "en", device: "laptop", locale: "en-GB", viewport: laptop },
];

let browser;

export async function start() {
  browser = await chromium.launch({
    executablePath: process.env.ATELIER_CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
      "--disable-background-networking", "--disable-component-update",
    ],
  });
}

export const stop = () => browser?.close();

/** A page of its own profile; phones are dark. Every error on its console fails the test that closes it. */
export async function visit({ locale = "fr-FR", viewport = laptop, javaScriptEnabled = true, colorScheme = viewport === phone ? "dark" : "light", forcedColors = "none", baseURL = url } = {}) {
  const context = await browser.newContext({ locale, viewport, javaScriptEnabled, colorScheme, forcedColors, reducedMotion: "reduce", baseURL });
  const page = await context.newPage();
  page.complaints = [];
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  page.on("console", (message) => {
    // A refused form answers 4xx on purpose, and Chromium reports that on the console.
    const expected = /Failed to load resource: the server responded with a status of 4\d\d/.test(message.text());
    if (message.type() === "error" && !expected) page.complaints.push(message.text());
  });
  return page;
}

export async function leave(page) {
  const complaints = page.complaints;
  await page.context().close();
  assert.deepEqual(complaints, [], "the page complained on its console");
}

export const newName = () => `lea-${randomBytes(5).toString("hex")}`;

/** Registers, which signs in. */
export async function register(page, name = newName()) {
  await page.goto("/register");
  await page.fill("[name=username]", name);
  await page.fill("[name=password]", password);
  await submit(page, "main form");
  return name;
}

export async function signIn(page, name) {
  await page.goto("/auth");
  await page.fill("[name=username]", name);
  await page.fill("[name=password]", password);
  await submit(page, "main form");
}

export async function registerAndSignIn(page) {
  const name = await register(page);
  assert.equal(new URL(page.url()).pathname, "/home");
  return name;
}

/** A newcomer who has left again. */
export async function registerAndSignOut(page) {
  const name = await registerAndSignIn(page);
  await signOut(page);
  return name;
}

export async function signOut(page) {
  await page.click("header .menu summary");
  await submit(page, "header form");
  assert.equal(new URL(page.url()).pathname, "/auth");
}

/** Asks the Python helper, and waits for its answer. */
export async function ask(page, question, seconds = 60) {
  await page.goto("/llm");
  await page.fill("#message", question);
  await page.click("#ask button[type=submit]");
  await shows(page, /Démonstration|Demonstration/, seconds);
}

export async function submit(page, form) {
  await Promise.all([page.waitForLoadState("load"), page.click(`${form} button[type=submit]`)]);
  await page.waitForLoadState("networkidle");
}

/** What breaks the typography of a page's language: straight apostrophes, and in French spaces at which a line may break
 *  before or inside punctuation. Code, and what users and models wrote, is left out. */
const slips = () => {
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const foreign = walker.currentNode.parentElement.closest("pre, code, textarea, script, bdi, .prose, .writing, .shade, .asked, #previous summary, #history-list, #warning-list, #figures figure");
    if (!foreign) texts.push(walker.currentNode.data);
  }
  for (const element of document.querySelectorAll("*:not(#history-list *, #figures figure *, #rendered *)")) {
    for (const { name, value } of element.attributes) {
      if (/^(data-|aria-label|alt|placeholder|title)/.test(name)) texts.push(value);
    }
  }
  const french = document.documentElement.lang === "fr";
  return texts.filter((text) => /\p{L}'\p{L}/u.test(text) || (french && / [;:!?»%]|« |\d \d/.test(text)));
};

/** No accessibility finding, no horizontal scrolling, the right language and its typography. */
export async function inspect(page, language) {
  // In the system's own colours axe reads ours, which are not shown.
  const forced = await page.evaluate(() => matchMedia("(forced-colors: active)").matches);
  const found = await new AxeBuilder({ page }).disableRules(forced ? ["color-contrast"] : []).analyze();
  const findings = found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`);
  assert.deepEqual(findings, [], `axe on ${page.url()}`);
  assert.equal(await page.getAttribute("html", "lang"), language, page.url());
  assert.deepEqual(await page.evaluate(slips), [], `typography of ${page.url()}`);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(overflow <= 0, `${page.url()} scrolls sideways by ${overflow} px`);
}

/** With ATELIER_SCREENSHOTS set to a folder, keeps a picture of every page for a person to look at. */
export async function picture(page, name) {
  const folder = process.env.ATELIER_SCREENSHOTS;
  if (folder) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
}

/** What `main` shows, with the contents of its text areas, once it matches; asked from outside, so it works without script. */
export async function shows(page, pattern, seconds) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const main = page.locator("main");
    const areas = await main.locator("textarea").evaluateAll((found) => found.map((area) => area.value)).catch(() => []);
    const text = [await main.innerText().catch(() => ""), ...areas].join("\n");
    if (pattern.test(text)) return text;
    assert.ok(Date.now() < deadline, `not within ${seconds} s: ${pattern} in ${text}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
