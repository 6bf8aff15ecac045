// The files that are chosen in this tab and not yet converted (IndexedDB): a browser forgets what a file field contains
// when the page is left. Loaded with the first choice. Signing out erases them, as everything that is stored here.
const STORE = "files";
// As long as a session: what closed tabs have left goes then.
const MILLISECONDS_MAX = 12 * 3_600_000;

const answered = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});
let opened;
const store = async (user, mode) => {
  opened ??= (() => {
    const opening = indexedDB.open("atelier.ocr.chosen." + user, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "tab" });
    return answered(opening);
  })();
  return (await opened).transaction(STORE, mode).objectStore(STORE);
};

/** Keeps these files in place of those before. `name`: where the session storage has the name of this tab. */
export const put = async (user, name, files) => {
  const tab = sessionStorage.getItem(name) ?? Date.now() + "-" + Math.random();
  sessionStorage.setItem(name, tab);
  const kept = await store(user, "readwrite");
  for (const { tab: other, at } of await answered(kept.getAll())) if (at < Date.now() - MILLISECONDS_MAX) kept.delete(other);
  if (files.length) kept.put({ tab, at: Date.now(), files });
  else kept.delete(tab);
};

export const get = async (user, name) => (await answered((await store(user, "readonly")).get(sessionStorage.getItem(name))))?.files ?? [];
