// The files that are chosen in this tab and not yet converted (IndexedDB): a browser forgets what a file field contains
// when the page is left. Loaded with the first choice. Signing out erases them, as everything that is stored here.
const STORE = "files";
// As long as a session: what closed tabs have left goes then.
const MILLISECONDS_MAX = 12 * 3_600_000;

const answered = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});
const isOld = ({ at }) => at < Date.now() - MILLISECONDS_MAX;
let opened;
const store = async (user, mode) => {
  opened ??= (() => {
    const opening = indexedDB.open("atelier.ocr.chosen." + user, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "tab" });
    return answered(opening).then((database) => {
      // Another user's tab erases it (site.js), and must not wait for this one.
      database.onversionchange = () => { database.close(); opened = undefined; };
      return database;
    });
  })();
  return (await opened).transaction(STORE, mode).objectStore(STORE);
};

/** Keeps these files in place of those before. `name`: where the session storage has the name of this tab. */
export const put = async (user, name, files) => {
  const tab = sessionStorage.getItem(name) ?? Date.now() + "-" + Math.random();
  sessionStorage.setItem(name, tab);
  const kept = await store(user, "readwrite");
  const entries = await answered(kept.getAll());
  for (const entry of entries) if (isOld(entry)) kept.delete(entry.tab);
  // The time is that of the first choice: a page that is opened again does not renew it.
  const before = entries.find((entry) => entry.tab === tab && !isOld(entry));
  if (!files.length) return void kept.delete(tab);
  // Where they do not fit, none: some of the pages would look like all.
  const written = new Promise((resolve, reject) => Object.assign(kept.transaction, { oncomplete: resolve, onabort: reject }));
  kept.put({ tab, at: before?.at ?? Date.now(), files });
  await written.catch(async () => (await store(user, "readwrite")).delete(tab));
};

export const get = async (user, name) => {
  const entry = await answered((await store(user, "readonly")).get(sessionStorage.getItem(name)));
  return entry && !isOld(entry) ? entry.files : [];
};
