// Measures « Exécuter »: from the click to the first output, with Python in the browser's cache. Run by hand, because a
// busy machine says nothing about the program:
//
//     cargo xtask up
//     cd tests/browser && ATELIER_URL=http://127.0.0.1:3000 node run-warm.mjs
import os from "node:os";
import { leave, registerAndSignIn, shows, start, stop, visit } from "./harness.mjs";

const RUNS = 15;

await start();
const page = await visit();
await registerAndSignIn(page);
await page.goto("/llm");
await page.fill("#message", "Comment trier une liste de nombres ?");
await page.click("#ask button[type=submit]");
await shows(page, /Démonstration/, 60);

/** Milliseconds of the page's own clock, which a slow driver does not lengthen. */
const measure = () => page.evaluate(() => new Promise((resolve) => {
  document.querySelector("#result .runner")?.remove();
  document.querySelector("#result [data-part=code] pre code").textContent = "print('1')";
  const started = performance.now();
  const observer = new MutationObserver(() => {
    if (!document.querySelector("#result .runner-output")?.textContent) return;
    observer.disconnect();
    resolve(performance.now() - started);
  });
  observer.observe(document.getElementById("result"), { childList: true, subtree: true });
  [...document.querySelectorAll("#result .toolbar button")].find(({ textContent }) => textContent === "Exécuter").click();
}));

const cold = await measure();
const warm = [];
for (let run = 0; run < RUNS; run += 1) {
  // A new visit of the page each time: nothing but the browser's cache is warm.
  await page.goto("/home");
  await page.goto("/llm");
  await page.click("#history > summary");
  await page.click("#history-list summary");
  await page.waitForSelector("#history-list .answer .toolbar");
  await page.evaluate(() => document.getElementById("result").replaceChildren(document.querySelector("#history-list .answer")));
  warm.push(await measure());
}
warm.sort((a, b) => a - b);
const round = (milliseconds) => Math.round(milliseconds);
console.log(JSON.stringify({
  run_first_ms: round(cold), run_warm_ms: { min: round(warm[0]), median: round(warm[RUNS >> 1]), max: round(warm.at(-1)) },
  runs: RUNS, cpus: os.cpus().length, cpu: os.cpus()[0].model, load: os.loadavg().map((load) => Math.round(load * 100) / 100), chromium: page.context().browser().version(),
}));
await leave(page);
await stop();
