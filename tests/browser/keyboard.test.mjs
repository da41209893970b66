// Everything can be reached and worked by keyboard, and one always sees where one is.
import assert from "node:assert/strict";
import { test } from "./house.mjs";
import { contrast, errorBox, focused, path } from "./look.mjs";
import { register, somebody, submit } from "./people.mjs";

/** Presses Tab until the focus has left the page; answers with all stops, each seen and not hidden by anything. */
async function stops(page) {
  // Where a page puts the focus by itself, it has done so once this is answered.
  await focused(page);
  await page.evaluate(() => {
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute("tabindex");
  });
  const seen = [];
  for (let steps = 0; steps < 40; steps += 1) {
    await page.keyboard.press("Tab");
    if (await page.evaluate(() => document.activeElement === document.body)) return seen;
    seen.push(await focused(page));
    const { style, width, gap, colour, ground, isSeen } = await page.evaluate(() => {
      const it = document.activeElement;
      const { outlineStyle, outlineWidth, outlineOffset, outlineColor } = getComputedStyle(it);
      const { left, top, width, height } = it.getBoundingClientRect();
      const there = document.elementFromPoint(left + width / 2, top + height / 2);
      return {
        style: outlineStyle, width: parseFloat(outlineWidth), gap: parseFloat(outlineOffset), colour: outlineColor,
        ground: getComputedStyle(document.body).backgroundColor,
        isSeen: it.contains(there) || there?.contains(it),
      };
    });
    assert.deepEqual({ style, width, gap }, { style: "solid", width: 3, gap: 2 }, `focus is seen at ${seen.at(-1)}`);
    assert.ok(contrast(colour, ground) >= 3, `${colour} on ${ground}`);
    assert.ok(isSeen, `${seen.at(-1)} is not hidden`);
  }
  throw new Error(`a trap: ${seen}`);
}

for (const colorScheme of ["light", "dark"]) {
  test(`the ways through sign-in and registration by Tab, focus always seen (${colorScheme})`, async (house) => {
    const page = await house.page({ colorScheme });

    await page.goto("/login");
    assert.deepEqual(await stops(page), [
      "a Skip to the content", "a Vestibule", "login", "password", "button Show password", "stay_signed_in", "button Sign in",
      "button Sign in with a passkey", "a Forgot your password?", "a Create an account",
    ]);

    await page.goto("/register");
    assert.deepEqual(await stops(page), [
      "a Skip to the content", "a Vestibule", "username", "email", "password", "button Show password",
      "button Create account", "a Sign in",
    ]);
  });
}

test("the way through the dashboard by Tab", async (house) => {
  const page = await house.page();
  await register(page, somebody());
  assert.deepEqual(await stops(page), [
    "a Skip to the content", "a Vestibule", "a Overview", "a Sessions", "a Activity", "a Settings", "button Sign out",
    "button Stay signed in", "a Change your password", "a Add one", "a Turn it on", "a Add a passkey", "a All sessions", "a All activity",
  ]);
});

test("a whole visit without a mouse", async (house) => {
  const page = await house.page();
  const ada = somebody();
  const type = async (...keys) => {
    for (const text of keys) {
      await page.keyboard.type(text);
      await page.keyboard.press("Tab");
    }
  };

  await page.goto("/register");
  assert.equal(await focused(page), "username");
  await type(ada.username, "ada@example.org", ada.password);
  await page.keyboard.press("Enter");
  assert.equal(await page.getAttribute("#password", "type"), "text", "Enter on Show shows the password");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/dashboard");

  await page.getByRole("banner").getByRole("button", { name: "Sign out" }).focus();
  await page.keyboard.press("Space");
  await page.waitForURL("**/login");
  assert.equal(await focused(page), "login");
  await type(ada.username);
  await page.keyboard.type(ada.password);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/dashboard");
});

test("the first stop of every page leads past the header", async (house) => {
  const page = await house.page();
  await register(page, somebody());
  await page.goto("/dashboard");
  await page.keyboard.press("Tab");
  assert.equal(await focused(page), "a Skip to the content");
  const { y } = await page.getByRole("link", { name: "Skip to the content" }).boundingBox();
  assert.ok(y >= 0, "it is seen when it has the focus");

  await page.keyboard.press("Enter");

  assert.equal(await focused(page), "main");
  assert.equal(path(page), "/dashboard");
});

test("from the list of mistakes the next Tab leads to the first of them", async (house) => {
  const page = await house.page();
  await page.goto("/register");
  await submit(page, { username: somebody().username, password: "passwordpassword" });
  assert.ok((await errorBox(page)).focused);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  assert.equal(await focused(page), "password");
});
