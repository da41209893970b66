// Passkeys, with a device that Chromium plays itself.
import assert from "node:assert/strict";
import { ask, addPasskey, device, use } from "./devices.mjs";
import { test } from "./house.mjs";
import { heading, path } from "./look.mjs";
import { press, register, signIn, signOut, somebody } from "./people.mjs";

/** Somebody with a passkey on a device, signed in. */
async function stage(house) {
  const page = await house.page();
  const ada = somebody();
  const keys = await device(page);
  await register(page, ada);
  await addPasskey(page);
  await page.waitForURL("**/account/recovery-codes");
  return { page, ada, keys };
}

test("add a passkey, sign in with the button, and the page says so", async (house) => {
  const { page, keys } = await stage(house);
  assert.match(await page.locator(".note.ok").innerText(), /Add a second one in case you lose this device/);
  assert.equal((await keys.credentials()).length, 1);
  await keys.touch(false);
  await signOut(page);
  // While nobody touches it, the list of the field does not come first.
  await page.locator("#stay_signed_in").check();
  await keys.touch(true);
  await use(page);
  await page.waitForURL("**/dashboard");
  assert.ok((await page.context().cookies()).some(({ name }) => name === "vestibule-refresh"), "and stay");
  await page.goto("/account/passkeys");
  assert.match(await page.locator(".passkey").innerText(), /Chrome on Linux, \w+ \d{4}[\s\S]*last used just now/);
});

test("sign in from the list of the name's field, without a press", async (house) => {
  const { page } = await stage(house);
  await page.goto("/account/sessions");
  await page.getByRole("banner").getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL("**/dashboard");
  assert.match(await heading(page), /Hello/);
});

test("while the list waits a name can be typed, and the button takes the device from it", async (house) => {
  const { page, ada, keys } = await stage(house);
  await keys.touch(false);
  await signOut(page);
  const asked = page.waitForResponse((response) => response.url().endsWith("/login/passkey/options"));
  await page.reload();
  await asked;
  await page.waitForTimeout(300);
  await page.locator("#login").fill(ada.username);
  await ask(page).click();
  await page.waitForTimeout(300);
  assert.ok(await ask(page).isDisabled(), "it has the device now");
  assert.equal(await page.locator("form[data-passkey] [role=alert]").innerText(), "");
  await keys.touch(true);
  await page.reload();
  await page.waitForURL("**/dashboard");
});

test("a passkey that was removed elsewhere is not known, and its device forgets it", async (house) => {
  const { page, ada, keys } = await stage(house);
  await keys.touch(false);
  const phone = await house.page({ javaScriptEnabled: false });
  await phone.context().addCookies(await page.context().cookies());
  await phone.goto("/account/passkeys");
  await phone.locator("summary").click();
  await press(phone, phone.getByRole("button", { name: "Remove" }));
  await page.goto("/login");
  assert.equal((await keys.credentials()).length, 1);
  await keys.touch(true);
  const answer = await use(page);
  assert.equal(answer.status(), 422);
  assert.match(await page.locator("#form-error").innerText(), /That passkey is not known here/);
  await page.waitForTimeout(500);
  assert.deepEqual(await keys.credentials(), [], `told by signalUnknownCredential, not of ${ada.username}`);
});

test("a device that does not know its user signs nobody in", async (house) => {
  const { page, keys } = await stage(house);
  await keys.lookAtUser(false);
  await signOut(page);
  await ask(page).click();
  await page.waitForTimeout(1000);
  assert.equal(path(page), "/login");
  assert.ok(await ask(page).isEnabled());
  assert.equal(await page.locator("form[data-passkey] [role=alert]").innerText(), "");
});

test("it is the second step after the password, and proves anew who one is", async (house) => {
  const { page, ada } = await stage(house);
  const laptop = await house.page();
  const keys = await device(laptop);
  await keys.touch(false);
  await signIn(laptop, ada);
  await laptop.goto("/login/passkey");
  assert.equal(await heading(laptop), "Use your passkey");
  assert.match(await laptop.locator("main").innerText(), /Your password is right, .*Now your passkey/);
  await page.goto("/reauth?next=/account/passkeys");
  await use(page);
  assert.equal(path(page), "/account/passkeys");
});

test("the very device that the password was typed on is the second step", async (house) => {
  const { page, ada, keys } = await stage(house);
  await keys.touch(false);
  await signOut(page);
  await signIn(page, ada);
  await page.goto("/login/passkey");
  await keys.touch(true);
  await use(page);
  await page.waitForURL("**/dashboard");
  await page.goto("/account/sessions");
  assert.match(await page.locator("main").innerText(), /with the password and a passkey/);
});

test("a device is not asked for a second passkey of the same person", async (house) => {
  const { page } = await stage(house);
  await page.goto("/account/passkeys");
  await ask(page).click();
  const note = page.locator("form[data-passkey] [role=alert]");
  await page.waitForFunction((note) => note.textContent !== "", await note.elementHandle());
  assert.equal(await note.innerText(), "This device has a passkey of yours already.");
  assert.ok(await ask(page).isEnabled());
});

test("rename one, remove one, and its device forgets it", async (house) => {
  const { page, keys } = await stage(house);
  await page.goto("/account/passkeys");
  await page.locator("summary").click();
  await page.getByLabel("Name").fill("My laptop");
  await press(page, page.getByRole("button", { name: "Rename" }));
  assert.match(await page.locator(".passkey").innerText(), /My laptop/);
  await page.locator("summary").click();
  await press(page, page.getByRole("button", { name: "Remove My laptop" }));
  assert.match(await page.locator(".note.ok").innerText(), /That passkey is removed/);
  await page.waitForTimeout(500);
  assert.deepEqual(await keys.credentials(), [], "told by signalAllAcceptedCredentials");
});

test("without scripts: the page tells, renames and removes, and says what it cannot do", async (house) => {
  const { page, ada } = await stage(house);
  const plain = await house.page({ javaScriptEnabled: false });
  await plain.goto("/login");
  assert.ok(!(await plain.getByText("Sign in with a passkey").isVisible()));
  await plain.context().addCookies(await page.context().cookies());
  await plain.goto("/account/passkeys");
  assert.match(await plain.locator("main").innerText(), /Adding a passkey needs JavaScript/);
  assert.ok(!(await plain.getByRole("button", { name: "Add a passkey" }).isVisible()));
  await plain.locator("summary").click();
  await plain.getByLabel("Name").fill(`The one of ${ada.username}`);
  await press(plain, plain.getByRole("button", { name: "Rename" }));
  assert.match(await plain.locator(".passkey").innerText(), /The one of/);
  await plain.locator("summary").click();
  await press(plain, plain.getByRole("button", { name: "Remove" }));
  assert.match(await plain.locator("main").innerText(), /You have no passkey yet/);
});
