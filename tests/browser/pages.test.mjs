// Every page, in both languages, at phone and laptop width, light and dark: accessible, and never scrolling sideways.
import { after, before, test } from "node:test";
import { inspect, laptop, leave, phone, picture, registerAndSignIn, start, stop, visit } from "./harness.mjs";

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
