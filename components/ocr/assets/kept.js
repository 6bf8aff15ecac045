// What stays in this browser only (IndexedDB), in a database for each user: the last conversions, and the files that are not
// converted yet. Signing out erases both (site.js).
const answered = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});
// Whose page was opened last in this browser (site.js). Nobody's after signing out, in whichever tab: what was erased is
// not written again.
const isTheirs = (user) => localStorage.getItem("atelier-user") === user;
// A function that does something with the store of a database, in a transaction of its own, which it waits for.
const database = (user, name, storeName, keyPath) => {
  let opened;
  const forget = () => { opened = undefined; };
  const open = async () => {
    const opening = indexedDB.open(name, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(storeName, { keyPath });
    const connection = await answered(opening);
    connection.onclose = forget;
    // Who erases it must not wait for this page.
    connection.onversionchange = () => { connection.close(); forget(); };
    return connection;
  };
  return async function use(mode, act, isAgain = false) {
    if (!isTheirs(user)) throw new Error("signed out");
    try {
      if (!opened) {
        opened = open();
        opened.catch(forget);
      }
      const transaction = (await opened).transaction(storeName, mode);
      const ended = new Promise((resolve, reject) => Object.assign(transaction, { oncomplete: resolve, onabort: () => reject(transaction.error) }));
      const acting = async () => act(transaction.objectStore(storeName));
      return (await Promise.all([acting(), ended]))[0];
    } catch (error) {
      // A phone ends the connections of a page in the background, and does not always say so.
      if (isAgain || !["InvalidStateError", "UnknownError"].includes(error?.name)) throw error;
      forget();
      return use(mode, act, true);
    }
  };
};

/** The last conversions. What the page says must be true: 20. `flag`: the local storage has it where there are any. */
export default (user, flag) => {
  const ENTRIES_MAX = 20;
  // Of the texts, and of the figures: one document has 10 MB of those at most.
  const CHARS_MAX = 20_000_000, FIGURE_BYTES_MAX = 200_000_000;
  const use = database(user, "atelier.ocr." + user, "conversions", "id");

  // Newest first.
  const all = async () => (await use("readonly", (store) => answered(store.getAll()))).reverse();
  const size = ({ latex, markdown, preview }) => latex.length + markdown.length + preview.length;
  const figureSize = ({ figures = [] }) => figures.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);

  const find = (id) => use("readonly", (store) => answered(store.get(id)));
  const remove = (id) => use("readwrite", (store) => answered(store.delete(id)));
  const change = async (entry) => {
    await use("readwrite", (store) => answered(store.put(entry)));
    localStorage.setItem(flag, "1");
  };
  // Keeps an entry, new or changed, and drops the oldest beyond the limits.
  const keep = async (entry) => {
    await change(entry);
    let chars = 0, bytes = 0;
    for (const [index, other] of (await all()).entries()) {
      chars += size(other);
      bytes += figureSize(other);
      if (index >= ENTRIES_MAX || (index > 0 && (chars > CHARS_MAX || bytes > FIGURE_BYTES_MAX))) await remove(other.id);
    }
  };
  const clear = async () => {
    await use("readwrite", (store) => answered(store.clear()));
    localStorage.removeItem(flag);
  };
  return { all, keep, change, find, remove, clear, isTheirs: () => isTheirs(user) };
};

// ── The files that are chosen in a tab: a browser forgets what a file field contains when the page is left ──
// As long as a session: what closed tabs have left goes then.
const MILLISECONDS_MAX = 12 * 3_600_000;
const isOld = ({ at }) => at < Date.now() - MILLISECONDS_MAX;
let files;
const filesOf = (user) => (files ??= database(user, "atelier.ocr.chosen." + user, "files", "tab"));

const asBytes = async (file) => ({ content: await file.arrayBuffer(), name: file.name, type: file.type, lastModified: file.lastModified });

const replaceChosen = async (user, name, chosen) => {
  const use = filesOf(user);
  let tab = sessionStorage.getItem(name);
  if (!tab && !chosen.length) return;
  tab ??= Date.now() + "-" + Math.random();
  const replace = (files) => use("readwrite", async (store) => {
    const entries = await answered(store.getAll());
    for (const entry of entries) if (isOld(entry)) store.delete(entry.tab);
    // The time is that of the first choice: a page that is opened again does not renew it.
    const before = entries.find((entry) => entry.tab === tab && !isOld(entry));
    await answered(files.length ? store.put({ tab, at: before?.at ?? Date.now(), files }) : store.delete(tab));
  });
  try {
    // In a private window Safari keeps no files, but bytes.
    await replace(chosen).catch(async () => replace(await Promise.all(chosen.map(asBytes))));
    sessionStorage.setItem(name, tab);
  } catch {
    // Where they do not fit, none: some of the pages would look like all.
    await use("readwrite", (store) => answered(store.delete(tab)));
  }
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
  const entry = await filesOf(user)("readonly", (store) => answered(store.get(sessionStorage.getItem(name))));
  return entry && !isOld(entry) ? entry.files.map((file) => file.content ? new File([file.content], file.name, file) : file) : [];
};
