// Passwords: typed, pasted, shown, confirmed and reset.
import assert from "node:assert/strict";
import { test } from "./house.mjs";
import { errorBox, focused, heading, path } from "./look.mjs";
import { OTHER_PASSWORD, PASSWORD, register, signIn, somebody, submit } from "./people.mjs";

for (const place of ["/login", "/register"]) {
  test(`a password can be pasted on ${place}`, async (house) => {
    const page = await house.page();
    await page.goto(place);
    const name = page.locator('main input[type="text"]').first();
    await name.fill(PASSWORD);
    await name.selectText();
    await page.keyboard.press("Control+X");
    await page.focus("#password");
    await page.keyboard.press("Control+V");
    assert.equal(await page.inputValue("#password"), PASSWORD);
  });
}

test("a password can be shown, and hides again when it is sent", async (house) => {
  const page = await house.page();
  await page.goto("/login");
  await page.fill("#login", "ada");
  await page.fill("#password", "abc");
  const show = page.getByRole("button", { name: "Show password" });

  assert.equal(await show.getAttribute("aria-pressed"), "false");
  await show.click();
  assert.equal(await page.getAttribute("#password", "type"), "text");
  assert.equal(await show.getAttribute("aria-pressed"), "true");
  assert.equal(await page.inputValue("#password"), "abc");

  const typeWhenSent = await page.evaluate(() => {
    const form = document.querySelector("main form");
    form.addEventListener("submit", (event) => event.preventDefault());
    form.requestSubmit();
    return document.getElementById("password").type;
  });
  assert.equal(typeWhenSent, "password");
});

test("Caps Lock is said beside the password, and only there", async (house) => {
  const page = await house.page();
  await page.goto("/login");
  const press = (id) =>
    page.evaluate((id) => {
      const event = new KeyboardEvent("keydown", { key: "A", modifierCapsLock: true, bubbles: true });
      document.getElementById(id).dispatchEvent(event);
    }, id);
  await press("login");
  assert.equal(await page.locator("[data-caps]").innerText(), "");
  await press("password");
  assert.equal(await page.locator("[data-caps]").innerText(), "Caps Lock is on.");
  assert.equal(await page.getAttribute("[data-caps]", "role"), "status");
  await page.focus("#password");
  await page.focus("#login");
  assert.equal(await page.locator("[data-caps]").innerText(), "");
});

test("confirming that it is you: the name stands there, a wrong password says so, the right one leads on", async (house) => {
  const page = await house.page();
  const ada = somebody();
  await register(page, ada);

  await page.goto("/reauth?next=/dashboard%3Fconfirmed%3D1");
  assert.equal(await heading(page), "Confirm it is you");
  assert.equal(await focused(page), "password");
  assert.equal(await page.inputValue("#username"), ada.username);
  assert.match(await page.locator(".purpose").innerText(), /to go on to \/dashboard/);

  const wrong = await submit(page, { password: "not the password at all" });
  assert.equal(wrong.status(), 422);
  assert.match(await page.title(), /^Error: /);
  assert.equal(await focused(page), "password");

  const right = await submit(page, { password: ada.password });
  assert.equal(right.status(), 303);
  assert.equal(new URL(page.url()).search, "?confirmed=1");
  assert.doesNotMatch(await page.getByRole("main").innerText(), /The time before/, "that was no other sign-in");
});

test("a reset link sets a new password, ends every session, and works once", async (house) => {
  const server = await house.server();
  const ada = somebody();
  const old = await house.page();
  await register(old, ada);
  const link = await server.operator("user", "reset-link", ada.username);

  const page = await house.page();
  await page.goto(link);
  assert.equal(path(page), "/reset", "the token leaves the address");
  assert.equal(await focused(page), "password");
  assert.match(await page.getByRole("main").innerText(), new RegExp(`For the account ${ada.username}`));

  await submit(page, { password: "passwordpassword" });
  assert.deepEqual(await errorBox(page), { focused: true, links: ["#password"] });
  const answer = await submit(page, { password: OTHER_PASSWORD });
  assert.equal(answer.status(), 303);
  assert.equal(path(page), "/login", "nobody is signed in by a link");
  assert.match(await page.locator(".note.ok").innerText(), /Your new password is saved/);

  await old.goto("/dashboard");
  assert.equal(path(old), "/login");
  assert.equal((await signIn(page, ada)).status(), 422);
  assert.equal((await signIn(page, ada, OTHER_PASSWORD)).status(), 303);
  const again = await page.goto(link);
  assert.equal(again.status(), 410);
  assert.equal(await heading(page), "That link no longer works");
});
