// Loads what chosen files and documents need: what sends the files (sending.js), what shows the document (result.js), what
// draws the pages of a PDF (pages.js), and what makes a photograph ready (photo.js).
export default async (page) => {
  const { id, show, make } = page;
  const texts = id("convert").dataset;
  // With the fragment that this script was asked for by: another one for each try.
  const { hash } = new URL(import.meta.url);
  const loaded = await Promise.all([texts.kept, texts.result, texts.sending, texts.editor].map((file) => import(file + hash)));
  const [makeKept, makeResult, makeSending, makeEditor] = loaded.map((script) => script.default);
  if (!document.querySelector(`link[href="${texts.sheet}"]`)) {
    await new Promise((resolve) => document.head.append(make("link", { rel: "stylesheet", href: texts.sheet, onload: resolve, onerror: resolve })));
  }
  const editor = makeEditor(id("latex"));
  const kept = makeKept(texts.user, "atelier.ocr.kept." + texts.user);
  // Storage may be off, full, or contain something else. The page works without it.
  const attempt = async (act) => {
    try { return await act(); } catch { return undefined; }
  };

  // A canvas as a PNG of at most `pngBytesMax` bytes, else as JPEG, coarser beyond `jpegBytesMax`, where what is transparent
  // is white. Gives its memory back: all canvases together have a limit on a phone.
  const encode = async (canvas, pngBytesMax = 0, jpegBytesMax = Infinity) => {
    const blobOf = (type, quality) => new Promise((resolve) => { canvas.toBlob(resolve, type, quality); });
    try {
      const png = pngBytesMax > 0 ? await blobOf("image/png") : null;
      if (png && png.size <= pngBytesMax) return png;
      const context = canvas.getContext("2d");
      context.globalCompositeOperation = "destination-over";
      context.fillStyle = "#fff";
      context.fillRect(0, 0, canvas.width, canvas.height);
      const jpeg = await blobOf("image/jpeg", 0.9);
      return jpeg?.size > jpegBytesMax ? await blobOf("image/jpeg", 0.75) : jpeg;
    } finally {
      canvas.width = canvas.height = 1;
    }
  };

  // ── The pages of a PDF, photographs, and the figures ────────────────────────────────────────────
  // Their scripts and texts are asked for when they are needed. What fails is tried again the next time.
  const once = (make) => {
    let made;
    return () => {
      made ??= make();
      made.catch(() => { made = null; });
      return made;
    };
  };
  const known = once(async () => {
    const reply = await fetch("/ocr/pages");
    if (!reply.ok) throw new TypeError(reply.status);
    return reply.json();
  });
  let tries = 0;
  const pages = once(async () => {
    const { pages: script, texts: words, ...rest } = await known();
    return (await import(script + "#" + tries++)).default({ ...page, ...rest, words, pagesMax: Number(texts.pagesMax), bytesMax: Number(texts.bytesMax), once });
  });
  const figures = once(async () => {
    const { figures: script, zip, texts: words } = await known();
    return (await import(script + "#" + tries++)).default({ ...page, zip, words, encode, paint: (await pages()).paint });
  });
  const photos = once(async () => (await import((await known()).photo + "#" + tries++)).default({ ...page, encode, bytesMax: texts.bytesMax / texts.picturesMax }));
  const prepare = async (file) => (await photos())(file);
  // Without the script the browser's own viewer shows a PDF, as it does without script.
  const examine = async (item) => {
    const script = await attempt(pages);
    if (script) return script.examine(item);
    item.free = () => show(id("pdf"), false);
    return navigator.pdfViewerEnabled !== false;
  };
  const examinePhoto = async (item, small) => (await pages()).examinePhoto(item, small);
  const draw = async (item) => {
    const script = await attempt(pages);
    if (script) return script.draw(item);
    show(id("pdf"), true);
    id("pdf").src = item.url;
  };

  const tools = { ...page, attempt, known, pages, figures, kept, editor };
  const result = makeResult(tools);
  const convert = makeSending({ ...tools, result });
  await result.restore();
  return { convert, examine, prepare, examinePhoto, draw };
};
