// A proxy between the browser and the app, which loses connections.
import { once } from "node:events";
import net from "node:net";

/** A proxy in front of the app. `cut` ends every connection; `hold` keeps them open and passes nothing on. */
export async function proxied(url) {
  const { hostname, port } = new URL(url);
  const pairs = new Set();
  const server = net.createServer((near) => {
    const far = net.connect(port, hostname), pair = [near, far];
    pairs.add(pair);
    for (const socket of pair) {
      socket.on("error", () => {});
      socket.on("close", () => { pair.forEach((one) => one.destroy()); pairs.delete(pair); });
    }
    near.pipe(far).pipe(near);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const each = (act) => [...pairs].forEach((pair) => act(...pair));
  const cut = () => each((near) => near.destroy());
  return {
    baseURL: `http://127.0.0.1:${server.address().port}`,
    cut,
    hold: () => each((near, far) => far.unpipe(near)),
    close: () => { server.close(); cut(); },
  };
}
