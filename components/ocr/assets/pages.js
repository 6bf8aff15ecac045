// The pages of a chosen PDF: what can be read of the file itself, its pages as images (pdf.js, where the build fetched it
// and the browser can run it; otherwise the browser's own viewer), and which of them are blank.
export default ({ pdfjs, byPage, words, pagesMax, bytesMax, id, show, fill, make, problem, once }) => {
  const DENSITY_MAX = 2;
  // Sheets that keep their image while others are looked at; one has some 8 MB.
  const DRAWN_MAX = 8;
  // A small image is enough to see whether anything is on a page, and more pages take too long.
  const BLANK_WIDTH = 400, BLANK_PAGES_MAX = 60;
  // Of its pixels, the share of those that are on an edge: less is a speck, or a page number.
  const EDGE = 24, EDGES_MIN = 0.0003;
  const PIXELS_MAX = 16_000_000;
  // Around a photograph: the edge of the sheet, and what it lies on.
  const PHOTO_EDGE = 0.1;
  // As many as the server asks about one by one.
  const APART_MAX = 20;
  const note = (item, text) => { item.facts.textContent += " – " + text; };

  // ── What the file says of itself ──────────────────────────────────────────────────────────────
  const latin = async (blob) => new TextDecoder("latin1").decode(await blob.arrayBuffer());
  const EXAMINED_BYTES = 256 * 1024;
  const PAGES_BYTES_MAX = 20 * 1024 * 1024;
  // The trailer is at the end; that of the first page, and a cross-reference stream, are where `startxref` says.
  const findEncryption = async (file) => {
    const end = await latin(file.slice(-EXAMINED_BYTES));
    const start = Number(/startxref\s+(\d+)\s+%%EOF\s*$/.exec(end)?.[1] ?? 0);
    return [end, await latin(file.slice(start, start + EXAMINED_BYTES))].some((text) => /\/Encrypt\s*(\d+\s+\d+\s+R|<<)/.test(text));
  };
  const isEncrypted = (item) => (item.encryption ??= findEncryption(item.file));
  const inflated = async (bytes) => {
    const out = [];
    const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
    try {
      for (let part; !(part = await reader.read()).done;) out.push(part.value);
    } catch { /* A stream that is cut ends with an error; what came before it counts. */ }
    return latin(new Blob(out));
  };
  // Those that were taken out of the page tree too, where pdf.js has not read it; 0 when they cannot be counted.
  const pagesOf = async (file) => {
    if (file.size > PAGES_BYTES_MAX) return 0;
    const buffer = await file.arrayBuffer();
    const text = new TextDecoder("latin1").decode(buffer);
    const pages = (found) => (found.match(/\/Type\s*\/Page(?![a-zA-Z])/g) || []).length;
    let count = pages(text);
    for (const match of text.matchAll(/\/ObjStm\b[^]{0,300}?stream\r?\n/g)) {
      const start = match.index + match[0].length;
      let end = text.indexOf("endstream", start);
      if (end < 0) break;
      // Bytes after the compressed data would be an error that takes the text with it.
      while (end > start && "\r\n".includes(text[end - 1])) end -= 1;
      count += pages(await inflated(buffer.slice(start, end)));
    }
    return count;
  };

  // ── pdf.js ────────────────────────────────────────────────────────────────────────────────────
  let tries = 0;
  const library = once(() => import(pdfjs + "/pdf.min.mjs#" + tries++));
  const open = async (file) => {
    const { getDocument, GlobalWorkerOptions } = await library();
    GlobalWorkerOptions.workerSrc = pdfjs + "/pdf.worker.min.mjs";
    // The policy of the page allows no WebAssembly: decoders in JavaScript take its place.
    const task = getDocument({ data: await file.arrayBuffer(), useWasm: false, wasmUrl: pdfjs + "/", maxImageSize: 4 * PIXELS_MAX, verbosity: 0 });
    return task.promise.catch((error) => {
      task.destroy();
      throw error;
    });
  };
  // A part of a page (top, left, bottom, right: shares of its sides), `scale` pixels for a point. `print` goes on in a
  // tab that is not seen.
  const paint = async (page, scale, canvas = make("canvas"), [top, left, bottom, right] = [0, 0, 1, 1], intent = "print") => {
    const { width, height } = page.getViewport({ scale: 1 });
    const pixels = (bottom - top) * height * (right - left) * width;
    const fitting = Math.min(scale, Math.sqrt(PIXELS_MAX / pixels));
    const viewport = page.getViewport({ scale: fitting, offsetX: -left * width * fitting, offsetY: -top * height * fitting });
    canvas.width = Math.max(1, Math.round((right - left) * width * fitting));
    canvas.height = Math.max(1, Math.round((bottom - top) * height * fitting));
    await page.render({ canvas, viewport, intent, background: "#fff" }).promise;
    return canvas;
  };

  const empty = (canvas) => { canvas.width = canvas.height = 1; };

  // ── Blank pages ───────────────────────────────────────────────────────────────────────────────
  // Paper may be grey or shaded: what counts is whether anything stands out from what is beside it.
  const isBlank = (canvas, edge = 0) => {
    const [width, height] = [canvas.width, canvas.height].map((side) => Math.ceil((1 - 2 * edge) * side));
    const { data } = canvas.getContext("2d").getImageData(edge * canvas.width, edge * canvas.height, width, height);
    const left = 8, above = 8 * width;
    let edges = 0;
    for (let at = above + 1; at < data.length; at += 4) {
      if (Math.abs(data[at] - data[at - left]) > EDGE || Math.abs(data[at] - data[at - above]) > EDGE) edges += 1;
    }
    return edges < width * height * EDGES_MIN;
  };
  const blanksOf = async (item) => {
    const found = [];
    for (let number = 1; number <= Math.min(item.doc.numPages, BLANK_PAGES_MAX) && item.isConnected; number += 1) {
      const page = await item.doc.getPage(number);
      const canvas = await paint(page, BLANK_WIDTH / page.getViewport({ scale: 1 }).width);
      if (isBlank(canvas)) found.push(number);
      // All canvases together have a limit on a phone.
      empty(canvas);
    }
    // Where most pages look blank, it is rather that they could not be drawn.
    return found.length > 1 && 2 * found.length > item.doc.numPages ? [] : found;
  };
  const examinePhoto = (item, small) => {
    item.isBlank = isBlank(small, PHOTO_EDGE);
    if (item.isBlank) note(item, words.blankPhoto);
  };
  // The number of each line that begins the text of a page that looks blank and has text in the transcription.
  const invented = (latex, blanks) => {
    const found = [];
    let marker = null;
    for (const [index, line] of latex.split("\n").entries()) {
      const page = /^\s*%\s*[pP]age\s+(\d+)\s*$/.exec(line)?.[1];
      if (page) marker = { page: Number(page), line: index + 1 };
      if (/^\s*\\end\{document\}/.test(line)) break;
      // Layout is no text, and neither is what says that there is none to be read.
      const code = line.replace(/(^|[^\\])%.*/, "$1").replace(/\[illisible\]/g, "")
        .replace(/\\(?!section|subsection|text|emph)[a-zA-Z]+\*?(\[[^\]]{0,200}\]|\{[\w.\\ -]*\})*/g, "").replace(/\\text\w+\{\}/g, "");
      if (marker && blanks.includes(marker.page) && /[\p{L}\p{N}]/u.test(code)) {
        found.push(marker);
        marker = null;
      }
    }
    return found;
  };

  // ── Page by page ──────────────────────────────────────────────────────────────────────────────
  // As the server reads a range; empty when it cannot.
  const numbersIn = (range, last) => {
    const numbers = new Set();
    const parts = range.replace(/[–—−]/g, "-").replace(/\s*-\s*/g, "-").split(/[,;\s]+/).filter(Boolean);
    for (const part of parts.length ? parts : ["1-" + last]) {
      const [, first, end = first] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
      if (!(first >= 1 && Number(first) <= end && end <= last)) return [];
      for (let number = Number(first); number <= end; number += 1) numbers.add(number);
    }
    return [...numbers].sort((one, other) => one - other);
  };
  // Said once.
  const noteWhole = (item, text = words.whole) => {
    if (!item.isWhole) note(item, text);
    item.isWhole = true;
  };
  // Whether a PDF has been opened without a password. Only one that is encrypted is waited for.
  const opens = async (item) => {
    if (await isEncrypted(item)) await item.examined;
    return Boolean(item.doc);
  };
  // The pages of a PDF as a PDF each, where each is to be asked about by itself. Undefined: the PDF goes as a whole.
  const apart = async (item, range) => {
    if (!byPage || !item.examined) return undefined;
    await item.examined.catch(() => {});
    const { doc, file } = item;
    const numbers = doc ? numbersIn(range, doc.numPages) : [];
    const files = [];
    let left = numbers.length > APART_MAX ? -1 : bytesMax;
    for (const number of doc?.numPages > 1 ? numbers : []) {
      const bytes = left < 0 ? null : await doc.extractPages([{ document: null, includePages: [number - 1] }]).catch(() => null);
      left -= bytes?.length ?? Infinity;
      if (left >= 0) files.push(new File([bytes], file.name, { type: "application/pdf" }));
    }
    if (left < 0) noteWhole(item);
    return left >= 0 && files.length ? files : undefined;
  };

  // ── The pane ──────────────────────────────────────────────────────────────────────────────────
  const sheets = make("div", { id: "sheets", tabIndex: 0, role: "region", hidden: true });
  id("pdf").before(sheets);
  let shown = null, seen = null, drawn = [], inPane = null;
  const lay = (item) => {
    const { doc } = item;
    shown = item;
    seen?.disconnect();
    drawn = [];
    sheets.ariaLabel = fill(words.sheets, { name: item.file.name });
    const draw = async (figure, number) => {
      const page = await doc.getPage(number);
      const { width, height } = page.getViewport({ scale: 1 });
      const canvas = figure.firstChild;
      canvas.style.aspectRatio = width + " / " + height;
      const density = Math.min(devicePixelRatio || 1, DENSITY_MAX);
      await paint(page, (canvas.clientWidth * density) / width, canvas, undefined, "display");
      page.cleanup();
    };
    const near = new Set();
    seen = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        near[isIntersecting ? "add" : "delete"](target);
        if (!isIntersecting || drawn.includes(target)) continue;
        drawn.push(target);
        // One drawing after the other on the same canvas.
        target.drawing = (target.drawing ?? Promise.resolve())
          .then(() => draw(target, Number(target.dataset.page)))
          .catch(() => { drawn = drawn.filter((one) => one !== target); });
      }
      for (let at; drawn.length > DRAWN_MAX && (at = drawn.findIndex((one) => !near.has(one))) >= 0;) {
        const [gone] = drawn.splice(at, 1);
        gone.drawing.then(() => { if (!drawn.includes(gone)) empty(gone.firstChild); });
      }
    }, { root: sheets, rootMargin: "50%" });
    sheets.replaceChildren(...Array.from({ length: doc.numPages }, (_, index) => {
      const figure = make("figure");
      const caption = fill(words.sheet, { page: index + 1, pages: doc.numPages });
      figure.dataset.page = index + 1;
      figure.append(make("canvas", { role: "img", ariaLabel: caption }), make("figcaption", { textContent: caption, ariaHidden: "true" }));
      seen.observe(figure);
      return figure;
    }));
    sheets.scrollTop = 0;
  };
  // Shows a PDF beside its result.
  const draw = (item) => {
    inPane = item;
    show(sheets, item.doc);
    show(id("pdf"), !item.doc);
    // Without the browser's own tool bar and side panes.
    if (!item.doc) id("pdf").src = item.url + "#toolbar=0&navpanes=0&view=FitH";
    else if (shown !== item) lay(item);
  };
  const free = (item) => {
    if (shown === item) {
      seen.disconnect();
      sheets.replaceChildren();
      shown = null;
    }
    if (inPane === item) {
      show(sheets, false);
      show(id("pdf"), false);
      inPane = null;
    }
    item.doc?.loadingTask.destroy();
    item.doc = null;
  };

  // Shows what is known of a PDF. Returns whether it may be shown.
  const examine = async (item) => {
    if (!item.isConnected) return false;
    item.free = () => free(item);
    let isLocked = await isEncrypted(item);
    try {
      item.doc = pdfjs ? await open(item.file) : null;
    } catch (error) {
      isLocked ||= error?.name === "PasswordException";
    }
    const pages = item.doc?.numPages ?? (await pagesOf(item.file).catch(() => 0));
    if (pages) note(item, fill(words.count, { pages }));
    if (pages > pagesMax) problem(fill(words.long, { name: item.file.name, pages }));
    // The browser's own viewer would ask for the password.
    if (isLocked && !item.doc) {
      note(item, words.protected);
      return false;
    }
    if (!item.isConnected) {
      free(item);
      return false;
    }
    if (byPage && !item.doc && pages > 1) noteWhole(item);
    else if (byPage && pages > APART_MAX) noteWhole(item, words.wholeBeyond);
    if (!item.doc) return navigator.pdfViewerEnabled !== false;
    item.blanks = blanksOf(item).catch(() => []);
    item.blanks.then((blanks) => {
      if (blanks.length) note(item, fill(blanks.length > 1 ? words.blanks : words.blank, { pages: blanks.join(", ") }));
    });
    return true;
  };
  // One file after the other: each is read as a whole.
  let turn = Promise.resolve();
  const inTurn = (item) => {
    item.examined = turn.then(() => examine(item));
    turn = item.examined.catch(() => {});
    return item.examined;
  };
  return { draw, examine: inTurn, examinePhoto, opens, apart, paint, invented };
};
