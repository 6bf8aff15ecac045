// Improves every page: the account menu closes by itself, and what another user left in this browser goes. Every page
// works without it.
"use strict";

(async () => {
  const menu = document.querySelector("details.menu");
  document.addEventListener("click", (event) => {
    if (menu?.open && !menu.contains(event.target)) menu.open = false;
  });
  menu?.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });

  // The tools keep drafts and results in this browser under names that end with their user's id. Who did not sign out
  // leaves them behind: they go when somebody else is signed in here. All of it goes after signing out: Safari and plain
  // HTTP do not obey the header that says so.
  const user = document.querySelector("[data-user]")?.dataset.user;
  if (!user && !document.querySelector("[data-erases]")) return;
  const goes = (name) => name.startsWith(user ? "atelier." : "atelier") && !name.endsWith(user);
  // Over plain HTTP, WebKit shows a page as it was left (Back), also to who comes after its user.
  addEventListener("pageshow", (event) => {
    if (event.persisted && localStorage["atelier-user"] !== user) location.reload();
  });
  try {
    // A page that stays open keeps nothing more after signing out, which erases this, or under another user (kept.js).
    if (user) localStorage["atelier-user"] = user;
    for (const storage of [localStorage, sessionStorage]) for (const name of Object.keys(storage)) if (goes(name)) delete storage[name];
    for (const { name } of await indexedDB.databases()) if (goes(name)) indexedDB.deleteDatabase(name);
  } catch { /* storage is off */ }
})();
