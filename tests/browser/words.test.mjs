// What pages promise in a word or two, in both languages: what a button does, where a question goes, when quotas come
// back, that a password cannot be sent, and the way to help, privacy and a person.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { leave, readers, registerAndSignIn, start, stop, visit } from "./harness.mjs";

before(start);
after(stop);

const promises = {
  fr: {
    "/": [/Posez une question/, /Convertissez vos notes/, /Créer un compte/, /En savoir plus/],
    "/register": [/Au moins 15 caractères\s: une courte phrase suffit\./, /Atelier n’a pas votre adresse mail et ne pourra pas vous le renvoyer/, /En savoir plus/],
    "/home": [/Que voulez-vous faire\s\?/, /Poser une question/, /Convertir un PDF/, /renouvelés cette nuit à [12]\sh, heure de Paris/],
    "/account": [/Appareils connectés/, /dernière activité\s: à l’instant/],
    "/llm": [/Aide Python interactive/, /transmise à Make\.com et à son fournisseur d’IA\s: n’y mettez rien de personnel\. En savoir plus/],
    "/ocr": [/transmis à Google, sans votre nom[^]*En savoir plus/],
    footer: ["Aide", "Confidentialité", "Contact", "English"],
  },
  en: {
    "/": [/Ask a question/, /Convert your notes/, /Create an account/, /Learn more/],
    "/register": [/At least 15 characters: a short sentence will do\./, /Atelier does not have your email address and cannot send it to you/, /Learn more/],
    "/home": [/What would you like to do\?/, /Ask a question/, /Convert a PDF/, /renewed tonight at [12]\sam, Paris time/],
    "/account": [/Signed-in devices/, /last active: just now/],
    "/llm": [/Interactive Python help/, /passed on to Make\.com and its AI provider: put nothing personal in it\. Learn more/],
    "/ocr": [/passed on to Google, without your name[^]*Learn more/],
    footer: ["Help", "Privacy", "Contact", "Français"],
  },
};

for (const { who, language, device, ...options } of readers) {
  test(`the pages say what happens: ${who}`, async () => {
    const page = await visit(options);
    const { footer, ...pages } = promises[language];
    const check = async (path) => {
      await page.goto(path);
      const text = await page.innerText("main");
      for (const promise of pages[path]) assert.match(text, promise, path);
      assert.deepEqual(await page.locator("footer a, footer button").allInnerTexts(), footer, path);
      // One identity: the icon of the tab is that of the header.
      const icon = await (await page.request.get(await page.getAttribute("link[rel=icon]", "href"))).text();
      const paths = (svg) => [...svg.matchAll(/ d="([^"]+)"/g)].map(([, path]) => path);
      assert.ok(paths(icon).length > 0);
      assert.deepEqual(paths(await page.innerHTML("header .brand")), paths(icon), path);
    };
    for (const path of ["/", "/register"]) await check(path);
    await registerAndSignIn(page);
    for (const path of ["/home", "/account", "/llm", "/ocr"]) await check(path);
    for (const [name, target] of [[0, "help"], [1, "privacy"], [2, "contact"]]) {
      await page.click(`footer a >> nth=${name}`);
      assert.equal(new URL(page.url()).pathname, "/help");
      if (name > 0) assert.ok(await page.locator(`#${target}`).isVisible());
    }
    await leave(page);
  });
}
