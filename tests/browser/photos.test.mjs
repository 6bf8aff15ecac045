// Photographs of pages: chosen, put in order, converted, with and without script.
import assert from "node:assert/strict";
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fixture as file, fixturePath } from "./documents.mjs";
import { inspect, laptop, leave, phone, picture, registerAndSignIn, shows, start, stop, visit } from "./harness.mjs";

before(start);
after(stop);

const names = (page) => page.locator("#chosen li span").allInnerTexts()
  .then((texts) => texts.map((text) => text.split(" – ")[0]));

for (const [device, viewport, locale, done, remove] of [
  ["phone", phone, "fr-FR", /Transcription terminée/, "Retirer"],
  ["laptop", laptop, "en-GB", /Transcription finished/, "Remove"],
]) {
  test(`photos are listed, put in order by the keyboard and become one document, on a ${device}`, async () => {
    const page = await visit({ viewport, locale });
    await registerAndSignIn(page);
    await page.goto("/ocr");
    const input = page.locator("[name=file]");
    assert.equal(await input.getAttribute("capture"), null, "the gallery may be chosen too");
    await input.setInputFiles([await file("photo.jpg", "IMG_1.jpg"), await file("photo.heic", "IMG_2.HEIC")]);
    // The next shot of the camera is added to the ones before.
    await input.setInputFiles([await file("photo.webp", "IMG_3.webp")]);
    assert.deepEqual(await names(page), ["IMG_1.jpg", "IMG_2.HEIC", "IMG_3.webp"]);
    assert.match(await page.locator("#chosen li").first().innerText(), /\d+\s?kB|\d+\s?ko/);
    await page.waitForFunction(() => document.querySelectorAll("#chosen canvas").length === 2, undefined, { timeout: 5000 });
    await page.waitForSelector("#preview:not([hidden])");
    assert.equal(await page.locator("#chosen li").nth(1).locator("canvas").count(), 0, "Chromium shows no HEIC");

    // The third one up to the front, by the keyboard alone.
    const up = page.locator("#chosen li").nth(2).getByText("↑");
    await up.focus();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Enter");
    assert.deepEqual(await names(page), ["IMG_3.webp", "IMG_1.jpg", "IMG_2.HEIC"]);
    assert.match(await page.innerText("#status"), /1\s\S+\s3/);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    assert.deepEqual(await names(page), ["IMG_1.jpg", "IMG_3.webp", "IMG_2.HEIC"]);
    await inspect(page, locale.slice(0, 2));
    await picture(page, `${locale.slice(0, 2)}-ocr-photos-${device}`);
    await page.getByLabel(`${remove} IMG_3.webp`).press("Enter");
    assert.deepEqual(await names(page), ["IMG_1.jpg", "IMG_2.HEIC"]);
    assert.match(await page.evaluate(() => document.activeElement.ariaLabel), /IMG_2\.HEIC/);

    await page.click("main form button[type=submit]");
    await shows(page, done, 30);
    assert.match(await page.inputValue("#latex"), /Page 1\}\s+Photo de type image\/jpeg, 10326 octets[^]*Page 2\}\s+Photo de type image\/heic, 3746/);
    assert.equal(await page.inputValue("#snip-name"), "IMG_1.tex");
    await inspect(page, locale.slice(0, 2));
    await picture(page, `${locale.slice(0, 2)}-ocr-photos-done-${device}`);
    await leave(page);
  });

  test(`photos become one document without script, on a ${device}`, async () => {
    const page = await visit({ viewport, locale, javaScriptEnabled: false });
    await registerAndSignIn(page);
    await page.goto("/ocr");
    await page.setInputFiles("[name=file]", [await file("photo.png", "été 2.png"), await file("photo.jpg", "1.jpg")]);
    await page.click("main form button[type=submit]");
    const text = await shows(page, /\\end\{document\}/, 30);
    assert.match(text, /Photo de type image\/png[^]*Photo de type image\/jpeg/);
    assert.equal(await page.getAttribute("#download", "download"), "été 2.tex");
    await picture(page, `${locale.slice(0, 2)}-ocr-photos-plain-${device}`);
    await leave(page);
  });
}

test("what cannot be converted is refused by name before it is sent", async () => {
  const page = await visit({ viewport: phone });
  await registerAndSignIn(page);
  await page.goto("/ocr");
  let sent = 0;
  page.on("request", (request) => { if (request.method() === "POST") sent += 1; });
  const alert = () => page.innerText("#problem");
  const choose = (...files) => page.setInputFiles("[name=file]", files);
  const text = { name: "notes.docx", mimeType: "application/vnd.openxmlformats-officedocument.wordprocessingml.document", buffer: Buffer.from("PK") };
  await choose(await file("photo.png", "a.png"), text);
  assert.match(await alert(), /«\snotes\.docx\s» n’est ni un PDF ni une photo/);
  assert.deepEqual(await names(page), ["a.png"], "the others stay chosen");
  await choose(await file("examen.pdf", "sujet.pdf"));
  assert.match(await alert(), /«\ssujet\.pdf\s» est à convertir à part/);
  assert.deepEqual(await names(page), ["a.png"]);
  await inspect(page, "fr");
  await picture(page, "fr-ocr-photos-refused-phone");
  const many = await file("photo.png", "b.png");
  await choose(...Array.from({ length: 20 }, (_, index) => ({ ...many, name: `b${index}.png` })));
  assert.match(await alert(), /«\sb19\.png\s» dépasse la limite\s: 20 fichiers/);
  assert.equal((await names(page)).length, 20);
  await page.locator("#chosen button:last-child").first().click();
  assert.equal((await names(page)).length, 19);
  // From a folder: the protocol of the browser would carry 49 MiB as text.
  const folder = await mkdtemp(join(tmpdir(), "atelier-photos-"));
  const sized = async (name, bytes) => {
    const path = join(folder, name);
    await writeFile(path, "");
    await truncate(path, bytes);
    return path;
  };
  // As another tab, which has chosen nothing.
  await page.evaluate(() => sessionStorage.clear());
  await page.goto("/ocr");
  await choose(await sized("grand.jpg", 49 * 1024 * 1024));
  assert.equal(await alert(), "", "it fits");
  await choose(await sized("de trop.jpg", 2 * 1024 * 1024));
  assert.match(await alert(), /«\sde trop\.jpg\s» dépasse la limite/);
  assert.deepEqual(await names(page), ["grand.jpg"]);
  await rm(folder, { recursive: true });
  assert.equal(sent, 0);
  await leave(page);
});

test("a PDF is listed too, and photos chosen after it take its place", async () => {
  const page = await visit();
  await registerAndSignIn(page);
  await page.goto("/ocr");
  await page.setInputFiles("[name=file]", [await file("examen.pdf", "sujet.pdf")]);
  assert.deepEqual(await names(page), ["sujet.pdf"]);
  await page.waitForSelector("#preview:not([hidden])");
  assert.equal(await page.locator("#chosen button:visible").count(), 2, "to look at it and to remove it: one file has no order");
  await picture(page, "fr-ocr-pdf-chosen");
  await page.setInputFiles("[name=file]", [await file("photo.heic", "a.heic")]);
  assert.deepEqual(await names(page), ["a.heic"]);
  assert.equal(await page.isVisible("#preview"), false, "nothing of it can be shown");
  await leave(page);
});

test("files dropped on the field are taken", async () => {
  const page = await visit();
  await registerAndSignIn(page);
  await page.goto("/ocr");
  const box = await page.locator("#file").boundingBox();
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [fixturePath("photo.png"), fixturePath("photo.jpg")], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"]) {
    await session.send("Input.dispatchDragEvent", { type, x: box.x + box.width / 2, y: box.y + box.height / 2, data });
  }
  await page.waitForSelector("#chosen li");
  assert.deepEqual(await names(page), ["photo.png", "photo.jpg"]);
  await leave(page);
});
