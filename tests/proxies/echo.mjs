// An application that knows nothing of signing in: says as JSON what reached it, and echoes what a WebSocket sends.
import { createHash } from "node:crypto";
import { createServer } from "node:http";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

export async function startEcho(port) {
  const server = createServer((incoming, outgoing) => {
    let bytes = 0;
    incoming.on("data", (chunk) => (bytes += chunk.length));
    incoming.on("end", () => {
      const { method, url, headers } = incoming;
      outgoing.writeHead(200, { "content-type": "application/json" });
      outgoing.end(JSON.stringify({ method, url, headers, bytes }));
    });
  });
  server.on("upgrade", (incoming, socket) => {
    const accept = createHash("sha1").update(incoming.headers["sec-websocket-key"] + GUID).digest("base64");
    const user = incoming.headers["remote-user"] ?? "";
    const head = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
    socket.write([...head, `Sec-WebSocket-Accept: ${accept}`, `X-User: ${user}`, "", ""].join("\r\n"));
    // Short frames of a client are masked; what goes back is not.
    socket.on("data", (frame) => {
      const length = frame[1] & 0x7f;
      const text = Buffer.from(frame.subarray(6, 6 + length).map((byte, at) => byte ^ frame[2 + (at % 4)]));
      socket.write(Buffer.concat([Buffer.from([0x81, length]), text]));
    });
    socket.on("error", () => socket.destroy());
  });
  await new Promise((done) => server.listen(port, "127.0.0.1", done));
  return server;
}
