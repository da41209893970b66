// "Stay signed in": nobody notices when a token expires.
import assert from "node:assert/strict";
import { test } from "./house.mjs";
import { heading, path } from "./look.mjs";
import { press, register, signIn, signOut, somebody, submit } from "./people.mjs";

const SHORT = { TOKENS__LIFETIME: "1m" };
const REFRESH = "vestibule-refresh";

/** Somebody in a window of their own, signed in to stay. */
async function staying(house, { server, ...options } = {}) {
  const ada = somebody();
  await register(await house.page({ server }), ada);
  const window = await house.window({ server, ...options });
  const page = await window.newPage();
  await page.goto("/login");
  await page.getByLabel("Stay signed in for 30 days").check();
  await submit(page, { login: ada.username, password: ada.password });
  await page.waitForURL("**/dashboard");
  return { ada, window, page };
}

const refreshToken = async (window) => (await window.cookies()).find(({ name }) => name === REFRESH)?.value;

// First, since they wait for a minute; others run beside them.
test("six tabs that wake up after the token has expired stay signed in, all at once, and so does a form", async (house) => {
  const server = await house.server(SHORT);
  const { ada, window, page } = await staying(house, { server });
  const tabs = await Promise.all(Array.from({ length: 6 }, () => window.newPage()));
  const before = await refreshToken(window);
  await page.waitForTimeout(61_000);

  await Promise.all(tabs.map((tab) => tab.goto("/dashboard")));

  for (const tab of tabs) assert.equal(await heading(tab), `Hello, ${ada.username}`);
  const after = await refreshToken(window);
  assert.notEqual(after, before);
  await page.waitForTimeout(61_000);
  // It stood there all the time, and its button works.
  assert.equal(path(page), "/dashboard");
  await press(page, page.getByRole("banner").getByRole("button", { name: "Sign out" }));
  assert.equal(path(page), "/login");
  assert.equal(await refreshToken(window), undefined);
});

test("without scripts somebody stays signed in after the token has expired, too", async (house) => {
  const server = await house.server(SHORT);
  const { ada, page } = await staying(house, { server, javaScriptEnabled: false });
  await page.waitForTimeout(61_000);

  await page.goto("/reauth?next=/dashboard");
  await submit(page, { password: ada.password });
  assert.equal(path(page), "/dashboard");
  await page.reload();
  assert.equal(await heading(page), `Hello, ${ada.username}`);
});

test("whoever closes the browser and opens it again is signed in, unless they did not ask for it", async (house) => {
  const { ada, window, page } = await staying(house);
  const plain = await house.window();
  const other = await plain.newPage();
  await signIn(other, ada);

  for (const each of [window, plain]) {
    // What a browser forgets when it is closed: the cookies without an end.
    const kept = (await each.cookies()).filter(({ expires }) => expires !== -1);
    await each.clearCookies();
    await each.addCookies(kept);
  }
  await page.goto("/login");
  await other.goto("/dashboard");

  assert.equal(path(page), "/dashboard");
  assert.equal(path(other), "/login");
  const [cookie] = (await window.cookies()).filter(({ name }) => name === REFRESH);
  assert.ok(cookie.httpOnly && cookie.sameSite === "Lax");
  assert.ok(Math.abs(cookie.expires - Date.now() / 1000 - 30 * 86_400) < 60);
});

test("the dashboard says until when, and warns nobody who stays", async (house) => {
  const server = await house.server(SHORT);
  const { page } = await staying(house, { server });

  const you = await page.getByRole("region", { name: "You", exact: true }).innerText();
  assert.match(you, /You stay signed in here until \d+ \w+ \d{4}, \d\d:\d\d UTC at most/);
  assert.equal(await page.locator("#countdown").count(), 0);
  await page.waitForLoadState("networkidle");
  assert.equal(await page.locator("#ending").innerText(), "");
  assert.equal(await page.getByRole("button", { name: "Stay signed in" }).count(), 0);
});

test("the box is empty at first, can be ticked by its words, and stays ticked after a wrong password", async (house) => {
  const page = await house.page();
  const ada = somebody();
  await register(page, ada);
  await signOut(page);
  await page.goto("/login");
  const box = page.getByRole("checkbox");
  assert.equal(await box.isChecked(), false);

  await page.getByText("Stay signed in for").click();
  await submit(page, { login: ada.username, password: "not the password at all" });

  assert.equal(await box.isChecked(), true);
  const { width, height } = await box.boundingBox();
  assert.ok(width >= 24 && height >= 24);
});
