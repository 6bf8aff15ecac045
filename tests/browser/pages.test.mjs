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
