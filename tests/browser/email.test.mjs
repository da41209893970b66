// The e-mail address of an account: proven, changed, and put back from the old mailbox.
import assert from "node:assert/strict";
import { test } from "./house.mjs";
import { errorBox, focused, heading, path } from "./look.mjs";
import { OTHER_PASSWORD, openLatestMail, press, readCode, register, signIn, somebody, submit } from "./people.mjs";

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with" : "without";
  test(`${how} scripts: register, confirm the address by code, change it, put it back from the old mailbox`, async (house) => {
    const name = somebody().username;
    const [old, next] = [`${name}@example.org`, `${name}@example.net`];
    const ada = somebody("ada", { email: old });
    const [page, mailbox] = [await house.page({ javaScriptEnabled }), await house.page()];

    await register(page, ada);
    assert.match(await page.locator(".note.ok").innerText(), new RegExp(`We sent a message to ${old}`));
    await page.getByRole("link", { name: "Confirm your address" }).click();
    assert.equal(await focused(page), "code");
    assert.equal((await submit(page, { code: "0000" })).status(), 422);
    assert.match(await page.title(), /^Error: /);
    assert.deepEqual(await errorBox(page), { focused: true, links: ["#code"] });
    await submit(page, { code: await readCode(mailbox, old) });
    assert.match(await page.getByRole("main").innerText(), /Your e-mail address is confirmed\./);
    assert.equal(await page.locator(".badge.ok").innerText(), "Confirmed");

    const phone = await house.page({ javaScriptEnabled, device: "Safari on iPhone" });
    await signIn(phone, ada);
    await page.locator("#email").fill(next);
    await press(page, page.getByRole("button", { name: "Send a code to it" }));
    await openLatestMail(mailbox, old, 1, /asked to change/);
    assert.match(await heading(mailbox), /^Somebody asked to change your e-mail address/);
    await submit(page, { code: await readCode(mailbox, next) });
    assert.match(await page.locator(".note.ok").innerText(), /This is your e-mail address now\. You are signed out everywhere else/);
    await phone.goto("/dashboard");
    assert.equal(path(phone), "/login");

    await openLatestMail(phone, old, 1, /was replaced/);
    await phone.locator(".letter a").first().click();
    await phone.waitForURL("**/restore-email");
    assert.match(await phone.getByRole("main").innerText(), new RegExp(`${ada.username} gets the address ${old} back`));
    await press(phone, phone.getByRole("button", { name: "Put my address back" }));
    assert.equal(path(phone), "/reset");
    await page.goto("/dashboard");
    assert.equal(path(page), "/login");
    await submit(phone, { password: OTHER_PASSWORD });
    assert.equal(path(phone), "/login");
    assert.equal((await signIn(phone, { ...ada, username: old }, OTHER_PASSWORD)).status(), 303);
    await phone.goto("/account/email");
    assert.match(await phone.getByRole("main").innerText(), new RegExp(old));
  });
}

test("the link of the mail leads a signed-out browser to sign-in and back to its button", async (house) => {
  const email = `${somebody().username}@example.org`;
  const ada = somebody("ada", { email });
  const page = await house.page();
  await register(await house.page(), ada);
  await openLatestMail(page, email, 1, /Confirm your address/);
  await page.locator(".letter a").first().click();
  await page.waitForURL("**/verify-email");
  assert.equal(await heading(page), "Sign in to confirm your address");
  await page.locator("main .button.primary").click();
  await page.waitForURL("**/login**");
  await submit(page, { login: ada.username, password: ada.password });
  assert.equal(path(page), "/verify-email");
  await press(page, page.getByRole("button", { name: "Yes, confirm it" }));
  assert.equal(path(page), "/account/email");
  assert.match(await page.locator(".note.ok").innerText(), /is confirmed/);
});
