// The whole life of an account in one walk: with scripts, without, and while the mail server is away.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "./house.mjs";
import { heading, path } from "./look.mjs";
import { DevMailbox, MailServer } from "./mailboxes.mjs";
import { OTHER_PASSWORD, PASSWORD, press, register, signIn, signOut, somebody, submit } from "./people.mjs";
import { sleep } from "./server.mjs";

/** The longest that a page may take on a machine that does other things, too: less than any patience with a mail server. */
const SLOW = 8000;
/** How long the mail server is away. */
const AWAY = 20_000;
const SHORT = { TOKENS__LIFETIME: "1m" };

/** What each of the two addresses is told in the end. */
const TOLD = {
  old: [
    /Confirm your address/, /Choose a new password/, /Your password .* was changed/, /A new sign-in/,
    /asked to change/, /was replaced/, /was put back/, /is closed/, /is open again/,
  ],
  next: [/Confirm your address/, /was changed/, /was put back/],
};

const words = (page) => page.getByRole("main").innerText();
const code = (text) => text.match(/\d{4} \d{4}/)[0];
const link = (text, place) => text.match(new RegExp(`http\\S+/${place}/\\S+`))[0];

/** Somebody lives through all that can happen to an account; answers with the milliseconds that the slowest page took. */
async function walk(house, { mailbox, ...options }) {
  const name = somebody().username;
  const [old, next] = [`${name}@example.org`, `${name}@example.net`];
  const ada = somebody("ada", { email: old });
  const windows = [
    await house.window({ ...options, acceptDownloads: true }), await house.window({ ...options, device: "Safari on iPhone" }),
  ];
  const slowest = watch(windows);
  const [page, phone] = await Promise.all(windows.map((window) => window.newPage()));

  await register(page, ada);
  await page.getByRole("link", { name: "Confirm your address" }).click();
  await submit(page, { code: code(await mailbox.read(old, /Confirm your address/)) });
  assert.match(await words(page), /Your e-mail address is confirmed\./);

  await signIn(phone, ada);
  await forget(page, mailbox, old);
  await phone.goto("/dashboard");
  assert.equal(path(phone), "/login", "out elsewhere");

  ada.password = OTHER_PASSWORD;
  await staySignedIn(page, ada);
  await page.waitForTimeout(61_000);
  await page.goto("/dashboard");
  assert.equal(await heading(page), `Hello, ${ada.username}`, "in still, with a new token");

  await page.goto("/account/email");
  await page.locator("#email").fill(next);
  await press(page, page.getByRole("button", { name: "Send a code to it" }));
  await submit(page, { code: code(await mailbox.read(next, /Confirm your address/)) });
  assert.match(await words(page), /This is your e-mail address now\. You are signed out everywhere else/);
  await phone.goto(link(await mailbox.read(old, /was replaced/), "restore-email"));
  await press(phone, phone.getByRole("button", { name: "Put my address back" }));
  await submit(phone, { password: PASSWORD });
  assert.equal(path(phone), "/login");
  await page.goto("/dashboard");
  assert.equal(path(page), "/login", "whoever changed it is out");

  ada.password = PASSWORD;
  await signIn(page, ada);
  const file = await takeAlong(page);
  assert.deepEqual([file.user.username, file.user.email], [ada.username, old]);
  assert.ok(file.events.length > 10 && file.events.at(-1).kind === "data_exported", "the file tells of this walk");

  await close(page, ada);
  await submit(page, { login: old, password: ada.password });
  assert.match(await words(page), /Welcome back\. Your account is open again\./);

  await mailbox.read(old, /is open again/);
  for (const [address, told] of [[old, TOLD.old], [next, TOLD.next]]) {
    const subjects = await mailbox.subjects(address);
    for (const about of told) assert.ok(subjects.some((subject) => about.test(subject)), `${about}: ${subjects.join(", ")}`);
  }
  return slowest();
}

/** The password is forgotten, and another one chosen. */
async function forget(page, mailbox, email) {
  await signOut(page);
  await page.getByRole("link", { name: "Forgot your password?" }).click();
  await submit(page, { email });
  assert.equal(path(page), "/forgot/sent");
  await page.goto(link(await mailbox.read(email, /Choose a new password/), "reset"));
  assert.equal(path(page), "/reset");
  await submit(page, { password: OTHER_PASSWORD });
  assert.equal(path(page), "/login");
}

async function staySignedIn(page, ada) {
  await page.getByLabel("Stay signed in for 30 days").check();
  await submit(page, { login: ada.username, password: ada.password });
  assert.equal(path(page), "/dashboard");
}

async function takeAlong(page) {
  await page.goto("/account/export");
  const [download] = await Promise.all([
    page.waitForEvent("download"), page.getByRole("button", { name: "Get the file" }).click(),
  ]);
  return JSON.parse(await readFile(await download.path(), "utf8"));
}

async function close(page, ada) {
  await page.goto("/account/close");
  await page.getByLabel("Type your username").fill(ada.username);
  await press(page, page.getByRole("button", { name: "Close the account" }));
  assert.match(await words(page), /Your account is closed\./);
  await page.goto("/dashboard");
  assert.equal(path(page), "/login");
}

/** From now on: how many milliseconds the slowest page took to answer. */
function watch(windows) {
  const took = windows.map(() => 0);
  windows.forEach((window, at) => {
    window.on("requestfinished", (request) => {
      if (request.isNavigationRequest()) took[at] = Math.max(took[at], request.timing().responseEnd);
    });
  });
  return () => Math.round(Math.max(...took));
}

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with" : "without";
  test(`${how} scripts: a whole life, from the first day until the account is closed, and back`, async (house) => {
    const server = await house.server(SHORT);
    const mailbox = new DevMailbox(await house.page({ server }));

    const slowest = await walk(house, { server, mailbox, javaScriptEnabled });

    console.log(`    the slowest page took ${slowest} ms`);
    assert.ok(slowest < SLOW);
  });
}

test("a whole life while the mail server is away at first: no page waits for it, and every mail arrives", async (house) => {
  const mailbox = await MailServer.start();
  try {
    await mailbox.tell("down");
    const sender = { FROM: "door@example.org", SMTP_HOST: "127.0.0.1", SMTP_PORT: mailbox.port, SMTP_TLS: "none" };
    const settings = Object.entries(sender).map(([key, value]) => [`MAIL__${key}`, value]);
    const server = await house.server({ ...SHORT, ...Object.fromEntries(settings) });
    const back = sleep(AWAY).then(() => mailbox.tell("up"));

    const slowest = await walk(house, { server, mailbox });

    assert.equal(await back, "up");
    console.log(`    the slowest page took ${slowest} ms, the mail server being away for ${AWAY / 1000} s`);
    assert.ok(slowest < SLOW);
  } finally {
    mailbox.stop();
  }
});
