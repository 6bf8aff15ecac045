// The figures of a document: cut out of the original where the model saw them, put into the LaTeX in place of their boxes
// with words, shown, and packed into a .zip with it. What the server says of them is text and numbers.
export default async ({ zip: zipScript, words, id, show, fill, make, paint }) => {
  // With the fragment that this script was asked for by.
  const { default: zip } = await import(zipScript + new URL(import.meta.url).hash);
  // Pixels for a point of a PDF: 216 for an inch. Of a photograph, the width at most.
  const SCALE = 3, PHOTO_WIDTH_MAX = 2400;
  // A model's boxes are a little tight.
  const MARGIN = 0.01;
  // Of all figures of a document. A PNG that is larger than this is a photograph, and smaller as JPEG.
  const BYTES_MAX = 10_000_000, PNG_BYTES_MAX = 1_500_000;
  // What the lines of a text take of a page's width.
  const TEXT_WIDTH = 0.76;

  const blobOf = (canvas, type) => new Promise((resolve) => { canvas.toBlob(resolve, type, 0.9); });
  // The picture of a part of a page: of a PDF, or the photograph that is this page.
  const picture = async (items, number, area) => {
    const { doc } = items[0];
    if (doc) {
      const canvas = await paint(await doc.getPage(number), SCALE, undefined, area);
      const png = await blobOf(canvas, "image/png");
      const blob = png.size > PNG_BYTES_MAX ? await blobOf(canvas, "image/jpeg") : png;
      // All canvases together have a limit on a phone.
      canvas.width = canvas.height = 1;
      return blob;
    }
    const photo = await createImageBitmap(items[number - 1].file);
    const [top, left, bottom, right] = area;
    const width = (right - left) * photo.width, height = (bottom - top) * photo.height;
    const scale = Math.min(1, PHOTO_WIDTH_MAX / width);
    const canvas = make("canvas", { width: Math.max(1, width * scale), height: Math.max(1, height * scale) });
    canvas.getContext("2d").drawImage(photo, left * photo.width, top * photo.height, width, height, 0, 0, canvas.width, canvas.height);
    photo.close();
    return blobOf(canvas, "image/jpeg");
  };

  // Puts a figure in the place of its box. What cannot be cut stays words.
  const place = async (entry, wanted, items) => {
    const figures = [];
    let from = 0, read = 0, bytes = 0;
    for (const { page, box: [top, left, bottom, right], source, words: text } of wanted) {
      // Behind the last one: two figures may have the same words.
      const there = entry.markdown.indexOf(text, read);
      if (there >= 0) read = there + text.length;
      const at = entry.latex.indexOf(source, from);
      if (at < 0) continue;
      from = at + source.length;
      try {
        const [low, high] = [(side) => Math.max(0, side / 1000 - MARGIN), (side) => Math.min(1, side / 1000 + MARGIN)];
        const blob = await picture(items, page, [low(top), low(left), high(bottom), high(right)]);
        bytes += blob.size;
        if (bytes > BYTES_MAX) break;
        const name = `figures/figure-${figures.length + 1}.${blob.type === "image/png" ? "png" : "jpg"}`;
        const width = Math.min(1, (right - left) / 1000 / TEXT_WIDTH).toFixed(2);
        const command = `\\includegraphics[width=${width}\\linewidth,height=0.9\\textheight,keepaspectratio]{${name}}`;
        const line = entry.latex.slice(0, at).split("\n").length, gone = source.split("\n").length - 1;
        for (const warning of entry.warnings) if (warning.line > line) warning.line = Math.max(line, warning.line - gone);
        entry.latex = entry.latex.slice(0, at) + command + entry.latex.slice(from);
        const link = `![${text.replace(/\s+/g, " ")}](${name})`;
        if (there >= 0) {
          entry.markdown = entry.markdown.slice(0, there) + link + entry.markdown.slice(there + text.length);
          read = there + link.length;
        }
        from = at + command.length;
        figures.push({ name, page, words: text, type: blob.type, bytes: await blob.arrayBuffer() });
      } catch { /* no such page, or an image that this browser cannot read */ }
    }
    entry.figures = figures;
    if (figures.length) loadGraphics(entry);
  };
  const loadGraphics = (entry) => {
    const begin = /^([^%\n]*?)\\begin\{document\}/m.exec(entry.latex);
    if (!begin || /^[^%\n]*\\(usepackage|RequirePackage)[ \t]*(\[[^\]\n]*\])?[ \t]*\{[^}\n]*\bgraphicx\b/m.test(entry.latex)) return;
    const at = begin.index + begin[1].length;
    const line = entry.latex.slice(0, at).split("\n").length;
    const added = begin[1].trim() ? 2 : 1;
    entry.latex = entry.latex.slice(0, at) + (added > 1 ? "\n" : "") + "\\usepackage{graphicx}\n" + entry.latex.slice(at);
    for (const warning of entry.warnings) if (warning.line >= line) warning.line += added;
  };
  // After the server has read the LaTeX again: it knows no figures.
  const readAgain = (entry) => {
    for (const { name, words: text } of entry.figures) {
      const missing = new RegExp("\\*\\\\\\[[^\\]]*" + name.replaceAll(".", "\\.") + "\\\\\\]\\*", "g");
      entry.markdown = entry.markdown.replace(missing, () => `![${text}](${name})`);
    }
    const lines = entry.latex.split("\n");
    entry.warnings = entry.warnings.filter(({ code, line }) => code !== "missing_file" || !entry.figures.some(({ name }) => lines[line - 1]?.includes(name)));
  };

  // ── Shown ─────────────────────────────────────────────────────────────────────────────────────
  const section = make("section", { id: "figures" });
  const title = make("h3", { id: "figures-title", textContent: words.figures });
  const list = make("ul");
  section.setAttribute("aria-labelledby", title.id);
  section.append(title, make("p", { className: "hint", textContent: words.hint }), list);
  id("document").querySelector(".views").after(section);
  let addresses = [];
  // In the preview the words, or the name, make room for the figure.
  const inPreview = (walker, { name, words: text }, image) => {
    const start = walker.currentNode;
    while (walker.nextNode()) {
      const node = walker.currentNode;
      const found = [text, name].find((part) => node.data.includes(part));
      if (!found) continue;
      const rest = node.splitText(node.data.indexOf(found));
      rest.data = rest.data.slice(found.length);
      rest.before(image);
      return;
    }
    walker.currentNode = start;
  };
  const present = ({ figures = [] }) => {
    for (const address of addresses) URL.revokeObjectURL(address);
    show(section, figures.length);
    addresses = figures.map(({ type, bytes }) => URL.createObjectURL(new Blob([bytes], { type })));
    const walker = document.createTreeWalker(id("rendered"), NodeFilter.SHOW_TEXT);
    list.replaceChildren(...figures.map((figure, index) => {
      const image = () => make("img", { src: addresses[index], alt: figure.words });
      const item = make("li");
      const frame = make("figure");
      frame.append(image(), make("figcaption", { textContent: fill(words.figure, figure) }));
      item.append(frame);
      inPreview(walker, figure, image());
      return item;
    }));
  };

  // ── Packed ────────────────────────────────────────────────────────────────────────────────────
  const pack = (entry) => zip([
    [entry.tex_file, entry.latex],
    [entry.markdown_file, entry.markdown],
    ...entry.figures.map(({ name, bytes }) => [name, bytes]),
  ]);
  // As Overleaf takes it: an address that contains the .zip.
  const address = (entry) => {
    let text = "";
    for (const part of pack(entry)) {
      for (let at = 0; at < part.length; at += 8192) text += String.fromCharCode(...part.subarray(at, at + 8192));
    }
    return "data:application/zip;base64," + btoa(text);
  };
  return { place, readAgain, present, pack, address };
};
