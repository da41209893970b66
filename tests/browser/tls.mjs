// A proxy that speaks TLS, as every public instance has one in front.
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { request } from "node:http";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort, startServer } from "./server.mjs";

/** A server behind such a proxy; its certificate is its own, made for this run. */
export async function startSecureServer(settings) {
  const port = await freePort();
  const origin = `https://localhost:${port}`;
  const server = await startServer({ ...settings, SERVER__PUBLIC_URL: origin, SERVER__TRUSTED_PROXIES: "127.0.0.1" });
  const proxy = createServer(await certificate(), (incoming, outgoing) => {
    const headers = { ...incoming.headers, "x-forwarded-for": "192.0.2.7", "x-forwarded-proto": "https" };
    const onward = { host: "127.0.0.1", port: server.port, method: incoming.method, path: incoming.url, headers };
    const inner = request(onward, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    inner.on("error", () => outgoing.destroy());
    incoming.pipe(inner);
  }).listen(port, "127.0.0.1");
  const stop = server.stop;
  server.stop = () => {
    proxy.close();
    proxy.closeAllConnections();
    return stop();
  };
  return server;
}

async function certificate() {
  const folder = await mkdtemp(join(tmpdir(), "vestibule-tls-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost"];
  await promisify(execFile)("openssl", ["req", "-x509", ...kind, "-keyout", key, "-out", cert, "-days", "2"]);
  const files = { key: await readFile(key), cert: await readFile(cert) };
  await rm(folder, { recursive: true });
  return files;
}
