// The last conversions, in this browser only (IndexedDB): one store for each user. Signing out erases it, because the
// reply to it clears the site's storage. What the page says must be true: 20 conversions.
export default (user, flag) => {
  const ENTRIES_MAX = 20;
  // Of the texts, and of the figures: one document has 10 MB of those at most.
  const CHARS_MAX = 20_000_000, FIGURE_BYTES_MAX = 200_000_000;
  const STORE = "conversions";

  const answered = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  let opened;
  const store = async (mode) => {
    opened ??= (() => {
      const opening = indexedDB.open("atelier.ocr." + user, 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "id" });
      return answered(opening).then((database) => {
        // Another user's tab erases it (site.js), and must not wait for this one.
        database.onversionchange = () => { database.close(); opened = undefined; };
        return database;
      });
    })();
    return (await opened).transaction(STORE, mode).objectStore(STORE);
  };

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
