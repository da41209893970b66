// The way out, and that it is shut behind whoever left.
import assert from "node:assert/strict";
import { test } from "./house.mjs";
import { heading, path } from "./look.mjs";
import { press, register, signOut, somebody } from "./people.mjs";

test("sign-out leads to the sign-in page and says so", async (house) => {
  const window = await house.window();
  const page = await window.newPage();
  await register(page, somebody());

  await signOut(page);

  assert.match(await page.getByRole("status").first().innerText(), /You are signed out/);
  const names = (await window.cookies()).map((cookie) => cookie.name);
  assert.ok(!names.includes("vestibule"), "the token's cookie is gone");
  await page.goto("/dashboard");
  assert.equal(path(page), "/login");
});

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with scripts" : "without scripts";
  test(`Back after sign-out shows no private page, ${how}`, async (house) => {
    const page = await house.page({ keepsPages: true, javaScriptEnabled });
    const ada = somebody();
    await register(page, ada);

    await signOut(page);
    await page.goBack({ waitUntil: "commit" });
    await page.waitForURL(/\/login/);

    assert.equal(await heading(page), "Sign in");
    assert.doesNotMatch(await page.content(), new RegExp(`Hello, ${ada.username}`));
  });
}

test("the browser itself says that it kept no copy of the private page", async (house) => {
  const window = await house.window({ keepsPages: true });
  const page = await window.newPage();
  await register(page, somebody());
  const chromium = await window.newCDPSession(page);
  await chromium.send("Page.enable");
  const reasons = new Promise((done) => {
    chromium.on("Page.backForwardCacheNotUsed", (event) => {
      done(event.notRestoredExplanations.map((explanation) => explanation.reason));
    });
  });

  await signOut(page);
  await page.goBack({ waitUntil: "commit" });

  const late = page.waitForTimeout(5000).then(() => ["none: it was shown from a copy"]);
  assert.match((await Promise.race([reasons, late])).join(" "), /NoStore/);
});

test("signing out in one tab empties the others", async (house) => {
  const window = await house.window();
  const one = await window.newPage();
  await register(one, somebody());
  const other = await window.newPage();
  await other.goto("/dashboard");

  await signOut(one);

  await other.waitForURL("**/login", { timeout: 5000 });
});

test("opening /logout changes nothing: it shows a button, and the button signs out", async (house) => {
  const page = await house.page();
  const ada = somebody();
  await register(page, ada);

  await page.goto("/logout");
  assert.equal(await heading(page), "Sign out?");
  await page.goto("/dashboard");
  assert.equal(await heading(page), `Hello, ${ada.username}`);

  await page.goto("/logout");
  await press(page, page.getByRole("main").getByRole("button", { name: "Sign out" }));
  assert.equal(path(page), "/login");
  await page.goto("/logout");
  assert.equal(await heading(page), "You are signed out");
});
