// What is seen in the images of pages before they are sent, and the pages of a PDF that are sent one by one.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { answer, colours, conversion, fixture, isWhite, pdf, written } from "./documents.mjs";
import { inspect, leave, phone, picture, registerAndSignIn, shows, start, stop, visit } from "./harness.mjs";

before(start);
after(stop);

/** A photograph of a sheet on a table, as PNG, with what `ink` draws on it. */
const photograph = async (page, name, ink) => {
  const data = await page.evaluate((ink) => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [1200, 1600];
    const context = canvas.getContext("2d");
    context.fillStyle = "#a58c6d";
    context.fillRect(0, 0, 1200, 1600);
    const shadow = context.createLinearGradient(0, 0, 1200, 1600);
    shadow.addColorStop(0, "#f4f2ea");
    shadow.addColorStop(1, "#b8b4a8");
    context.fillStyle = shadow;
    context.fillRect(60, 60, 1080, 1480);
    // What a sensor adds to every pixel.
    const pixels = context.getImageData(0, 0, 1200, 1600);
    for (let at = 0, seed = 1; at < pixels.data.length; at += 1) {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      if (at % 4 < 3) pixels.data[at] += (seed % 31) - 15;
    }
    context.putImageData(pixels, 0, 0);
    context.fillStyle = "#223";
    context.font = "40px sans-serif";
    context.fillText(ink, 200, 500);
    return canvas.toDataURL("image/png").split(",")[1];
  }, ink);
  return { name, mimeType: "image/png", buffer: Buffer.from(data, "base64") };
};

test("a blank photograph is named before it is sent, and a text that is given to it is doubted", async () => {
  const page = await visit({ viewport: phone });
  await registerAndSignIn(page);
  await page.goto("/ocr");
  await page.setInputFiles("[name=file]", [await photograph(page, "1.png", "Soit f(x) = 3x."), await photograph(page, "2.png", "")]);
  await page.waitForFunction(() => /semble vide/.test(document.querySelectorAll("#chosen li")[1].innerText));
  await page.waitForFunction(() => document.querySelectorAll("#chosen canvas").length === 2);
  assert.doesNotMatch(await page.locator("#chosen li").first().innerText(), /vide/);
  await inspect(page, "fr");
  await picture(page, "fr-ocr-blank-photo-phone");
  await answer(page, conversion("\\documentclass{article}\n\\begin{document}\n% page 1\nSoit $f$.\n% page 2\nUne suite.\n\\end{document}\n", { pages: 2, file: "1.png" }));
  await page.click("#start");
  await shows(page, /page 2 de l’original semble vide/i, 10);
  await leave(page);
});

test("pages in JBIG2 and in JPEG 2000 are drawn", async () => {
  const page = await visit();
  await registerAndSignIn(page);
  await page.goto("/ocr");
  await page.setInputFiles("[name=file]", [await fixture("scan-jbig2-jpx.pdf")]);
  await page.waitForSelector("#sheets:not([hidden])");
  for (const number of [1, 2]) {
    const sheet = `#sheets figure:nth-child(${number}) canvas`;
    await page.locator(sheet).scrollIntoViewIfNeeded();
    await page.waitForFunction((selector) => {
      const canvas = document.querySelector(selector);
      const red = (x, y) => canvas.getContext("2d").getImageData(canvas.width * x, canvas.height * y, 1, 1).data[0];
      // A canvas that is not painted yet is black everywhere.
      return canvas.height > 300 && red(0.3, 0.6) < 60 && red(0.9, 0.9) > 200;
    }, sheet);
    const [frame, inside, paper] = await colours(page, sheet, [0.3, 0.6], [0.5, 0.67], [0.9, 0.9]);
    assert.ok(Math.max(...frame) < 60 && isWhite(inside) && isWhite(paper), JSON.stringify([number, frame, inside, paper]));
  }
  assert.doesNotMatch(await page.innerText("#chosen"), /vide/);
  await picture(page, "fr-ocr-jbig2-laptop");
  await leave(page);
});

/** The operator's switch is on. */
const byPage = (page) => page.route("**/ocr/pages", async (route) => {
  const reply = await route.fetch();
  await route.fulfill({ response: reply, json: { ...(await reply.json()), byPage: true } });
});
const parts = (request) => [...request.postDataBuffer().toString("latin1").matchAll(/name="(\w+)"(?:; filename="([^"]*)")?[^]*?\r\n\r\n([^]{5})/g)].map(([, ...part]) => part);

test("page by page, the pages of a PDF are sent as a PDF each, with their text, and figures are cut from the whole", async () => {
  const page = await visit({ viewport: phone });
  await registerAndSignIn(page);
  await byPage(page);
  await page.goto("/ocr");
  const drawn = "0.8 0.1 0.1 rg 140 370 315 190 re f";
  const sujet = pdf("sujet.pdf", written("Premier"), `${written("Figure : la courbe", "Second")}\n${drawn}`, written("Troisieme"));
  await page.setInputFiles("[name=file]", [sujet]);
  await page.waitForSelector("#sheets:not([hidden])");
  const [sent] = await Promise.all([
    page.waitForRequest((request) => request.method() === "POST" && request.url().endsWith("/ocr")),
    page.click("#start"),
  ]);
  assert.deepEqual(parts(sent), Array(3).fill(["page", "sujet.pdf", "%PDF-"]));
  const text = await shows(page, /Premier[^]*Second[^]*Troisieme[^]*Transcription terminée|Transcription terminée[^]*Premier[^]*Second[^]*Troisieme/, 60);
  assert.match(text, /Pages décomptées\s: 3\./);
  await page.waitForSelector("#figures img");
  assert.equal(await page.locator("#warning-list li").count(), 0, await page.innerText("#warning-list"));
  await picture(page, "fr-ocr-page-by-page-phone");

  await page.click("#range summary");
  await page.fill("[name=pages]", "3, 1");
  const [some] = await Promise.all([
    page.waitForRequest((request) => request.method() === "POST" && request.url().endsWith("/ocr")),
    page.click("#start"),
  ]);
  assert.deepEqual(parts(some), [["pages", undefined, "3, 1\r"], ...Array(2).fill(["page", "sujet.pdf", "%PDF-"])]);
  await shows(page, /Pages décomptées\s: 2\./, 60);
  assert.doesNotMatch(await page.inputValue("#latex"), /Second/);
  await leave(page);
});

test("a PDF that is too long to be read page by page goes as a whole, and the page says so", async () => {
  const page = await visit();
  await registerAndSignIn(page);
  await byPage(page);
  await page.goto("/ocr");
  await page.setInputFiles("[name=file]", [pdf("cours.pdf", ...Array.from({ length: 21 }, (_, index) => written(`Page ${index + 1}`)))]);
  await page.waitForFunction(() => /lu d’un seul tenant/.test(document.querySelector("#chosen li").innerText));
  await inspect(page, "fr");
  const [sent] = await Promise.all([
    page.waitForRequest((request) => request.method() === "POST" && request.url().endsWith("/ocr")),
    page.click("#start"),
  ]);
  assert.deepEqual(parts(sent), [["file", "cours.pdf", "%PDF-"]]);
  await shows(page, /Pages décomptées\s: 21\./, 60);
  await leave(page);
});

test("the pages of a PDF that its page tree leaves out are not counted, as the server does not count them", async () => {
  const page = await visit();
  await registerAndSignIn(page);
  await byPage(page);
  await page.goto("/ocr");
  const whole = pdf("extrait.pdf", ...Array.from({ length: 301 }, (_, index) => written(`Page ${index + 1}`)));
  const text = whole.buffer.toString("latin1");
  const cut = text.replace(/(\/Kids \[4 0 R)(.*?)\] \/Count 301/, (_, first, others) => `${first}${" ".repeat(others.length)}] /Count 1  `);
  await page.setInputFiles("[name=file]", [{ ...whole, buffer: Buffer.from(cut, "latin1") }]);
  await page.waitForFunction(() => /pages/.test(document.querySelector("#chosen li").innerText));
  assert.match(await page.innerText("#chosen li"), /pages\s: 1\s/);
  assert.doesNotMatch(await page.innerText("#chosen li"), /d’un seul tenant/);
  assert.equal(await page.isVisible("#problem"), false, "it is not too long");
  await page.click("#start");
  await shows(page, /Pages décomptées\s: 1\./, 60);
  await leave(page);
});
