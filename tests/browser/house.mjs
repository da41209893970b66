// What every test stands in: servers, windows and pages. All that a test opens is closed behind it.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { launch, openWindow } from "./browser.mjs";
import { startServer } from "./server.mjs";
import { startSecureServer } from "./tls.mjs";

/** The tests, in the order of their files. */
export const tests = [];
export const test = (name, body) => tests.push({ name, body });

export class House {
  static servers = new Map();
  static browsers = new Map();
  windows = [];
  strangers = [];

  /** The server with these settings; one is started for all tests that want the same. */
  async server(settings = {}) {
    const wanted = { THROTTLE__ENABLED: "false", ...settings };
    const key = JSON.stringify(wanted);
    if (!House.servers.has(key)) House.servers.set(key, startServer(wanted));
    return House.servers.get(key);
  }

  /** The server behind a proxy with TLS. */
  async secureServer() {
    if (!House.servers.has("secure")) House.servers.set("secure", startSecureServer({ THROTTLE__ENABLED: "false" }));
    return House.servers.get("secure");
  }

  /** A private window at the usual server, or at `server`. */
  async window({ server, keepsPages = false, ...options } = {}) {
    const { origin } = server ?? (await this.server());
    if (!House.browsers.has(keepsPages)) House.browsers.set(keepsPages, launch({ keepsPages }));
    const window = await openWindow(await House.browsers.get(keepsPages), { origin, ...options });
    this.windows.push(window);
    return window;
  }

  async page(options) {
    return (await this.window(options)).newPage();
  }

  /** Somebody else's site, on a port of its own; `html` makes the page of a path. Answers with its port. */
  async stranger(html) {
    const server = createServer((request, response) => {
      response.setHeader("content-type", "text/html");
      response.end(`<!DOCTYPE html><title>x</title><link rel="icon" href="data:,">${html(request.url)}`);
    }).listen(0);
    this.strangers.push(server);
    await once(server, "listening");
    return server.address().port;
  }

  async leave() {
    const troubles = this.windows.flatMap((window) => window.troubles);
    await Promise.all(this.windows.map((window) => window.close()));
    for (const server of this.strangers) server.close();
    assert.deepEqual(troubles, [], "what no page of ours may cause");
  }

  static async close() {
    for (const browser of House.browsers.values()) await (await browser).close();
    const ends = await Promise.all([...House.servers.values()].map(async (server) => (await server).stop()));
    for (const { code, log } of ends) {
      assert.equal(code, 0, "a server that is told to stop ends well");
      assert.doesNotMatch(log, /ERROR|panicked/, "the server's log");
    }
  }
}
