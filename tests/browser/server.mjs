// The real binary, each with a data directory of its own and a free port.
import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const BINARY = resolve(process.env.BINARY ?? "target/debug/vestibule");
const PATIENCE = 20_000;

/** Starts `vestibule serve` with these settings (`VESTIBULE_…` without the prefix) and waits until it listens. */
export async function startServer(settings = {}) {
  const home = await mkdtemp(join(tmpdir(), "vestibule-"));
  const port = await freePort();
  const env = environment({ SERVER__LISTEN: `127.0.0.1:${port}`, SERVER__DATA_DIR: join(home, "data"), ...settings });
  const child = spawn(BINARY, ["serve"], { cwd: home, env, stdio: ["ignore", "ignore", "pipe"] });
  const server = { origin: settings.SERVER__PUBLIC_URL ?? `http://localhost:${port}`, port, log: "", child, home, env };
  const ended = new Promise((done) => child.once("exit", (code, signal) => done(code ?? signal)));
  process.once("exit", () => child.kill("SIGKILL"));
  child.stderr.setEncoding("utf8").on("data", (text) => (server.log += text));

  const deadline = Date.now() + PATIENCE;
  while (!server.log.includes("Listening")) {
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill("SIGKILL");
      throw new Error(`the server did not start:\n${server.log}`);
    }
    await sleep(20);
  }

  /** The link that makes the first administrator, as printed. */
  server.setupLink = server.log.match(/http\S+\/setup\/\S+/)?.[0];

  /** Runs `vestibule` beside the server, as its operator would. */
  server.operator = async (...words) => {
    const { stdout } = await promisify(execFile)(BINARY, words, { cwd: home, env });
    return stdout.trim();
  };

  /** Stops it, and says how it went: its exit code and its log. */
  server.stop = async () => {
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), PATIENCE);
    const code = await ended;
    clearTimeout(late);
    await rm(home, { recursive: true, force: true });
    return { code, log: server.log };
  };
  return server;
}

/** Our settings only: nothing of whoever runs the tests. */
function environment(settings) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("VESTIBULE_")));
  for (const [name, value] of Object.entries(settings)) env[`VESTIBULE_${name}`] = value;
  return env;
}

export async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => probe.once("listening", done));
  const { port } = probe.address();
  await new Promise((done) => probe.close(done));
  return port;
}

export const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
