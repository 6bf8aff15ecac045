// Conversions that are kept in the browser, several documents in one go, what is refused before it is sent, the preview
// and the editor.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { answer, conversion, fixture, fixturePath, stream } from "./documents.mjs";
import { inspect, laptop, leave, phone, picture, readers, registerAndSignIn, shows, signOut, start, stop, visit } from "./harness.mjs";

before(start);
after(stop);

const pdf = (name, file = "examen.pdf") => fixture(file, name);
const kept = (page) => page.locator("#kept-list li");
const launch = (page) => page.click("#start");

async function converted(page, ...files) {
  await page.goto("/ocr");
  await page.setInputFiles("[name=file]", files);
  await launch(page);
  await shows(page, /Transcription terminée|Transcription finished/, 30);
}

const problem = (code, text, line, repair = false) => ({ code, text, line, repair, incomplete: false });

/** The answer to the next upload begins with `body` and does not end. */
const streams = (page, body) => page.evaluate((text) => {
  const send = XMLHttpRequest.prototype.send;
  XMLHttpRequest.prototype.send = function (sent) {
    send.call(this, sent);
    Object.defineProperty(this, "responseText", { value: text });
    Object.defineProperty(this, "status", { value: 200 });
    this.getResponseHeader = () => "text/event-stream";
    this.onload = null;
    this.onprogress();
  };
}, body);
const latex = "\\documentclass{article}\n\\begin{document}\nSoit $x$ % note\n\n\\input{secret}\n\\end{document}\n";
const preview = "<p>Soit <math><mi>x</mi></math></p><script>document.title = 'pris'</script>";

for (const [device, viewport, locale] of [["phone", phone, "fr-FR"], ["laptop", laptop, "en-GB"]]) {
  const language = locale.slice(0, 2);

  test(`a conversion outlives a reload, another page and the other language, and is gone at sign-out, on a ${device}`, async () => {
    const page = await visit({ viewport, locale });
    await registerAndSignIn(page);
    await converted(page, await pdf("été.pdf"));
    assert.equal(await page.evaluate(() => document.activeElement.id), "result");
    const top = await page.evaluate(() => document.getElementById("result").getBoundingClientRect().top);
    assert.ok(top >= 0 && top < 60, `the result is at ${top} px`);
    assert.equal(await page.innerText("#result-title"), "été.pdf");
    assert.equal(await page.getAttribute("#download", "download"), "été.tex");
    assert.match(await page.innerText("#rendered"), /Exercice 1/);
    await inspect(page, language);
    await picture(page, `${language}-ocr-result-${device}`);
    const source = await page.inputValue("#latex");
    await page.fill("#latex", source + "% corrigé");
    await page.waitForTimeout(700);

    const isThere = async () => {
      await shows(page, /% corrigé/, 10);
      assert.equal(await page.innerText("#result-title"), "été.pdf");
      assert.equal(await kept(page).count(), 1);
    };
    await page.reload();
    await isThere();
    await page.goto("/home");
    await page.goBack();
    await isThere();
    await page.click("footer form button");
    await isThere();
    await page.click("footer form button");
    await page.goto("/ocr");
    await isThere();

    // Another file clears it; it stays in the list.
    await page.setInputFiles("[name=file]", [await pdf("autre.pdf")]);
    await page.waitForSelector("#result", { state: "hidden" });
    await page.click("#kept > summary");
    await picture(page, `${language}-ocr-kept-${device}`);
    await kept(page).getByRole("button").first().click();
    await isThere();
    await inspect(page, language);
    await launch(page);
    await page.waitForFunction(() => document.querySelectorAll("#kept-list li").length === 2, undefined, { timeout: 30_000 });
    await kept(page).nth(1).getByRole("button").last().click();
    await page.waitForFunction(() => document.querySelectorAll("#kept-list li").length === 1);
    await page.waitForFunction(() => document.getElementById("start").disabled === false);
    await page.click("#kept-clear");
    await page.waitForSelector("#kept", { state: "hidden" });
    assert.equal(await page.isVisible("#result"), false);
    await converted(page, await pdf("b.pdf"));
    await signOut(page);
    assert.deepEqual(await page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name)), []);
    assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), []);
    await leave(page);
  });

  test(`several PDFs are converted one after the other, each with its own result, on a ${device}`, async () => {
    const page = await visit({ viewport, locale });
    await registerAndSignIn(page);
    await page.goto("/ocr");
    await page.setInputFiles("[name=file]", [
      await pdf("a.pdf"),
      { name: "b.pdf", mimeType: "application/pdf", buffer: Buffer.from("PK, and no PDF at all") },
      await pdf("c.pdf"),
    ]);
    assert.match(await page.locator("#chosen li").first().innerText(), /a\.pdf/);
    await page.waitForFunction(() => /pages.?: 3/.test(document.querySelector("#chosen li").innerText));
    await launch(page);
    await shows(page, /Documents convertis\s: 2 sur 3|Documents converted: 2 of 3/, 60);
    assert.match(await page.innerText("#problem"), /b\.pdf/);
    const widths = await page.evaluate(() => ["#chosen .outcome", "#chosen"].map((name) => document.querySelector(name).offsetWidth));
    assert.equal(widths[0], widths[1], "an outcome has a line of its own");
    assert.equal(await kept(page).count(), 2);
    assert.equal(await page.innerText("#result-title"), "c.pdf");
    await page.locator("#chosen li").first().locator(".outcome button").click();
    await page.waitForFunction(() => document.querySelector("#result-title").textContent !== "c.pdf");
    assert.equal(await page.innerText("#result-title"), "a.pdf");
    assert.match(await page.innerText("#quota"), /94\s\/\s100/);
    page.complaints = [];
    await inspect(page, language);
    await picture(page, `${language}-ocr-several-${device}`);
    await leave(page);
  });

  test(`dangers stand before repairs, jump to their line, and nothing of a preview is run, on a ${device}`, async () => {
    const page = await visit({ viewport, locale });
    await registerAndSignIn(page);
    await page.goto("/ocr");
    const warnings = [problem("package_added", "Une extension.", null, true), problem("dangerous_command", "Une commande.", 5)];
    await answer(page, conversion(latex, { markdown: "Soit $x$\n", preview, warnings, file: "été.pdf", tex_file: "ete.tex", markdown_file: "ete.md" }));
    await page.setInputFiles("[name=file]", [await pdf("été.pdf")]);
    await launch(page);
    await shows(page, /Une commande/, 10);
    assert.equal(await page.locator("#warning-list li").count(), 1);
    assert.equal(await page.isVisible("#repair-list"), false, "folded");
    await page.waitForFunction(() => document.activeElement.id === "result");
    await page.click("#warning-list button");
    const selected = await page.evaluate(() => {
      const area = document.activeElement;
      return area.value.slice(area.selectionStart, area.selectionEnd);
    });
    assert.equal(selected, "\\input{secret}");
    // Each line has its number and its colours, exactly over the text.
    assert.equal(await page.locator(".shade > div").count(), latex.split("\n").length);
    assert.deepEqual(await page.locator(".shade .tex-comment").allInnerTexts(), ["% note"]);
    const drift = await page.evaluate(() => {
      const [shade, area] = document.querySelectorAll(".editor > *");
      return [shade.clientWidth - area.clientWidth, area.scrollHeight - shade.scrollHeight];
    });
    assert.deepEqual(drift, [0, 0]);
    assert.notEqual(await page.title(), "pris");
    assert.equal(await page.locator("#rendered math").count(), 1);
    await inspect(page, language);
    await picture(page, `${language}-ocr-warnings-${device}`);
    await leave(page);
  });
}

for (const { who, language, device, ...options } of readers) {
  test(`the name of a file is shown as it is, by the server too: ${who}`, async () => {
    for (const javaScriptEnabled of [true, false]) {
      const page = await visit({ ...options, javaScriptEnabled });
      await registerAndSignIn(page);
      await page.goto("/ocr");
      const name = "l'été a?b : c ; 1 000 % !.pdf";
      await page.setInputFiles("[name=file]", [{ name, mimeType: "application/pdf", buffer: Buffer.from("PK, and no PDF at all") }]);
      await launch(page);
      const text = await shows(page, /n’est ni un PDF|is neither a PDF/, 20);
      assert.ok(text.includes(language === "fr" ? `«\u00a0${name}\u00a0» n’est` : `“${name}” is`), text);
      await leave(page);
    }
  });

  test(`a name of 200 letters widens no page: ${who}`, async () => {
    const page = await visit(options);
    await registerAndSignIn(page);
    await page.goto("/ocr");
    const name = `${"x".repeat(200)}.pdf`;
    await page.setInputFiles("[name=file]", [{ name, mimeType: "application/pdf", buffer: Buffer.from("PK, and no PDF at all") }]);
    await launch(page);
    await shows(page, /n’est ni un PDF|is neither a PDF/, 20);
    assert.equal(await page.evaluate(() => document.activeElement.id), "start", "the keyboard goes on where it was");
    await inspect(page, language);
    await page.goto("/ocr");
    await page.locator("#chosen button").last().click();
    await page.setInputFiles("[name=file]", [await pdf(name)]);
    await launch(page);
    await shows(page, /Démonstration|Demonstration/, 30);
    await page.locator("#kept-list li").waitFor({ state: "attached" });
    await page.click("#kept summary");
    await inspect(page, language);
    await picture(page, `${language}-${device}-ocr-long-name`);
    await leave(page);
  });

  test(`the page that is being transcribed is told, and where the scripts cannot be fetched, what to do: ${who}`, async () => {
    const page = await visit(options);
    await registerAndSignIn(page);
    await page.goto("/ocr");
    // The first script, and what it loads itself.
    for (const missing of ["**/ocr/assets/conversion-*.js*", "**/ocr/assets/kept-*.js*", "**/ocr/assets/editor-*.js*"]) {
      await page.route(missing, (route) => route.abort("failed"));
      await page.setInputFiles("[name=file]", [await pdf("examen.pdf")]);
      await launch(page);
      await shows(page, /Atelier est injoignable\. Vérifiez|Atelier cannot be reached\. Check/, 10);
      await page.unroute(missing);
    }
    page.complaints = [];
    await inspect(page, language);
    await picture(page, `${language}-${device}-ocr-no-script`);
    const text = (part) => ["latex", { text: part }];
    const parts = [["progress", { stage: "accepted", pages: 3, bytes: 9 }], text("\\documentclass{article}\n% page 1\nUn\n"), text("% pa"), text("ge 2\nDeux\n")];
    await streams(page, stream(...parts));
    await page.route("**/ocr", (route) => route.request().method() === "POST" ? undefined : route.continue());
    await launch(page);
    await shows(page, /Transcription en cours… Page 2 sur 3|Transcribing… Page 2 of 3/, 10);
    await inspect(page, language);
    await picture(page, `${language}-${device}-ocr-transcribing`);
    await leave(page);
  });
}

test("a cancelled conversion is marked, closed, offers Overleaf second and says what was paid back", async () => {
  const page = await visit({ viewport: phone });
  await registerAndSignIn(page);
  await page.goto("/ocr");
  await page.setInputFiles("[name=file]", [await pdf("été.pdf")]);
  // The answer stops in the middle: the rest never comes.
  await streams(page, stream(["latex", { text: "\\documentclass{article}\n\\begin{document}\n\\begin{itemize}\n\\item Un\n" }]));
  await page.route("**/ocr", (route) => route.request().method() === "POST" ? undefined : route.continue());
  let asked = 0;
  page.on("dialog", (dialog) => { asked += 1; return dialog.dismiss(); });
  await launch(page);
  await page.waitForSelector("#result:not([hidden])");
  await page.evaluate(() => { location.href = "/home"; });
  await page.waitForTimeout(500);
  assert.equal(asked, 1, "leaving warns");
  assert.equal(new URL(page.url()).pathname, "/ocr");
  await page.click("#cancel");
  const text = await shows(page, /Conversion annulée[^]*Ses pages ne sont pas décomptées/, 15);
  assert.match(text, /\\end\{itemize\}[^]*\\end\{document\}/);
  assert.match(await page.innerText("#rendered"), /Un/);
  assert.match(await page.getAttribute("#overleaf", "class"), /secondary/);
  assert.equal(await page.evaluate(() => document.getElementById("overleaf").nextElementSibling), null, "the last one");
  await page.click("#kept > summary");
  assert.match(await kept(page).innerText(), /annulée/);
  await inspect(page, "fr");
  await picture(page, "fr-ocr-cancelled-phone");
  await leave(page);
});

test("a protected PDF is recognised and never shown, and the whole page takes what is dropped", async () => {
  const page = await visit();
  await registerAndSignIn(page);
  await page.goto("/ocr");
  await page.setInputFiles("[name=file]", [await pdf("secret.pdf", "protege.pdf")]);
  await page.waitForFunction(() => /protégé/.test(document.querySelector("#chosen").innerText));
  assert.equal(await page.isVisible("#preview"), false);
  assert.equal(await page.getAttribute("#pdf", "src"), null);
  await inspect(page, "fr");
  await picture(page, "fr-ocr-protected");
  await page.goto("/ocr");
  const box = await page.locator("h1").boundingBox();
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [fixturePath("examen.pdf")], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"]) {
    await session.send("Input.dispatchDragEvent", { type, x: box.x + 5, y: box.y + 5, data });
  }
  await page.waitForSelector("#chosen li");
  assert.equal(await page.evaluate(() => document.body.className), "");
  await leave(page);
});

test("a PDF that is protected against changes only is shown and converted", async () => {
  const page = await visit();
  await registerAndSignIn(page);
  await page.goto("/ocr");
  await page.setInputFiles("[name=file]", [await pdf("reserve.pdf", "reserve.pdf")]);
  await page.click("#start");
  await shows(page, /Transcription terminée/, 60);
  assert.match(await page.inputValue("#latex"), /Exercice 1/);
  assert.match(await page.innerText("#chosen"), /pages\s: 3/);
  assert.doesNotMatch(await page.innerText("#chosen"), /protégé/);
  await page.waitForSelector("#sheets canvas");
  await leave(page);
});

test("what was corrected is checked again, with its Markdown and its preview", async () => {
  const page = await visit();
  await registerAndSignIn(page);
  await converted(page, await pdf("a.pdf"));
  await page.fill("#latex", "\\documentclass{article}\n\\begin{document}\n\\section{Neuf} $\\frac{1}{2}$ \\write18{x}\n\\end{document}\n");
  await page.click("#check");
  await shows(page, /Document revérifié/, 10);
  assert.equal(await page.innerText("#rendered h3"), "Neuf");
  assert.equal(await page.locator("#rendered mfrac").count(), 1);
  assert.match(await page.inputValue("#markdown"), /# Neuf/);
  assert.match(await page.innerText("#warning-list"), /Ligne\s3.*write/);
  await inspect(page, "fr");
  await picture(page, "fr-ocr-checked");
  await leave(page);
});

test("pages are chosen, priced and checked again without script", async () => {
  const page = await visit({ javaScriptEnabled: false, viewport: phone });
  await registerAndSignIn(page);
  await page.goto("/ocr");
  assert.match(await page.innerText("#quota"), /100\s\/\s100/);
  await page.click("#range summary");
  await page.fill("[name=pages]", "9");
  await page.setInputFiles("[name=file]", [await pdf("a.pdf")]);
  await launch(page);
  await shows(page, /s’arrête à la page 3/, 20);
  await page.click("#range summary");
  await page.fill("[name=pages]", "1");
  await page.setInputFiles("[name=file]", [await pdf("a.pdf")]);
  await launch(page);
  await shows(page, /Exercice 1[^]*Pages décomptées\s: 2/, 30);
  assert.match(await page.innerText("#rendered"), /Exercice 1/);
  await picture(page, "fr-ocr-plain-phone");
  await page.fill("#latex", "\\documentclass{article}\n\\begin{document}\nCorrigé $x^2$.\n\\end{document}\n");
  await page.click("#check");
  await shows(page, /Corrigé/, 20);
  assert.equal(await page.locator("#rendered msup").count(), 1);
  await leave(page);
});
