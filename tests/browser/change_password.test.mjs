// Changing the password, with scripts and without.
import assert from "node:assert/strict";
import { test } from "./house.mjs";
import { errorBox, focused, heading, path } from "./look.mjs";
import { OTHER_PASSWORD, register, signIn, somebody, submit } from "./people.mjs";

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with scripts" : "without scripts";

  test(`changing the password signs out everywhere else, ${how}`, async (house) => {
    const page = await house.page({ javaScriptEnabled });
    const ada = somebody();
    await register(page, ada);
    const phone = await house.page();
    await signIn(phone, ada);

    await page.goto("/.well-known/change-password");
    assert.equal(path(page), "/account/password");
    assert.equal(await heading(page), "Change your password");
    assert.equal(await focused(page), "current_password");
    assert.equal(await page.inputValue('[autocomplete="username"]'), ada.username);
    assert.ok(await page.getByRole("checkbox", { name: "Sign out all other sessions" }).isChecked());

    const wrong = await submit(page, { current_password: "not the password at all", password: OTHER_PASSWORD });
    assert.equal(wrong.status(), 422);
    assert.deepEqual(await errorBox(page), { focused: true, links: ["#current_password"] });
    assert.equal(await page.inputValue("#current_password"), "");

    const done = await submit(page, { current_password: ada.password, password: OTHER_PASSWORD });
    assert.equal(done.status(), 303);
    assert.equal(path(page), "/dashboard");
    assert.match(await page.locator(".note.ok").innerText(), /You are signed out everywhere else/);

    await phone.goto("/dashboard");
    assert.equal(path(phone), "/login");
    assert.equal((await signIn(phone, ada)).status(), 422);
    assert.equal((await signIn(phone, ada, OTHER_PASSWORD)).status(), 303);
  });

  test(`a form of an ended session comes back with the box as it was, ${how}`, async (house) => {
    const page = await house.page({ javaScriptEnabled });
    const ada = somebody();
    await register(page, ada);
    await page.goto("/account/password");
    const phone = await house.page();
    await signIn(phone, ada);
    await phone.goto("/account/password");
    await submit(phone, { current_password: ada.password, password: OTHER_PASSWORD });

    const box = page.getByRole("checkbox");
    await box.uncheck();
    await submit(page, { current_password: ada.password, password: "three slow herons cross the weir" });
    assert.equal(path(page), "/login");
    await submit(page, { login: ada.username, password: OTHER_PASSWORD });

    assert.equal(path(page), "/account/password");
    assert.equal(await box.isChecked(), false);
    assert.equal(await page.inputValue("#password"), "");
  });
}

test("each of the two passwords has its own button to show it", async (house) => {
  const page = await house.page();
  await register(page, somebody());
  await page.goto("/account/password");

  await page.getByRole("button", { name: "Show current password" }).click();

  const types = ["#current_password", "#password"].map((box) => page.getAttribute(box, "type"));
  assert.deepEqual(await Promise.all(types), ["text", "password"]);
});

test("after a reset the name stands in the sign-in form, and only the password is typed", async (house) => {
  const ada = somebody();
  const page = await house.page();
  await register(page, ada);
  await page.goto(await (await house.server()).operator("user", "reset-link", ada.username));
  await submit(page, { password: OTHER_PASSWORD });

  assert.equal(path(page), "/login");
  assert.equal(await page.inputValue("#login"), ada.username);
  assert.equal(await focused(page), "password");
  const answer = await submit(page, { password: OTHER_PASSWORD });
  assert.equal(answer.status(), 303);
});
