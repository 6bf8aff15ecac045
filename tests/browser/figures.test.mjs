// The pages of a PDF as images, the blank ones among them, and the figures that are cut out of them.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { answer, colours, conversion, fixture, isRed, isWhite, pdf, written } from "./documents.mjs";
import { inspect, laptop, leave, phone, picture, registerAndSignIn, shows, start, stop, visit } from "./harness.mjs";

before(start);
after(stop);

/** Where the mock says that a figure is: from 30 % to 60 % of the height, and from 20 % to 80 % of the width. */
const drawing = "0.8 0.1 0.1 rg 140 370 315 190 re f 1 1 1 rg 240 420 100 90 re f";
const withFigure = () => pdf("sujet.pdf",
  written("Exercice 1", "Soit f une fonction."),
  `${written("Figure : la courbe de f", "", "Conclure.")}\n${drawing}`,
);

/** The files of a .zip, checked by Python's own reader. */
function unzipped(path) {
  const program = "import sys, zipfile, json, base64\nz = zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\nprint(json.dumps({n: base64.b64encode(z.read(n)).decode() for n in z.namelist()}))";
  const files = JSON.parse(execFileSync("python3", ["-c", program, path], { maxBuffer: 64 << 20 }));
  return Object.fromEntries(Object.entries(files).map(([name, data]) => [name, Buffer.from(data, "base64")]));
}

async function downloaded(page) {
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#download")]);
  const folder = await mkdtemp(join(tmpdir(), "atelier-figures-"));
  const path = join(folder, download.suggestedFilename());
  await download.saveAs(path);
  const files = path.endsWith(".zip") ? unzipped(path) : {};
  await rm(folder, { recursive: true });
  return { name: download.suggestedFilename(), files };
}

for (const [device, viewport, locale] of [["phone", phone, "fr-FR"], ["laptop", laptop, "en-GB"]]) {
  const language = locale.slice(0, 2);

  test(`a PDF is shown as its pages, and its figures are cut out of them, on a ${device}`, async () => {
    const page = await visit({ viewport, locale });
    await registerAndSignIn(page);
    await page.goto("/ocr");
    await page.setInputFiles("[name=file]", [withFigure()]);
    await page.waitForSelector("#sheets:not([hidden]) canvas");
    assert.equal(await page.isVisible("#pdf"), false, "not the browser's own viewer");
    assert.equal(await page.locator("#sheets figure").count(), 2);
    await page.waitForFunction(() => document.querySelector("#sheets canvas").height > 300);
    await page.locator("#sheets figure").nth(1).scrollIntoViewIfNeeded();
    await page.waitForFunction(() => document.querySelectorAll("#sheets canvas")[1].height > 300);
    await page.waitForFunction(() => {
      const canvas = document.querySelectorAll("#sheets canvas")[1];
      return canvas.getContext("2d").getImageData(canvas.width * 0.3, canvas.height * 0.4, 1, 1).data[0] > 150;
    });
    // The words at the top of the first page, which is out of sight now, are drawn as well.
    await page.waitForFunction(() => {
      const [canvas] = document.querySelectorAll("#sheets canvas");
      return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height * 0.3).data.some((value, at) => at % 4 === 0 && value < 100);
    });
    await inspect(page, language);
    await picture(page, `${language}-ocr-sheets-${device}`);

    await page.click("#start");
    await shows(page, /Transcription terminée|Transcription finished/, 30);
    const source = await page.inputValue("#latex");
    assert.match(source, /\\includegraphics\[width=0\.79\\linewidth[^\]]*\]\{figures\/figure-1\.png\}/);
    assert.match(source, /\\usepackage\{graphicx\}\n\s*\\begin\{document\}/);
    assert.doesNotMatch(source, /fbox|% figure/);
    await page.waitForSelector("#figures img");
    assert.equal(await page.getAttribute("#figures img", "alt"), "Figure : la courbe de f");
    for (const image of ["#figures img", "#rendered img"]) {
      const [edge, middle, left] = await colours(page, image, [0.01, 0.01], [0.5, 0.5], [0.15, 0.3]);
      assert.ok(isWhite(edge) && isWhite(middle) && isRed(left), JSON.stringify([image, edge, middle, left]));
    }
    assert.match(await page.inputValue("#markdown"), /!\[Figure : la courbe de f\]\(figures\/figure-1\.png\)/);
    await inspect(page, language);
    await picture(page, `${language}-ocr-figures-${device}`);

    assert.match(await page.innerText("#download"), /\.zip/);
    const { name, files } = await downloaded(page);
    assert.equal(name, "sujet.zip");
    assert.deepEqual(Object.keys(files), ["sujet.tex", "sujet.md", "figures/figure-1.png"]);
    assert.equal(files["sujet.tex"].toString(), source);
    assert.equal(files["figures/figure-1.png"].subarray(1, 4).toString(), "PNG");

    // Overleaf gets the same. What a correction is checked for knows the figure, and a reload loses none.
    const sent = await page.evaluate(() => Object.fromEntries(new FormData(document.getElementById("document"))));
    assert.match(sent.snip_uri, /^data:application\/zip;base64,UEsDB/);
    assert.deepEqual([sent.snip, sent.snip_name, sent.engine], [undefined, "sujet", "pdflatex"]);
    await page.click("#check");
    await shows(page, /Document revérifié|Document checked again/, 10);
    assert.equal(await page.locator("#warning-list li").count(), 0);
    await page.waitForSelector("#rendered img");
    assert.match(await page.inputValue("#markdown"), /!\[Figure : la courbe de f\]\(figures\/figure-1\.png\)/);
    await page.reload();
    await page.waitForSelector("#figures img");
    assert.deepEqual(Object.keys((await downloaded(page)).files), ["sujet.tex", "sujet.md", "figures/figure-1.png"]);

    // A document without figures is a .tex again.
    await page.setInputFiles("[name=file]", [pdf("autre.pdf", written("Rien de plus."))]);
    await page.waitForSelector("#result", { state: "hidden" });
    await page.click("#start");
    await shows(page, /Transcription terminée|Transcription finished/, 30);
    assert.equal(await page.isVisible("#figures"), false);
    assert.equal((await downloaded(page)).name, "autre.tex");
    await leave(page);
  });

  test(`a blank page is named before it is sent, and a text that is given to it is doubted, on a ${device}`, async () => {
    const page = await visit({ viewport, locale });
    await registerAndSignIn(page);
    await page.goto("/ocr");
    await page.setInputFiles("[name=file]", [pdf("copie.pdf", written("Exercice 1", "Soit f une fonction."), "", written("Fin."))]);
    await page.waitForFunction(() => /page 2 (semble vide|looks blank)/.test(document.querySelector("#chosen li").innerText));
    await inspect(page, language);
    await picture(page, `${language}-ocr-blank-chosen-${device}`);
    const latex = "\\documentclass{article}\n\\begin{document}\n% page 1\nSoit $f$.\n% page 2\nUne suite inventée.\n% page 3\nFin.\n\\end{document}\n";
    await answer(page, conversion(latex, { pages: 3, file: "copie.pdf" }));
    await page.click("#start");
    await shows(page, /page 2 de l’original semble vide|Page 2 of the original looks blank/i, 10);
    assert.equal(await page.locator("#warning-list li").count(), 1);
    await page.waitForFunction(() => document.activeElement.id === "result");
    await page.click("#warning-list button");
    assert.equal(await page.evaluate(() => document.activeElement.value.slice(document.activeElement.selectionStart, document.activeElement.selectionEnd)), "% page 2");
    await inspect(page, language);
    await picture(page, `${language}-ocr-blank-result-${device}`);
    await leave(page);
  });
}

test("a figure is cut out of the photograph that is its page", async () => {
  const page = await visit({ viewport: phone });
  await registerAndSignIn(page);
  await page.goto("/ocr");
  await page.setInputFiles("[name=file]", [await fixture("photo.png", "1.png"), await fixture("photo.png", "2.png")]);
  const source = "\\fbox{Figure : un arbre}";
  const latex = `\\documentclass{article}\n\\usepackage{graphicx}\n\\begin{document}\n${source}\n\\fbox{Figure : ailleurs}\n\\end{document}\n`;
  const box = { box: [0, 0, 500, 1000], before: 0 };
  const figures = [{ ...box, page: 2, source, words: "Figure : un arbre" }, { ...box, page: 7, source: "\\fbox{Figure : ailleurs}", words: "Figure : ailleurs" }];
  await answer(page, conversion(latex, { pages: 2, figures, file: "1.png" }));
  await page.click("#start");
  await page.waitForSelector("#figures img");
  const made = await page.inputValue("#latex");
  assert.match(made, /\\includegraphics\[width=1\.00\\linewidth[^\]]*\]\{figures\/figure-1\.jpg\}\n\\fbox\{Figure : ailleurs\}/, "no such page: its words stay");
  assert.equal(made.match(/usepackage\{graphicx\}/g).length, 1);
  const [whole, cut] = await page.evaluate(async () => {
    const sizes = [];
    for (const image of [document.querySelector("#photo"), document.querySelector("#figures img")]) {
      await image.decode();
      sizes.push([image.naturalWidth, image.naturalHeight]);
    }
    return sizes;
  });
  assert.equal(cut[0], whole[0]);
  assert.ok(Math.abs(cut[1] - whole[1] * 0.51) <= 1, `${cut} of ${whole}`);
  await leave(page);
});

test("figures with the same words keep their places, turn into words and back, and every warning keeps its line", async () => {
  const page = await visit({ viewport: phone });
  await registerAndSignIn(page);
  await page.goto("/ocr");
  const blue = drawing.replace("0.8 0.1 0.1", "0.1 0.1 0.8");
  await page.setInputFiles("[name=file]", [pdf("sujet.pdf", `${written("Un")}\n${drawing}`, `${written("Deux")}\n${blue}`)]);
  await page.waitForSelector("#sheets:not([hidden])");
  const source = "\\fbox{\\parbox{5cm}{Figure : courbe\nde la fonction}}";
  const latex = `\\documentclass{article}\n\\begin{document}\n% page 1\nUn ${source}\n${source}\n% page 2\n${source} alpha\nbeta\n\\input{secret}\nfin\n\\end{document}\n`;
  const lineOf = (text) => latex.slice(0, latex.indexOf(text)).split("\n").length;
  const warning = (code, line) => ({ code, text: `Ligne ${line} : à revoir.`, line, incomplete: false, repair: false });
  const warnings = [warning("characters_replaced", lineOf("beta")), warning("missing_file", lineOf("\\input"))];
  const box = { box: [330, 180, 560, 820], source, words: "Figure : courbe de la fonction" };
  const figures = [{ ...box, page: 1, before: 0 }, { ...box, page: 2, before: 2 }];
  await answer(page, conversion(latex, { pages: 2, figures, warnings }));
  // The result is there before its figures are.
  let cut;
  const asked = new Promise((resolve) => page.route("**/figures-*.js", (route) => { cut = () => route.continue(); resolve(); }));
  await page.click("#start");
  await asked;
  await page.waitForFunction(() => document.activeElement.id === "result");
  assert.equal(await page.inputValue("#latex"), latex);
  assert.match(await page.innerText("#status"), /Découpe des figures/);
  await page.unroute("**/figures-*.js");
  await cut();
  await page.waitForSelector("#figures button");
  const illustrated = await page.inputValue("#latex");
  assert.match(illustrated, /Un \\includegraphics[^\n]*figure-1\.png\}\n\\fbox\{[^]*% page 2\n\\includegraphics[^\n]*figure-2\.png\} alpha/);
  const [[first], [second]] = [await colours(page, "#figures li:nth-child(1) img", [0.15, 0.3]), await colours(page, "#figures li:nth-child(2) img", [0.15, 0.3])];
  assert.ok(isRed(first) && second[2] > 150 && second[0] < 80, `${first} ${second}`);
  assert.equal(await page.locator("#rendered img").count(), 2);
  const jumps = async () => {
    const found = [];
    for (const button of await page.locator("#warning-list button").all()) {
      await button.click();
      const [line, text] = await page.evaluate(() => {
        const { value, selectionStart: from, selectionEnd: to } = document.getElementById("latex");
        return [value.slice(0, from).split("\n").length, value.slice(from, to)];
      });
      assert.match(await button.innerText(), new RegExp(`^Ligne\\s${line}\\s`));
      found.push(text);
    }
    return found.sort();
  };
  assert.deepEqual(await jumps(), ["\\input{secret}", "beta"]);
  assert.match(await page.locator("#repair-list").textContent(), /graphicx/);
  await inspect(page, "fr");
  await picture(page, "fr-ocr-figures-turned-phone");

  // Words again, also after a reload; the other figure stays.
  await page.locator("#figures button").first().click();
  await page.waitForFunction(() => document.querySelectorAll("#rendered img").length === 1);
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Mettre la figure");
  assert.equal((await page.inputValue("#latex")).split(source).length - 1, 2);
  assert.deepEqual(Object.keys((await downloaded(page)).files), ["sujet.tex", "sujet.md", "figures/figure-2.png"]);
  assert.deepEqual(await jumps(), ["\\input{secret}", "beta"]);
  await page.waitForTimeout(300);
  await page.reload();
  await page.waitForSelector("#figures .unused img");
  assert.equal(await page.locator("#figures li").count(), 2);
  await page.locator("#figures button").first().click();
  await page.waitForFunction(() => document.querySelectorAll("#rendered img").length === 2);
  assert.equal(await page.inputValue("#latex"), illustrated);
  assert.deepEqual(await jumps(), ["\\input{secret}", "beta"]);
  await leave(page);
});

test("without pdf.js the browser's own viewer shows the PDF, and figures stay words", async () => {
  const page = await visit();
  await registerAndSignIn(page);
  await page.goto("/ocr");
  await page.route("**/pdfjs/**", (route) => route.abort());
  await page.setInputFiles("[name=file]", [withFigure()]);
  await page.waitForSelector("#pdf:not([hidden])");
  assert.match(await page.getAttribute("#pdf", "src"), /^blob:/);
  await page.click("#start");
  await shows(page, /Transcription terminée/, 30);
  const source = await page.inputValue("#latex");
  assert.match(source, /\\fbox\{Figure : la courbe de f\}/);
  assert.doesNotMatch(source, /includegraphics|% figure/);
  assert.match(await page.innerText("#download"), /\.tex/);
  page.complaints = page.complaints.filter((text) => !text.includes("net::ERR_FAILED"));
  await leave(page);
});

test("without script the box with words stays", async () => {
  const page = await visit({ javaScriptEnabled: false, viewport: phone });
  await registerAndSignIn(page);
  await page.goto("/ocr");
  await page.setInputFiles("[name=file]", [withFigure()]);
  await page.click("main form button[type=submit]");
  const text = await shows(page, /\\end\{document\}/, 30);
  assert.match(text, /\\fbox\{Figure : la courbe de f\}/);
  assert.doesNotMatch(text, /includegraphics|% figure/);
  await leave(page);
});

test("a protected PDF is shown by nothing", async () => {
  const page = await visit();
  await registerAndSignIn(page);
  const secret = await fixture("protege.pdf", "secret.pdf");
  // Only pdf.js sees that the other one asks for a password.
  const escaped = Buffer.from(secret.buffer.toString("latin1").replace("/Encrypt", "/#45ncrypt"), "latin1");
  for (const file of [secret, { ...secret, buffer: escaped }]) {
    await page.goto("/ocr");
    await page.setInputFiles("[name=file]", [file]);
    await page.waitForFunction(() => /protégé/.test(document.querySelector("#chosen li")?.innerText));
    assert.equal(await page.isVisible("#preview"), false);
  }
  await leave(page);
});
