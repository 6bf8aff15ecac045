// An answer while it is written. Loaded when the first one arrives in pieces.
// Shows the text while a model writes it, as text: the server renders it at the end. Returns what adds to it.
const draft = (question, element, texts) => {
  const text = element("p", { className: "writing" });
  const written = element("div", { className: "exchange", ariaLabel: texts.answer, role: "group" }, [
    element("p", { className: "asked", tabIndex: 0 }, [question.trim()]),
    element("div", { className: "card" }, [text]),
  ]);
  return (piece) => {
    if (!written.isConnected) document.getElementById("result").append(written);
    const atEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - 80;
    text.append(piece);
    if (atEnd) scrollTo({ top: document.documentElement.scrollHeight });
  };
};

// Reads text/event-stream as our server writes it. Returns the page of the last event; nothing when it is missing.
export default async (reply, question, element, texts) => {
  const write = draft(question, element, texts), reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "", html;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return html;
    waiting += value;
    for (let end; (end = waiting.indexOf("\n\n")) >= 0; waiting = waiting.slice(end + 2)) {
      const [, name, data] = /^event: (.*)\ndata: (.*)/.exec(waiting.slice(0, end)) ?? [];
      if (name === "text") write(JSON.parse(data).text);
      if (name === "page") ({ html } = JSON.parse(data));
    }
  }
};
