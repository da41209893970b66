// A proxy with its configuration from deploy/, the real binary behind it, and an application beside that.
import { execFileSync, spawn } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { freePort, sleep, startServer } from "../browser/server.mjs";
import { startEcho } from "./echo.mjs";

const DEPLOY = new URL("../../deploy/proxies/", import.meta.url).pathname;
export const LOGIN = "login.example.org";
export const WIKI = "wiki.example.org";
export const PASSWORD = "correct horse battery staple";

const SETTINGS = `
[server]
public_url = "https://${LOGIN}"
trusted_proxies = ["127.0.0.1"]

[second_factor]
require = "off"


[forward_auth]
cookie_domain = "example.org"

[[forward_auth.hosts]]
host = "${WIKI}"
rules = [
  { path = "/public", allow = "public" },
  { path = "/admin", allow = "group:staff" },
  { path = "/safe", allow = "second-factor" },
  { path = "/vault", allow = ["group:staff", "second-factor"] },
]
`;

/** The programs, each with how its configuration of deploy/ is run where nothing is the system's. */
const PROXIES = {
  async nginx({ home, text, port }) {
    const main = join(home, "main.conf");
    const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${home}/${kind};`);
    const http = `access_log off; client_max_body_size 0; server_tokens off; ${temp.join(" ")} include ${home}/nginx.conf;`;
    const user = process.getuid() === 0 ? "user root;" : "";
    await writeFile(join(home, "nginx.conf"), text.replaceAll("listen 443 ssl", `listen 127.0.0.1:${port} ssl`));
    await writeFile(main, `${user} daemon off; pid ${home}/pid; error_log stderr; events {} http { ${http} }`);
    return ["/usr/sbin/nginx", "-c", main, "-p", home, "-e", "stderr"];
  },
  async caddy({ home, text, port }) {
    const options = `{\n\tadmin off\n\thttps_port ${port}\n\tdefault_bind 127.0.0.1\n\tauto_https disable_redirects\n}\n`;
    await writeFile(join(home, "Caddyfile"), options + text);
    return ["/usr/bin/caddy", "run", "--config", join(home, "Caddyfile"), "--adapter", "caddyfile"];
  },
  async haproxy({ home, text, port, replace }) {
    const lua = replace(await readFile(join(DEPLOY, "haproxy.lua"), "utf8"));
    await writeFile(join(home, "haproxy.lua"), lua);
    const local = text.replace("bind :443", `bind 127.0.0.1:${port}`).replace("/etc/haproxy/", `${home}/`);
    await writeFile(join(home, "haproxy.cfg"), local);
    execFileSync("/usr/sbin/haproxy", ["-c", "-q", "-f", join(home, "haproxy.cfg")], { stdio: "inherit" });
    return ["/usr/sbin/haproxy", "-db", "-f", join(home, "haproxy.cfg")];
  },
};
const FILES = { nginx: "nginx.conf", caddy: "Caddyfile", haproxy: "haproxy.cfg" };

export class Stage {
  static async start(kind) {
    const stage = new Stage();
    stage.home = await mkdtemp(join(tmpdir(), `vestibule-${kind}-`));
    await chmod(stage.home, 0o755);
    await certificate(stage.home);
    await writeFile(join(stage.home, "vestibule.toml"), SETTINGS);
    stage.server = await startServer({ CONFIG: join(stage.home, "vestibule.toml"), SERVER__PUBLIC_URL: `https://${LOGIN}` });
    const echo = await freePort();
    stage.echo = await startEcho(echo);
    stage.port = await freePort();
    const replace = (text) =>
      text.replaceAll("127.0.0.1:8080", `127.0.0.1:${stage.server.port}`).replaceAll("127.0.0.1:3000", `127.0.0.1:${echo}`)
        .replaceAll("/etc/ssl/", `${stage.home}/`);
    const text = replace(await readFile(join(DEPLOY, FILES[kind]), "utf8"));
    const [program, ...words] = await PROXIES[kind]({ home: stage.home, text, port: stage.port, replace });
    const env = { ...process.env, HOME: stage.home, XDG_DATA_HOME: stage.home, XDG_CONFIG_HOME: stage.home };
    stage.proxy = spawn(program, words, { env, cwd: stage.home, stdio: ["ignore", "pipe", "pipe"] });
    stage.log = "";
    for (const stream of [stage.proxy.stdout, stage.proxy.stderr]) stream.on("data", (text) => (stage.log += text));
    // Not SIGKILL: that would leave the workers of nginx behind.
    process.once("exit", () => stage.proxy.kill("SIGTERM"));
    for (let tries = 0; !(await isOpen(stage.port)); tries++) {
      if (tries > 200 || stage.proxy.exitCode !== null) throw new Error(`${kind} did not start:\n${stage.log}`);
      await sleep(50);
    }
    return stage;
  }

  /** A request by TLS to a host behind the proxy; the headers as they are written. The connection may be `opened` for another host. */
  ask(host, path, { method = "GET", headers = {}, body, opened = host } = {}) {
    const options = { host: "127.0.0.1", port: this.port, servername: opened, rejectUnauthorized: false, path, method, agent: false };
    return new Promise((done, fail) => {
      const asking = request({ ...options, headers: { host, ...headers } }, (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (chunk) => (text += chunk));
        answer.on("end", () => done({ status: answer.statusCode, headers: answer.headers, text }));
      });
      asking.on("upgrade", (answer, socket) => done({ status: 101, headers: answer.headers, socket }));
      asking.on("error", fail);
      asking.end(body);
    });
  }

  /** Makes an account. */
  async person(name) {
    await operator(this.server, ["user", "create", name], PASSWORD);
  }

  /** Runs `vestibule` beside the server; what it prints. */
  run(...words) {
    return operator(this.server, words);
  }

  /** Changes rows by hand. */
  rows(sql) {
    const script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], timeout=10); c.executescript(sys.argv[2]); c.commit()";
    execFileSync("python3", ["-c", script, join(this.server.home, "data", "vestibule.db"), sql]);
  }

  /** Signs in as a browser would; its cookies by name. */
  async signIn(name) {
    const body = new URLSearchParams({ login: name, password: PASSWORD }).toString();
    const answer = await this.ask(LOGIN, "/login", { method: "POST", body, headers: form(body) });
    if (answer.status !== 303) throw new Error(`${answer.status}: ${answer.text}`);
    return cookies(answer);
  }

  async stop() {
    this.proxy.kill("SIGTERM");
    const late = setTimeout(() => this.proxy.kill("SIGKILL"), 3000);
    if (this.proxy.exitCode === null) await new Promise((done) => this.proxy.once("exit", done));
    clearTimeout(late);
    this.echo.closeAllConnections();
    this.echo.close();
    const { log } = await this.server.stop();
    await rm(this.home, { recursive: true, force: true });
    return log;
  }
}

export const form = (body) => ({
  "content-type": "application/x-www-form-urlencoded",
  "content-length": Buffer.byteLength(body),
  "sec-fetch-site": "same-origin",
  accept: "text/html",
});

export function cookies(answer) {
  const pairs = (answer.headers["set-cookie"] ?? []).map((line) => line.split(";")[0]);
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
}

export const cookieHeader = (jar) => Object.entries(jar).map(([name, value]) => `${name}=${value}`).join("; ");

function operator({ home, env }, words, input) {
  const binary = resolve(process.env.BINARY ?? "target/debug/vestibule");
  return execFileSync(binary, words, { cwd: home, env, input, encoding: "utf8", stdio: ["pipe", "pipe", "pipe"] });
}

async function certificate(home) {
  const [key, cert] = [join(home, "example.org.key"), join(home, "example.org.pem")];
  const names = ["-subj", "/CN=example.org", "-addext", "subjectAltName=DNS:*.example.org"];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  execFileSync("openssl", ["req", "-x509", ...kind, ...names, "-keyout", key, "-out", cert], { stdio: "ignore" });
  await writeFile(join(home, "example.org.both.pem"), (await readFile(cert, "utf8")) + (await readFile(key, "utf8")));
}

const isOpen = (port) =>
  new Promise((done) => {
    const probe = connect(port, "127.0.0.1", () => done(true));
    probe.on("error", () => done(false));
    probe.on("close", () => done(false));
    probe.on("connect", () => probe.destroy());
  });
