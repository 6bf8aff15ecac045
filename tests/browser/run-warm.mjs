// Measures « Exécuter »: from the click to the first output, with Python in the browser's cache and its own modules
// compiled, and the processor time that all of Chromium took for it, which a busy machine lengthens far less. Run by
// hand, on Linux:
//
//     cargo xtask up
//     cd tests/browser && ATELIER_URL=http://127.0.0.1:3000 node run-warm.mjs
import { readdir, readFile } from "node:fs/promises";
import os from "node:os";
import { compiled, leave, registerAndSignIn, shows, start, stop, visit } from "./harness.mjs";

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

/** Milliseconds of processor of every process below this one, those that have ended included. */
const processor = async () => {
  const stats = await Promise.all((await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map((pid) => readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")));
  const processes = stats.filter(Boolean).map((stat) => {
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ").map(Number);
    return { pid: parseInt(stat, 10), parent: fields[1], ticks: fields.slice(11, 15).reduce((sum, ticks) => sum + ticks) };
  });
  const below = (parent) => processes.filter((one) => one.parent === parent).reduce((sum, { pid, ticks }) => sum + ticks + below(pid), 0);
  return below(process.pid) * 10;
};

const cold = await measure();
await compiled(page);
const warm = [], used = [];
for (let run = 0; run < RUNS; run += 1) {
  // A new visit of the page each time: nothing but the browser's cache is warm.
  await page.goto("/home");
  await page.goto("/llm");
  await page.click("#history > summary");
  await page.click("#history-list summary");
  await page.waitForSelector("#history-list .answer .toolbar");
  await page.evaluate(() => document.getElementById("result").replaceChildren(document.querySelector("#history-list .answer")));
  const before = await processor();
  warm.push(await measure());
  used.push(await processor() - before);
}
const spread = (values) => {
  const [min, median, max] = values.sort((a, b) => a - b).filter((_, index) => [0, RUNS >> 1, RUNS - 1].includes(index)).map(Math.round);
  return { min, median, max };
};
console.log(JSON.stringify({
  run_first_ms: Math.round(cold), run_warm_ms: spread(warm), processor_ms: spread(used),
  runs: RUNS, cpus: os.cpus().length, cpu: os.cpus()[0].model, load: os.loadavg().map((load) => Math.round(load * 100) / 100), chromium: page.context().browser().version(),
}));
await leave(page);
await stop();
