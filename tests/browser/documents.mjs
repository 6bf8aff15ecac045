// Documents that the tests of the converter make, and what they look at in images of the page.
import { readFile } from "node:fs/promises";

const folder = new URL("../../components/ocr/tests/fixtures/", import.meta.url);
const types = { jpg: "image/jpeg", png: "image/png", webp: "image/webp", heic: "image/heic", pdf: "application/pdf" };

/** Where a file of the fixtures is. */
export const fixturePath = (file) => new URL(file, folder).pathname;
/** A file of the fixtures, under another name where one is given. */
export const fixture = async (file, name = file) => ({ name, mimeType: types[file.split(".")[1]], buffer: await readFile(fixturePath(file)) });

/** A PDF with one content stream for each page, A4. */
export function pdf(name, ...contents) {
  const kids = contents.map((_, index) => `${4 + 2 * index} 0 R`).join(" ");
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    `<< /Type /Pages /Kids [${kids}] /Count ${contents.length} >>`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
  ];
  for (const content of contents) {
    objects.push(`<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents ${objects.length + 2} 0 R /Resources << /Font << /F1 3 0 R >> >> >>`);
    objects.push(`<< /Length ${content.length} >>\nstream\n${content}\nendstream`);
  }
  let text = "%PDF-1.4\n";
  const places = objects.map((object, index) => {
    const at = text.length;
    text += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return String(at).padStart(10, "0") + " 00000 n \n";
  });
  const start = text.length;
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${places.join("")}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`;
  return { name, mimeType: "application/pdf", buffer: Buffer.from(text, "latin1") };
}
/** Lines of text at the top of a page. */
export const written = (...lines) => `BT /F1 14 Tf 72 770 Td 20 TL ${lines.map((line) => `(${line}) Tj T*`).join(" ")} ET`;

/** Colours of an image in the page, at shares of its sides. */
export const colours = (page, selector, ...points) => page.evaluate(async ([selector, points]) => {
  const element = document.querySelector(selector);
  if (element.decode) await element.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [element.naturalWidth ?? element.width, element.naturalHeight ?? element.height];
  const context = canvas.getContext("2d");
  context.drawImage(element, 0, 0);
  return points.map(([x, y]) => Array.from(context.getImageData(x * canvas.width, y * canvas.height, 1, 1).data.slice(0, 3)));
}, [selector, points]);
export const isRed = ([red, green, blue]) => red > 150 && green < 80 && blue < 80;
export const isWhite = ([red, green, blue]) => Math.min(red, green, blue) > 240;

/** What the server sends at the end of a conversion. */
export const conversion = (latex, changes = {}) => ({
  latex, markdown: "Soit $f$\n", preview: "<p>Soit</p>", complete: true, pages: 1, pages_charged: 1, figures: [], warnings: [], compiles: null, model: "m", simulated: false,
  file: "sujet.pdf", tex_file: "sujet.tex", markdown_file: "sujet.md", request_id: "r", ...changes,
});

/** A stream, as the server writes it: names of events, and what they say. */
export const stream = (...events) => events.map(([name, data]) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`).join("");

/** The next upload is answered with `done`. */
export const answer = (page, done) => page.route("**/ocr", (route) => route.request().method() === "POST"
  ? route.fulfill({ contentType: "text/event-stream", body: stream(["done", done]) })
  : route.continue());
