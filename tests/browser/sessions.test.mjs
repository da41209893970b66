// Where am I signed in, until when, and how do I end it?
import assert from "node:assert/strict";
import { test } from "./house.mjs";
import { focused, heading, path } from "./look.mjs";
import { press, register, signIn, somebody, submit } from "./people.mjs";

const SHORT = { TOKENS__LIFETIME: "1m" };
const row = (page, device) => page.locator(".session", { hasText: device });

/** Somebody signed in on three devices: a page on each. */
async function everywhere(house, { server } = {}) {
  const ada = somebody();
  const linux = await house.page({ server });
  await register(linux, ada);
  const phone = await house.page({ server, device: "Safari on iPhone" });
  await signIn(phone, ada);
  const windows = await house.page({ server, device: "Firefox on Windows" });
  await signIn(windows, ada);
  await linux.goto("/dashboard");
  return { ada, linux, phone, windows };
}

// First, since it waits for a minute; others run beside it.
test("when the time is up the page goes to sign-in by itself, and back there afterwards", async (house) => {
  const server = await house.server(SHORT);
  const page = await house.page({ server });
  const ada = somebody();
  await register(page, ada);

  await page.waitForURL("**/login?next=%2Fdashboard", { timeout: 75_000 });
  await submit(page, { login: ada.username, password: ada.password });

  assert.equal(path(page), "/dashboard");
});

test("the dashboard names each device, marks this one and puts it first", async (house) => {
  const { linux } = await everywhere(house);

  const names = await linux.locator(".session strong").allInnerTexts();
  assert.equal(names[0], "Chrome on Linux");
  assert.deepEqual(names.sort(), ["Chrome on Linux", "Firefox on Windows", "Safari on iPhone"]);
  assert.equal(await linux.getByText("This one").count(), 1);
  assert.equal(await row(linux, "Chrome on Linux").getByText("This one").count(), 1);
  assert.equal(await row(linux, "Chrome on Linux").getByRole("button").count(), 0);
  const button = row(linux, "Safari on iPhone").getByRole("button");
  assert.match(await button.innerText(), /^Sign out/);
  assert.equal(await linux.getByRole("button", { name: /^Sign out Safari on iPhone, / }).count(), 1);
});

test("ending one session ends that one, at its next request", async (house) => {
  const { ada, linux, phone, windows } = await everywhere(house);

  const answer = await press(linux, row(linux, "Safari on iPhone").getByRole("button"));
  assert.equal(answer.status(), 303);
  assert.match(await linux.locator(".note").first().innerText(), /That session is signed out/);
  assert.equal(await row(linux, "Safari on iPhone").count(), 0);

  await phone.goto("/dashboard");
  assert.equal(path(phone), "/login");
  await windows.goto("/dashboard");
  assert.equal(path(windows), "/dashboard");
  await submit(phone, { login: ada.username, password: ada.password });
  assert.equal(path(phone), "/dashboard", "back to where they were going");
});

test("ending all others leaves this one", async (house) => {
  const { linux, phone, windows } = await everywhere(house);

  await press(linux, linux.getByRole("button", { name: "Sign out everywhere else" }));

  assert.match(await linux.locator(".note").first().innerText(), /All other sessions are signed out/);
  assert.match(await linux.getByRole("main").innerText(), /This is your only session/);
  for (const page of [phone, windows]) {
    await page.goto("/dashboard");
    assert.equal(path(page), "/login");
  }
});

test("an ended session's button does nothing but ask for sign-in", async (house) => {
  const { linux, phone } = await everywhere(house);
  await phone.goto("/dashboard");
  await press(linux, linux.getByRole("button", { name: "Sign out everywhere else" }));

  const answer = await press(phone, phone.getByRole("button", { name: "Stay signed in" }).first());

  assert.equal(answer.status(), 401);
  assert.equal(await heading(phone), "Please sign in");
  await phone.getByRole("link", { name: "Go on" }).click();
  await phone.waitForURL("**/login");
});

test("the activity tells what happened, repeats on one line", async (house) => {
  const { ada, linux, phone } = await everywhere(house);
  await press(phone, phone.getByRole("banner").getByRole("button", { name: "Sign out" }));
  for (let times = 0; times < 3; times += 1) await signIn(phone, ada, "not the password at all");
  await linux.goto("/dashboard");

  const activity = await linux.getByRole("region", { name: "Recent activity" }).innerText();
  assert.match(activity, /Failed\s+Wrong password at sign-in, 3 times/);
  assert.match(activity, /Safari on iPhone/);
  assert.match(activity, /Account created/);
  const safety = await linux.getByRole("region", { name: "Security check" }).innerText();
  assert.match(safety, /Somebody gave a wrong password lately/);
});

test("shortly before the end the page warns, aloud, and one button keeps the person in", async (house) => {
  const server = await house.server(SHORT);
  const page = await house.page({ server });
  await register(page, somebody());

  const warning = page.locator("#ending");
  await warning.getByText("You will be signed out in less than two minutes").waitFor();
  assert.equal(await warning.getAttribute("role"), "status");
  const ends = () => page.locator("#countdown").getAttribute("data-ends").then(Number);
  const before = await ends();
  await page.waitForTimeout(1100);
  await press(page, page.locator("#ending-renew"));

  assert.match(await page.locator(".note.ok").innerText(), /You stay signed in/);
  assert.ok((await ends()) > before);
  assert.notEqual(await focused(page), "ending-renew");
});

test("the countdown goes by the server's clock, even if this device's is wrong", async (house) => {
  const window = await house.window();
  const page = await window.newPage();
  await register(page, somebody());
  await page.clock.install({ time: Date.now() + 50 * 60_000 });
  await page.goto("/dashboard");
  await page.clock.runFor(1000);

  assert.match(await page.locator("#countdown").innerText(), /^in (59|60) minutes$|^in 1 hour$/);
  await page.clock.runFor(20 * 60_000);
  assert.match(await page.locator("#countdown").innerText(), /^in (39|40) minutes$/);
});
