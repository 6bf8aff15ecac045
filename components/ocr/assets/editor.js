// Line numbers and colours behind a text area: the same text, in the same box, with one element for each line. The
// text area stays what it is; its own letters are transparent. Nothing here becomes markup.
export default (area) => {
  // Beyond this the page would be slow, and the text area stays plain.
  const CHARS_MAX = 300_000;
  const TOKENS = /(?<comment>%.*)|(?<command>\\(?:[a-zA-Z@]+\*?|.))|(?<math>\$\$?)|(?<brace>[{}])/g;

  const box = document.createElement("div");
  const shade = document.createElement("div");
  box.className = "editor";
  shade.className = "shade mono";
  shade.ariaHidden = "true";
  area.replaceWith(box);
  box.append(shade, area);
  let shown = [];

  const line = (text) => {
    const element = document.createElement("div");
    let read = 0;
    for (const match of text.matchAll(TOKENS)) {
      const span = document.createElement("span");
      const [[name]] = Object.entries(match.groups).filter(([, found]) => found !== undefined);
      span.className = "tex-" + name;
      span.textContent = match[0];
      element.append(text.slice(read, match.index), span);
      read = match.index + match[0].length;
    }
    // An empty line needs something that has a height.
    element.append(text.slice(read) || (text ? "" : "\u200b"));
    return element;
  };

  // Only lines that changed are made again.
  const update = () => {
    const plain = area.value.length > CHARS_MAX;
    box.classList.toggle("plain", plain);
    const lines = plain ? [] : area.value.split("\n");
    let start = 0;
    while (start < lines.length && start < shown.length && lines[start] === shown[start]) start += 1;
    let end = 0;
    while (end < Math.min(lines.length, shown.length) - start && lines.at(-1 - end) === shown.at(-1 - end)) end += 1;
    // From each to the next: to find one by its number takes as long as there are.
    let after = shade.children[start] ?? null;
    for (let left = shown.length - end - start; left > 0; left -= 1) {
      const gone = after;
      after = gone.nextElementSibling;
      gone.remove();
    }
    for (const text of lines.slice(start, lines.length - end)) shade.insertBefore(line(text), after);
    shown = lines;
    box.style.setProperty("--digits", String(lines.length).length);
  };
  area.addEventListener("input", update);
  update();

  // Selects a line, counted from 1, and scrolls to it.
  const jump = (number) => {
    const lines = area.value.split("\n");
    const from = lines.slice(0, number - 1).reduce((sum, text) => sum + text.length + 1, 0);
    area.focus({ preventScroll: true });
    area.setSelectionRange(from, from + (lines[number - 1] ?? "").length);
    const element = shade.children[number - 1];
    if (element) box.scrollTop = element.offsetTop - box.clientHeight / 3;
    box.scrollIntoView({ block: "nearest" });
  };
  const toEnd = () => { box.scrollTop = box.scrollHeight; };
  const toStart = () => { box.scrollTop = 0; };
  const isAtEnd = () => box.scrollTop + box.clientHeight >= box.scrollHeight - 40;
  return { update, jump, toEnd, toStart, isAtEnd };
};
