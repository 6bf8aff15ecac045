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

/** What the page sends of each chosen photo, once it is ready: bytes, sides, and whether the camera's notes are in it. */
const prepared = (page) => page.evaluate(() => Promise.all([...document.querySelectorAll("#chosen li")].map(async (item) => {
  await item.prepare?.();
  const { file } = item;
  const bytes = new Uint8Array(await file.arrayBuffer());
  const text = new TextDecoder("latin1").decode(bytes.subarray(0, 65_536));
  const { width, height } = await createImageBitmap(file).catch(() => ({}));
  return { name: file.name, size: file.size, width, height, isNoted: /Exif|GPS|2026:11:27/.test(text) };
})));

/** A photograph taken with the phone held upright: its rows are the columns of the sheet. With the day by GPS. */
const noted = (jpeg, orientation = 6) => {
  const tiff = Buffer.alloc(68);
  tiff.write("II*\0", "latin1");
  const entry = (at, tag, type, count, value) => {
    tiff.writeUInt16LE(tag, at);
    tiff.writeUInt16LE(type, at + 2);
    tiff.writeUInt32LE(count, at + 4);
    tiff.writeUInt32LE(value, at + 8);
  };
  tiff.writeUInt32LE(8, 4);
  tiff.writeUInt16LE(2, 8);
  entry(10, 0x0112, 3, 1, orientation);
  entry(22, 0x8825, 4, 1, 38);
  tiff.writeUInt16LE(1, 38);
  entry(40, 0x001d, 2, 11, 56);
  tiff.write("2026:11:27\0", 56, "latin1");
  const head = Buffer.from([0xff, 0xd8, 0xff, 0xe1, 0, 2 + 6 + tiff.length]);
  // In place of its own notes.
  const own = jpeg.indexOf("Exif") - 4;
  return Buffer.concat([head, Buffer.from("Exif\0\0"), tiff, jpeg.subarray(2, own), jpeg.subarray(own + 2 + jpeg.readUInt16BE(own + 2))]);
};

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

    const [{ size }] = await prepared(page);
    await page.click("main form button[type=submit]");
    await shows(page, done, 30);
    const read = new RegExp(`Page 1\\}\\s+Photo de type image/jpeg, ${size} octets[^]*Page 2\\}\\s+Photo de type image/heic, 3746`);
    assert.match(await page.inputValue("#latex"), read);
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
  await prepared(page);
  await page.waitForTimeout(500);
  // As another tab, which has chosen nothing.
  await page.evaluate(() => sessionStorage.clear());
  await page.goto("/ocr");
  await choose(await sized("grand.jpg", 49 * 1024 * 1024));
  assert.equal(await alert(), "", "it fits");
  await choose(await sized("de trop.jpg", 2 * 1024 * 1024), await sized("aussi.jpg", 2 * 1024 * 1024), await sized(text.name, 10));
  await page.waitForFunction(() => ["notes.docx\\s» n’est", "de trop.jpg\\s» dépasse", "aussi.jpg\\s» dépasse"].every((words) => new RegExp(words).test(document.querySelector("#problem").innerText)));
  assert.deepEqual(await names(page), ["grand.jpg"]);
  await rm(folder, { recursive: true });
  assert.equal(sent, 0);
  await leave(page);
});

test("a photo is sent upright, without what the camera noted in it, and is drawn once", async () => {
  const page = await visit({ viewport: phone });
  await registerAndSignIn(page);
  await page.goto("/ocr");
  const jpeg = await file("photo.jpg", "IMG_1.jpeg");
  await page.setInputFiles("[name=file]", [{ ...jpeg, buffer: noted(jpeg.buffer) }, await file("photo.webp", "b.webp"), await file("photo.png", "c.png"), await file("photo.heic", "d.heic")]);
  const before = await prepared(page);
  assert.deepEqual(before.map(({ name, isNoted }) => [name, isNoted]), [["IMG_1.jpeg", false], ["b.webp", false], ["c.png", false], ["d.heic", false]]);
  assert.deepEqual([before[0].width, before[0].height], [480, 640]);
  // A quarter turn to the right, and not to the left, of what the camera wrote.
  const [right, left] = await page.evaluate(async (bytes) => {
    const pixels = async (image, turn) => {
      const context = Object.assign(document.createElement("canvas"), { width: 480, height: 640 }).getContext("2d");
      context.translate(240, 320);
      context.rotate(turn);
      context.drawImage(image, -image.width / 2, -image.height / 2);
      return context.getImageData(0, 0, 480, 640).data;
    };
    const found = await pixels(await createImageBitmap(document.querySelector("#chosen li").file), 0);
    const written = await createImageBitmap(new Blob([new Uint8Array(bytes)]));
    const differences = [];
    for (const turn of [Math.PI / 2, -Math.PI / 2]) {
      const turned = await pixels(written, turn);
      differences.push(found.reduce((sum, value, at) => sum + Math.abs(value - turned[at]), 0));
    }
    return differences;
  }, [...noted(jpeg.buffer, 1)]);
  assert.ok(right < left / 3, `${right}, ${left}`);
  assert.equal(before[3].size, 3746, "what Chromium cannot read goes as it is");
  await page.waitForTimeout(500);
  await page.reload();
  await page.waitForFunction(() => document.querySelectorAll("#chosen canvas").length === 3);
  assert.deepEqual(await prepared(page), before);
  await page.click("#start");
  await shows(page, /Transcription terminée/, 30);
  assert.match(await page.inputValue("#latex"), new RegExp(`image/jpeg, ${before[0].size} octets`));
  await leave(page);
});

test("a long screenshot stays legible, and what is transparent stays so", async () => {
  const page = await visit();
  await registerAndSignIn(page);
  await page.goto("/ocr");
  await page.evaluate(async () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 1080, height: 12_000 });
    const context = canvas.getContext("2d");
    for (let top = 0; top < 12_000; top += 200) context.fillRect(0, top, 1080, 100);
    const blob = await new Promise((resolve) => { canvas.toBlob(resolve, "image/png"); });
    const transfer = new DataTransfer(), field = document.getElementById("file");
    transfer.items.add(new File([blob], "capture.png", { type: "image/png" }));
    field.files = transfer.files;
    field.dispatchEvent(new Event("change"));
  });
  const [{ width, height }] = await prepared(page);
  assert.ok(width > 880 && width < 890 && height > 9800 && height < 9900, `${width} × ${height}`);
  const corner = await page.evaluate(async () => {
    const bitmap = await createImageBitmap(document.querySelector("#chosen li").file);
    const context = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
    context.drawImage(bitmap, 0, -Math.round((150 / 12_000) * bitmap.height));
    return [...context.getImageData(0, 0, 1, 1).data];
  });
  assert.deepEqual(corner, [0, 0, 0, 0]);
  assert.doesNotMatch(await page.innerText("#chosen"), /vide/);
  await leave(page);
});

test("a picture that is a line is drawn like any other, and has a small image", async () => {
  const page = await visit();
  await registerAndSignIn(page);
  await page.goto("/ocr");
  await page.evaluate(async () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 3, height: 20_000 });
    canvas.getContext("2d").fillRect(0, 0, 3, 10_000);
    const blob = await new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg"); });
    const transfer = new DataTransfer(), field = document.getElementById("file");
    transfer.items.add(new File([blob, "Exif"], "ligne.jpg", { type: "image/jpeg" }));
    field.files = transfer.files;
    field.dispatchEvent(new Event("change"));
  });
  const [{ width, height, isNoted }] = await prepared(page);
  assert.deepEqual([width, height, isNoted], [3, 20_000, false]);
  assert.equal(await page.locator("#chosen canvas").count(), 1);
  await leave(page);
});

test("a picture is pasted from the clipboard, and text stays text", async () => {
  const page = await visit();
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await registerAndSignIn(page);
  await page.goto("/ocr");
  const copy = (...types) => page.evaluate(async (wanted) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 300, height: 400 });
    canvas.getContext("2d").fillRect(0, 0, 300, 200);
    const image = await new Promise((resolve) => { canvas.toBlob(resolve, "image/png"); });
    const all = { "image/png": image, "text/plain": new Blob(["2-4"], { type: "text/plain" }) };
    await navigator.clipboard.write([new ClipboardItem(Object.fromEntries(wanted.map((type) => [type, all[type]])))]);
  }, types);
  await copy("image/png");
  await page.keyboard.press("Control+V");
  await page.locator("#chosen canvas").waitFor();
  // A word processor copies its text, and a picture of it.
  await copy("image/png", "text/plain");
  await page.click("#range summary");
  await page.focus("#pages");
  await page.keyboard.press("Control+V");
  assert.equal(await page.inputValue("#pages"), "2-4");
  assert.equal(await page.locator("#chosen li").count(), 1);
  await page.click("#start");
  await shows(page, /Transcription terminée/, 30);
  await leave(page);
});

test("a photo whose script could not be fetched is made ready later, or not sent", async () => {
  const page = await visit();
  await registerAndSignIn(page);
  const refused = (route) => route.abort();
  await page.route("**/ocr/pages", refused);
  await page.goto("/ocr");
  const jpeg = await file("photo.jpg", "IMG_1.jpeg");
  await page.setInputFiles("[name=file]", [{ ...jpeg, buffer: noted(jpeg.buffer) }]);
  let posts = 0;
  page.on("request", (request) => { if (request.method() === "POST") posts += 1; });
  await page.click("#start");
  await page.waitForFunction(() => /Atelier est injoignable/.test(document.querySelector("#problem").innerText));
  assert.equal(posts, 0);
  await page.unroute("**/ocr/pages", refused);
  await page.click("#start");
  await shows(page, /Transcription terminée/, 30);
  const [{ size, isNoted }] = await prepared(page);
  assert.equal(isNoted, false);
  assert.match(await page.inputValue("#latex"), new RegExp(`image/jpeg, ${size} octets`));
  page.complaints = [];
  await leave(page);
});

test("a picture takes no more than its share of an upload", async () => {
  const page = await visit();
  await registerAndSignIn(page);
  await page.goto("/ocr");
  // Noise: as a PNG it has 16 MB.
  await page.evaluate(async () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 2000, height: 2000 });
    const context = canvas.getContext("2d"), image = context.createImageData(2000, 2000);
    for (let at = 0; at < image.data.length; at += 1) image.data[at] = at % 4 === 3 ? 255 : 256 * Math.random();
    context.putImageData(image, 0, 0);
    const blob = await new Promise((resolve) => { canvas.toBlob(resolve, "image/png"); });
    const transfer = new DataTransfer(), field = document.getElementById("file");
    transfer.items.add(new File([blob], "bruit.png", { type: "image/png" }));
    field.files = transfer.files;
    field.dispatchEvent(new Event("change"));
  });
  const [{ size }] = await prepared(page);
  assert.ok(size < (50 << 20) / 20, `${size} bytes`);
  await leave(page);
});

test("a conversion that waits for photos to be ready is cancelled at once", async () => {
  const page = await visit();
  await registerAndSignIn(page);
  await page.addInitScript(() => { window.createImageBitmap = () => new Promise(() => {}); });
  await page.goto("/ocr");
  await page.setInputFiles("[name=file]", [await file("photo.jpg", "a.jpg")]);
  await page.click("#start");
  await shows(page, /Préparation du document/, 10);
  await page.click("#cancel");
  await shows(page, /Conversion annulée/, 10);
  assert.equal(await page.isEnabled("#start"), true);
  await leave(page);
});

test("where a canvas gives other pixels than those that were drawn, the photo goes as it is", async () => {
  const page = await visit();
  await registerAndSignIn(page);
  // As Firefox does when it resists fingerprinting.
  await page.addInitScript(() => {
    const { getImageData } = CanvasRenderingContext2D.prototype;
    CanvasRenderingContext2D.prototype.getImageData = function (...area) {
      const found = getImageData.apply(this, area);
      found.data.forEach((_, at, data) => { data[at] = 255 * Math.random(); });
      return found;
    };
  });
  await page.goto("/ocr");
  const jpeg = await file("photo.jpg", "IMG_1.jpeg");
  await page.setInputFiles("[name=file]", [jpeg]);
  assert.equal((await prepared(page))[0].size, jpeg.buffer.length);
  assert.equal(await page.locator("#chosen canvas").count(), 1);
  await leave(page);
});

test("ten photos of 8 MB are converted in one go", async () => {
  const page = await visit({ viewport: phone });
  await registerAndSignIn(page);
  await page.goto("/ocr");
  const bytes = await page.evaluate(async () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 8160, height: 6120 });
    const context = canvas.getContext("2d"), rows = context.createImageData(canvas.width, 60);
    for (let top = 0; top < canvas.height; top += 60) {
      // Paper with grain, a shadow and lines of writing.
      for (let at = 0; at < rows.data.length; at += 4) {
        const line = (top % 240 < 60 && at % 40 < 20) ? 120 : 0;
        rows.data.fill(Math.max(0, 215 - top / 100 - line + 22 * Math.random()), at, at + 3);
        rows.data[at + 3] = 255;
      }
      context.putImageData(rows, 0, top);
    }
    const blob = await new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", 0.85); });
    canvas.width = canvas.height = 1;
    const transfer = new DataTransfer(), field = document.getElementById("file");
    for (let number = 1; number <= 10; number += 1) transfer.items.add(new File([blob], `IMG_${number}.jpg`, { type: "image/jpeg" }));
    field.files = transfer.files;
    field.dispatchEvent(new Event("change"));
    return blob.size;
  });
  assert.ok(bytes > 8e6, `${bytes} bytes`);
  // At once: what is not ready yet is waited for.
  await page.click("#start");
  await shows(page, /Transcription terminée/, 180);
  assert.match(await page.inputValue("#latex"), /Page 10\}\s+Photo de type image\/jpeg/);
  const files = await prepared(page);
  assert.deepEqual(files.map(({ width, height }) => [width, height]), Array(10).fill([3406, 2555]));
  console.log(`  a photo of ${bytes} bytes is sent as ${files[0].size}`);
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
