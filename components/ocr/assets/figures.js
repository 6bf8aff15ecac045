// The figures of a document: cut out of the original where the model saw them, put into the LaTeX in place of their boxes
// with words, or the words again, shown, and packed into a .zip with it. What the server says of them is text and numbers.
export default async ({ zip: zipScript, words, id, show, fill, make, paint, encode }) => {
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

  // The picture of a part of a page: of a PDF, or the photograph that is this page.
  const picture = async (items, number, area) => {
    const { doc } = items[0];
    if (doc) return encode(await paint(await doc.getPage(number), SCALE, undefined, area), PNG_BYTES_MAX);
    const photo = await createImageBitmap(items[number - 1].file);
    const [top, left, bottom, right] = area;
    const width = (right - left) * photo.width, height = (bottom - top) * photo.height;
    const scale = Math.min(1, PHOTO_WIDTH_MAX / width);
    const canvas = make("canvas", { width: Math.max(1, width * scale), height: Math.max(1, height * scale) });
    canvas.getContext("2d").drawImage(photo, left * photo.width, top * photo.height, width, height, 0, 0, canvas.width, canvas.height);
    photo.close();
    return encode(canvas);
  };

  // Cuts the figures out. They are not in the document yet; what cannot be cut stays words.
  const cut = async (wanted, items) => {
    const figures = [];
    let bytes = 0;
    for (const { page, box: [top, left, bottom, right], source, before, words: text } of wanted) {
      try {
        const [low, high] = [(side) => Math.max(0, side / 1000 - MARGIN), (side) => Math.min(1, side / 1000 + MARGIN)];
        const blob = await picture(items, page, [low(top), low(left), high(bottom), high(right)]);
        bytes += blob.size;
        if (bytes > BYTES_MAX) break;
        const name = `figures/figure-${figures.length + 1}.${blob.type === "image/png" ? "png" : "jpg"}`;
        const width = Math.min(1, (right - left) / 1000 / TEXT_WIDTH).toFixed(2);
        const command = `\\includegraphics[width=${width}\\linewidth,height=0.9\\textheight,keepaspectratio]{${name}}`;
        figures.push({ name, page, words: text, source, before, command, isUsed: false, type: blob.type, bytes: await blob.arrayBuffer() });
      } catch { /* no such page, or an image that this browser cannot read */ }
    }
    return figures;
  };

  // ── In the document ───────────────────────────────────────────────────────────────────────────
  // Those of entries that are older than `isUsed` are.
  const used = (entry) => (entry.figures ?? []).filter(({ isUsed }) => isUsed !== false);
  // The document with a figure in the place of its box: of boxes that are written alike, the right one.
  const withFigure = (latex, figures, { source, before, command }) => {
    const skipped = figures.filter((other) => other.isUsed && other.source === source && other.before < before).length;
    let at = latex.indexOf(source);
    for (let skip = before - skipped; skip > 0 && at >= 0; skip -= 1) at = latex.indexOf(source, at + source.length);
    return at < 0 ? null : latex.slice(0, at) + command + latex.slice(at + source.length);
  };
  // Its options may have been changed.
  const withWords = (latex, { name, source }) => {
    const found = new RegExp("\\\\includegraphics[ \\t]*(\\[[^\\]]*\\])?[ \\t]*\\{" + name.replaceAll(".", "\\.") + "\\}").exec(latex);
    return found && latex.slice(0, found.index) + source + latex.slice(found.index + found[0].length);
  };
  // The source and the figures with each of `turned` the other way; those that are not found in it stay as they are.
  const turn = (latex, figures, turned) => {
    let source = latex;
    const turnedFigures = figures.map((figure) => ({ ...figure }));
    for (const [index, figure] of turnedFigures.entries()) {
      if (!turned.includes(figures[index])) continue;
      const other = figure.isUsed ? withWords(source, figure) : withFigure(source, turnedFigures, figure);
      if (other === null) continue;
      source = other;
      figure.isUsed = !figure.isUsed;
    }
    return { source, figures: turnedFigures };
  };
  // What the server writes for an image that it does not have.
  const placeholder = (name, before, after) => new RegExp(before + "[^\\]]*" + name.replaceAll(".", "\\.") + after, "g");
  // What the server says of the document: it knows no figures.
  const readAgain = (entry) => {
    for (const { name, words: text } of used(entry)) {
      entry.markdown = entry.markdown.replace(placeholder(name, "\\*\\\\\\[", "\\\\\\]\\*"), () => `![${text.replace(/\s+/g, " ")}](${name})`);
    }
    entry.warnings = entry.warnings.filter(({ code, text }) => code !== "missing_file" || !used(entry).some(({ name }) => text.includes(name)));
  };

  // ── Shown ─────────────────────────────────────────────────────────────────────────────────────
  const section = make("section", { id: "figures" });
  const title = make("h3", { id: "figures-title", textContent: words.figures });
  const hint = make("p", { className: "hint", role: "status" });
  const list = make("ul");
  section.setAttribute("aria-labelledby", title.id);
  section.append(title, hint, list);
  id("document").querySelector(".views").after(section);
  let addresses = [];
  // In the preview the figure takes the place of what stands for it.
  const inPreview = (name, image) => {
    const walker = document.createTreeWalker(id("rendered"), NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode, found = placeholder(name, "\\[", "\\]").exec(node.data);
      if (!found) continue;
      const rest = node.splitText(found.index);
      rest.data = rest.data.slice(found[0].length);
      rest.before(image);
      return;
    }
  };
  // `isPending`: they are being cut. `onTurn` puts a figure in the place of its words, or the words again.
  const present = ({ figures = [] }, isPending, onTurn) => {
    for (const address of addresses) URL.revokeObjectURL(address);
    show(section, isPending || figures.length);
    hint.textContent = isPending ? words.cutting : words.hint;
    addresses = figures.map(({ type, bytes }) => URL.createObjectURL(new Blob([bytes], { type })));
    list.replaceChildren(...figures.map((figure, index) => {
      const image = () => make("img", { src: addresses[index], alt: figure.words });
      const isUsed = figure.isUsed !== false;
      const item = make("li", { className: isUsed ? "" : "unused" });
      const frame = make("figure");
      const caption = make("figcaption", { id: "figure-" + index, textContent: fill(words.figure, figure) });
      frame.append(image(), caption);
      item.append(frame);
      if (figure.source) {
        const button = make("button", { type: "button", className: "secondary", textContent: isUsed ? words.toWords : words.toFigure, onclick: () => onTurn(index) });
        button.setAttribute("aria-describedby", caption.id);
        item.append(button);
      }
      if (isUsed) inPreview(figure.name, image());
      return item;
    }));
  };
  const focus = (index) => list.children[index]?.querySelector("button")?.focus();

  // ── Packed ────────────────────────────────────────────────────────────────────────────────────
  const pack = (entry) => zip([
    [entry.tex_file, entry.latex],
    [entry.markdown_file, entry.markdown],
    ...used(entry).map(({ name, bytes }) => [name, bytes]),
  ]);
  // As Overleaf takes it: an address that contains the .zip.
  const address = (entry) => {
    let text = "";
    for (const part of pack(entry)) {
      for (let at = 0; at < part.length; at += 8192) text += String.fromCharCode(...part.subarray(at, at + 8192));
    }
    return "data:application/zip;base64," + btoa(text);
  };
  return { cut, turn, used, readAgain, present, focus, pack, address };
};
