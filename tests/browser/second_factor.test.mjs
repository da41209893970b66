// The second step of signing in: a code of the app, or one from paper.
import assert from "node:assert/strict";
import { test } from "./house.mjs";
import { focused, heading, path } from "./look.mjs";
import { press, register, signIn, signOut, somebody, submit } from "./people.mjs";
import { code, turnOn } from "./phone.mjs";

/** Somebody with an app and codes on paper, and a page of a window that knows nothing of them. */
async function outside(house, options) {
  const ada = somebody();
  const home = await house.page();
  await register(home, ada);
  const { key, codes } = await turnOn(home);
  return { ada, key, codes, page: await house.page(options) };
}

test("a code of the app leads in, by the keyboard alone, with a blank in its middle", async (house) => {
  const { ada, key, page } = await outside(house);
  await page.goto("/dashboard?seen=1");
  await page.fill("#login", ada.username);
  await page.fill("#password", ada.password);
  await page.press("#password", "Enter");
  await page.waitForURL("**/login/totp");
  assert.equal(await heading(page), "Code from your authenticator app");
  assert.equal(await focused(page), "code", "ready to type");
  assert.equal(await page.locator("#trust_browser").isChecked(), false);

  const typed = code(key);
  await page.keyboard.type(`${typed.slice(0, 3)} ${typed.slice(3)}`);
  assert.equal(path(page), "/login/totp", "nothing is sent by itself");
  await page.keyboard.press("Enter");

  await page.waitForURL("**/dashboard?seen=1");
});

test("a wrong code is told, and the right one leads in after it", async (house) => {
  const { ada, key, page } = await outside(house);
  await signIn(page, ada);

  const answer = await submit(page, { code: "000000" });

  assert.equal(answer.status(), 422);
  assert.match(await page.title(), /^Error: /);
  assert.match(await page.getByRole("alert").innerText(), /That code is not right/);
  assert.equal(await page.inputValue("#code"), "");
  assert.equal(await focused(page), "code", "ready for another");
  assert.match(await page.getAttribute("#code", "aria-describedby"), /form-error/);
  await submit(page, { code: code(key) });
  assert.equal(path(page), "/dashboard");
});

for (const javaScriptEnabled of [true, false]) {
  test(`a recovery code leads in once, scripts ${javaScriptEnabled ? "on" : "off"}`, async (house) => {
    const { ada, codes, page } = await outside(house, { javaScriptEnabled });
    await signIn(page, ada);
    await page.getByRole("link", { name: "Use a recovery code" }).click();
    await page.waitForURL("**/login/recovery-code");
    assert.equal(await heading(page), "One of your recovery codes");

    await submit(page, { code: codes[3].toUpperCase() });

    assert.equal(path(page), "/dashboard");
    await signOut(page);
    await signIn(page, ada);
    await page.goto("/login/recovery-code");
    assert.equal((await submit(page, { code: codes[3] })).status(), 422, "used up");
    await submit(page, { code: codes[4] });
    assert.equal(path(page), "/dashboard");
  });
}

test("a browser that is trusted asks for the password alone, until none is trusted any more", async (house) => {
  const { ada, key, codes, page } = await outside(house);
  await signIn(page, ada);
  await page.getByLabel("Trust this browser for 30 days").check();
  await submit(page, { code: code(key) });
  await signOut(page);

  await signIn(page, ada);

  assert.equal(path(page), "/dashboard");
  // The password alone is no proof of what matters.
  await page.goto("/account/totp");
  assert.equal(path(page), "/reauth");
  await submit(page, { password: ada.password, code: codes[1] });
  assert.equal(path(page), "/account/totp");
  await press(page, page.getByRole("button", { name: "Trust no browser any more" }));
  await signOut(page);
  await signIn(page, ada);
  assert.equal(path(page), "/login/totp");
  await page.goto("/login/recovery-code");
  await submit(page, { code: codes[0] });
  assert.equal(path(page), "/dashboard");
});

test("somebody else signs in instead", async (house) => {
  const { ada, page } = await outside(house);
  const bob = somebody("bob");
  await register(await house.page(), bob);
  await signIn(page, ada);

  await press(page, page.getByRole("button", { name: "Sign in as somebody else" }));

  assert.equal(path(page), "/login");
  await signIn(page, bob);
  assert.equal(path(page), "/dashboard");
  await page.goto("/login/totp");
  assert.equal(path(page), "/dashboard", "there is nothing to go back to");
});
