// Everything works without JavaScript.
import assert from "node:assert/strict";
import { test } from "./house.mjs";
import { heading, path } from "./look.mjs";
import { OTHER_PASSWORD, press, register, signIn, signOut, somebody, submit } from "./people.mjs";

const SILENT = { javaScriptEnabled: false };

test("without scripts: sign up, look around, stay, end the others, confirm, sign out, sign in", async (house) => {
  const page = await house.page(SILENT);
  const ada = somebody();
  await register(page, ada);
  assert.equal(await heading(page), `Hello, ${ada.username}`);

  const phone = await house.page({ ...SILENT, device: "Safari on iPhone" });
  await signIn(phone, ada);
  await page.reload();
  assert.equal(await page.locator(".session").count(), 2);

  await press(page, page.getByRole("button", { name: "Stay signed in" }));
  assert.match(await page.locator(".note.ok").innerText(), /You stay signed in/);
  await press(page, page.getByRole("button", { name: /^Sign out Safari on iPhone/ }));
  assert.equal(await page.locator(".session").count(), 1);
  await phone.reload();
  assert.equal(path(phone), "/login");

  await page.goto("/reauth?next=/dashboard");
  await submit(page, { password: ada.password });
  assert.equal(path(page), "/dashboard");

  await signOut(page);
  await page.goto("/login");
  await page.fill("#login", ada.username);
  await page.fill("#password", ada.password);
  await page.press("#password", "Enter");
  await page.waitForURL("**/dashboard");
});

test("without scripts: errors take the focus, and a new password can be set", async (house) => {
  const server = await house.server();
  const page = await house.page(SILENT);
  const ada = somebody();
  await page.goto("/register");
  await submit(page, { username: ada.username, password: "passwordpassword" });
  await page.locator("#form-error:focus").waitFor();
  await submit(page, { username: ada.username, password: ada.password });
  await signOut(page);

  await signIn(page, ada, "not the password at all");
  await page.locator("#password:focus").waitFor();

  await page.goto(await server.operator("user", "reset-link", ada.username));
  await submit(page, { password: OTHER_PASSWORD });
  await signIn(page, ada, OTHER_PASSWORD);
  assert.equal(path(page), "/dashboard");
});

test("without scripts no button is dead: each one sends a form", async (house) => {
  const page = await house.page(SILENT);
  const dead = async (place) => {
    await page.goto(place);
    const buttons = page.locator("button:visible");
    return buttons.evaluateAll((all) => all.filter((button) => !button.form || button.type !== "submit").length);
  };
  for (const place of ["/login", "/register"]) assert.equal(await dead(place), 0, place);
  await register(page, somebody());
  for (const place of ["/dashboard", "/reauth", "/logout"]) assert.equal(await dead(place), 0, place);
});
