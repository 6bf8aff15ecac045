// Every page, in both languages, at phone and laptop width, light, dark and in the system's own colours (forced-colors):
// accessible, and never scrolling sideways.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fixturePath } from "./documents.mjs";
import { inspect, laptop, leave, phone, picture, registerAndSignIn, shows, start, stop, visit } from "./harness.mjs";

before(start);
after(stop);

const outside = ["/", "/auth", "/register", "/help", "/no-such-page"];
const inside = ["/home", "/account", "/llm", "/ocr", "/llm/no-such-page"];

for (const locale of ["fr-FR", "en-GB"]) {
  for (const [width, viewport] of Object.entries({ phone, laptop })) {
    for (const colorScheme of ["light", "dark"]) {
      test(`every page is accessible: ${locale}, ${width}, ${colorScheme}`, async () => {
        const language = locale.slice(0, 2);
        const page = await visit({ locale, viewport, colorScheme });
        for (const path of outside) {
          await page.goto(path);
          await inspect(page, language);
          await picture(page, `${language}-${width}-${colorScheme}-${path.slice(1).replace("/", "-") || "welcome"}`);
        }
        await registerAndSignIn(page);
        for (const path of inside) {
          await page.goto(path);
          await inspect(page, language);
          await picture(page, `${language}-${width}-${colorScheme}-in-${path.slice(1).replace("/", "-")}`);
        }
        await leave(page);
      });
    }
  }
}

for (const colorScheme of ["light", "dark"]) {
  test(`in the system's own colours everything can be told apart: ${colorScheme}`, async () => {
    const page = await visit({ forcedColors: "active", colorScheme });
    for (const path of outside) {
      await page.goto(path);
      await inspect(page, "fr");
      await picture(page, `fr-forced-${colorScheme}-${path.slice(1) || "welcome"}`);
    }
    await registerAndSignIn(page);
    for (const path of inside) {
      await page.goto(path);
      await inspect(page, "fr");
      await picture(page, `fr-forced-${colorScheme}-in-${path.slice(1).replace("/", "-")}`);
    }
    await page.goto("/llm");
    await page.fill("#message", "Comment trier une liste de nombres ?");
    await page.click("#ask button[type=submit]");
    await shows(page, /Démonstration/, 20);
    await page.click("header .menu summary");
    await inspect(page, "fr");
    await picture(page, `fr-forced-${colorScheme}-answer`);
    await page.goto("/ocr");
    await page.setInputFiles("[name=file]", fixturePath("examen.pdf"));
    await page.click("#start");
    await shows(page, /Transcription terminée/, 30);
    // The source is written twice, one over the other: only one of them may show.
    const { over, under } = await page.evaluate(() => ({
      over: getComputedStyle(document.getElementById("latex")).webkitTextFillColor,
      under: getComputedStyle(document.querySelector(".shade > div")).color,
    }));
    assert.match(over, /^rgba\(.*, 0\)$/, "the text area is transparent");
    assert.match(under, /^rgb\(/);
    await inspect(page, "fr");
    await picture(page, `fr-forced-${colorScheme}-conversion`);
    await leave(page);
  });
}

/** What sticks out of the window, or of what hides its overflow. What scrolls by itself is left out. */
const cut = () => [...document.querySelectorAll("button, a, h1, h2, h3, p, label, summary, li, input, select, textarea")].filter((element) => {
  if (!element.checkVisibility() || element.closest(".visually-hidden, .skip, .shade")) return false;
  const { left, right, width } = element.getBoundingClientRect();
  let box = element.parentElement;
  while (box && getComputedStyle(box).overflowX === "visible") box = box.parentElement;
  if (box && /auto|scroll/.test(getComputedStyle(box).overflowX)) return false;
  const edges = box ? box.getBoundingClientRect() : { left: 0, right: document.documentElement.clientWidth };
  return width > 1 && (left < edges.left - 1 || right > edges.right + 1);
}).map((element) => `${element.tagName} ${element.textContent.trim().slice(0, 40)}`);

// WCAG 2.2, 1.4.10 and 1.4.12: a window of 1280 px at 400 %, with the spaces that a reader may ask for.
for (const [locale, question] of [["fr-FR", "Comment trier une liste de nombres ?"], ["en-GB", "How do I sort a list of numbers?"]]) {
  for (const isSpaced of [false, true]) {
    test(`at 400 % nothing is cut off: ${locale}${isSpaced ? ", spaced" : ""}`, async () => {
      const language = locale.slice(0, 2);
      const page = await visit({ locale, viewport: { width: 320, height: 640 } });
      const check = async (name) => {
        if (isSpaced) {
          await page.evaluate(() => {
            const sheet = new CSSStyleSheet();
            sheet.replaceSync("* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; } p { margin-bottom: 2em !important; }");
            document.adoptedStyleSheets = [sheet];
          });
        }
        assert.deepEqual(await page.evaluate(cut), [], `${name} at ${page.url()}`);
        await inspect(page, language);
        await picture(page, `${language}-320${isSpaced ? "-spaced" : ""}-${name}`);
      };
      for (const path of outside) {
        await page.goto(path);
        await check(path.slice(1) || "welcome");
      }
      await registerAndSignIn(page);
      for (const path of inside) {
        await page.goto(path);
        await check(`in-${path.slice(1).replace("/", "-")}`);
      }
      await page.goto("/llm");
      await page.fill("#message", question);
      await page.click("#ask button[type=submit]");
      await page.locator("#result .toolbar button").first().waitFor();
      await page.click("#history > summary");
      await check("answer");
      await page.goto("/ocr");
      await page.setInputFiles("[name=file]", fixturePath("examen.pdf"));
      await page.click("#start");
      await shows(page, /Transcription terminée|Transcription complete|finished/, 30);
      await page.click("#kept summary");
      await check("conversion");
      await leave(page);
    });
  }
}
