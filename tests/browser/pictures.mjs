// The pictures of the README: `PICTURES=1 tests/run browser harness` takes them anew.
import { execFile } from "node:child_process";
import { mkdir, readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { PASSWORD, register, signIn, submit } from "./people.mjs";
import { sleep } from "./server.mjs";

const FOLDER = fileURLToPath(new URL("../../docs/pictures/", import.meta.url));
const ADA = { username: "ada", email: "ada@example.org", password: PASSWORD };

const PAGES = {
  "sign-in": (page) => page.goto("/login"),
  "sign-in-error": (page) => signIn(page, ADA, "not the password at all"),
  register: (page) => page.goto("/register"),
  dashboard,
};

const LOOKS = {
  light: { colorScheme: "light", width: 960 },
  dark: { colorScheme: "dark", width: 960 },
  phone: { colorScheme: "light", width: 320 },
};

export async function takePictures(house) {
  await mkdir(FOLDER, { recursive: true });
  // People come from several addresses, as a proxy tells us.
  const server = await house.server({ SERVER__TRUSTED_PROXIES: "127.0.0.1" });
  const at = (address, device) =>
    house.page({ server, device, extraHTTPHeaders: { "x-forwarded-for": address } });

  for (const [name, open] of Object.entries(PAGES)) {
    const page = await at("192.0.2.7");
    await open(page, at, server);
    for (const [look, { colorScheme, width }] of Object.entries(LOOKS)) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 760 });
      await page.screenshot({ path: `${FOLDER}${name}-${look}.png`, fullPage: true, caret: "hide" });
    }
  }
}

/** Ada's dashboard, after some days. */
async function dashboard(page, at, server) {
  const first = await at("192.0.2.7");
  await register(first, ADA);
  await first.goto("/account/email");
  await submit(first, { code: await readCode(server) });
  await signIn(await at("198.51.100.23", "Safari on iPhone"), ADA);
  const stranger = await at("203.0.113.9", "Firefox on Windows");
  for (let times = 0; times < 3; times += 1) await signIn(stranger, ADA, "not the password at all");
  await signIn(await at("192.0.2.80", "Firefox on Windows"), ADA);
  await signIn(page, ADA);

  const [minute, hour, day] = [60, 3600, 86_400];
  await makeOlder(server, "sessions", ["created_at", "last_seen_at"], [
    [9 * day, 9 * day], [5 * hour, 41 * minute], [50 * minute, 12 * minute], [0, 0],
  ]);
  // A sign-in from a new device is told in two events.
  const times = (count, age) => Array(count).fill(age);
  const events = [...times(3, 9 * day), ...times(2, 5 * hour), ...times(3, 3 * hour), ...times(2, 50 * minute), 0];
  await makeOlder(server, "events", ["at"], events.map((age) => [age]));
  await page.goto("/dashboard");
}

/** The code in the only mail; behind a proxy there is no page for it. */
async function readCode(server) {
  const folder = join(server.home, "data", "mail");
  for (let tries = 0; tries < 100; tries += 1) {
    const [mail] = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".eml"));
    if (mail) return (await readFile(join(folder, mail), "utf8")).match(/\d{4} \d{4}/)[0];
    await sleep(100);
  }
  throw new Error("no mail");
}

/** Time does not pass for a picture: this puts the rows of a table, in their order, so many seconds back. */
async function makeOlder(server, table, columns, ages) {
  const program = `
import json, sqlite3, sys
path, table, columns, ages = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), json.loads(sys.argv[4])
with sqlite3.connect(path) as db:
    ids = [row[0] for row in db.execute(f"SELECT id FROM {table} ORDER BY id")]
    assert len(ids) == len(ages), (table, len(ids))
    for id, seconds in zip(ids, ages):
        for column, age in zip(columns, seconds):
            db.execute(f"UPDATE {table} SET {column} = {column} - ? WHERE id = ?", (age, id))
`;
  const database = join(server.home, "data", "vestibule.db");
  const words = ["-c", program, database, table, JSON.stringify(columns), JSON.stringify(ages)];
  await promisify(execFile)("python3", words);
}
