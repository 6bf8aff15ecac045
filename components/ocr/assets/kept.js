// What stays in this browser only (IndexedDB), in a database for each user: the last conversions, and the files that are not
// converted yet. Signing out erases both, because the reply to it clears the site's storage.
const answered = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});
// Signing out in another tab erases them, and so does another user's tab (site.js): this page does not create them again.
let isErased = false;
const database = (name, storeName, keyPath) => {
  let opened;
  return async (mode) => {
    if (isErased) throw new Error("erased");
    opened ??= (() => {
      const opening = indexedDB.open(name, 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore(storeName, { keyPath });
      return answered(opening).then((open) => {
        open.onclose = () => { isErased = true; };
        // Who erases it must not wait for this page.
        open.onversionchange = () => { isErased = true; open.close(); };
        return open;
      }).catch((error) => {
        // The next use tries again.
        opened = undefined;
        throw error;
      });
    })();
    return (await opened).transaction(storeName, mode).objectStore(storeName);
  };
};

/** The last conversions. What the page says must be true: 20. `flag`: the local storage has it where there are any. */
export default (user, flag) => {
  const ENTRIES_MAX = 20;
  // Of the texts, and of the figures: one document has 10 MB of those at most.
  const CHARS_MAX = 20_000_000, FIGURE_BYTES_MAX = 200_000_000;
  const store = database("atelier.ocr." + user, "conversions", "id");

  // Newest first.
  const all = async () => (await answered((await store("readonly")).getAll())).reverse();
  const size = ({ latex, markdown, preview }) => latex.length + markdown.length + preview.length;
  const figureSize = ({ figures = [] }) => figures.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);

  const change = async (entry) => answered((await store("readwrite")).put(entry));
  // Keeps an entry, new or changed, and drops the oldest beyond the limits.
  const keep = async (entry) => {
    await change(entry);
    let chars = 0, bytes = 0;
    for (const [index, other] of (await all()).entries()) {
      chars += size(other);
      bytes += figureSize(other);
      if (index >= ENTRIES_MAX || (index > 0 && (chars > CHARS_MAX || bytes > FIGURE_BYTES_MAX))) await answered((await store("readwrite")).delete(other.id));
    }
    localStorage.setItem(flag, "1");
  };
  const find = async (id) => answered((await store("readonly")).get(id));
  const remove = async (id) => answered((await store("readwrite")).delete(id));
  const clear = async () => {
    await answered((await store("readwrite")).clear());
    localStorage.removeItem(flag);
  };
  return { all, keep, change, find, remove, clear };
};

// ── The files that are chosen in a tab: a browser forgets what a file field contains when the page is left ──
// As long as a session: what closed tabs have left goes then.
const MILLISECONDS_MAX = 12 * 3_600_000;
const isOld = ({ at }) => at < Date.now() - MILLISECONDS_MAX;
let filesStore;
const filesOf = (user) => (filesStore ??= database("atelier.ocr.chosen." + user, "files", "tab"));

const replaceChosen = async (user, name, files) => {
  const kept = await filesOf(user)("readwrite");
  const tab = sessionStorage.getItem(name) ?? Date.now() + "-" + Math.random();
  sessionStorage.setItem(name, tab);
  const entries = await answered(kept.getAll());
  for (const entry of entries) if (isOld(entry)) kept.delete(entry.tab);
  // The time is that of the first choice: a page that is opened again does not renew it.
  const before = entries.find((entry) => entry.tab === tab && !isOld(entry));
  if (!files.length) return void kept.delete(tab);
  // Where they do not fit, none: some of the pages would look like all.
  const written = new Promise((resolve, reject) => Object.assign(kept.transaction, { oncomplete: resolve, onabort: reject }));
  kept.put({ tab, at: before?.at ?? Date.now(), files });
  await written.catch(async () => (await filesOf(user)("readwrite")).delete(tab));
};

let turn = Promise.resolve();
/** Keeps these files in place of those before. `name`: where the session storage has the name of this tab. */
export const putChosen = (...choice) => {
  // One after the other: what does not fit must not take a later choice with it.
  const replaced = turn.then(() => replaceChosen(...choice));
  turn = replaced.catch(() => {});
  return replaced;
};

export const getChosen = async (user, name) => {
  const entry = await answered((await filesOf(user)("readonly")).get(sessionStorage.getItem(name)));
  return entry && !isOld(entry) ? entry.files : [];
};
