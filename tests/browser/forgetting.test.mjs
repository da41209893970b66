// Forgot the password: from the sign-in page through the mail back to the dashboard.
import assert from "node:assert/strict";
import { test } from "./house.mjs";
import { errorBox, focused, heading, path } from "./look.mjs";
import { OTHER_PASSWORD, askForLink, openLatestMail, register, signIn, somebody, submit } from "./people.mjs";

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with" : "without";
  test(`${how} scripts: forget, read the mail, choose a new password, sign in; signed out everywhere else`, async (house) => {
    const ada = somebody("ada", { email: `${somebody().username}@example.org` });
    const old = await house.page();
    await register(old, ada);

    const page = await house.page({ javaScriptEnabled });
    await page.goto("/login");
    await page.getByRole("link", { name: "Forgot your password?" }).click();
    assert.equal(path(page), "/forgot");
    assert.equal(await focused(page), "email");
    const answer = await submit(page, { email: ada.email.toUpperCase() });
    assert.equal(answer.status(), 303);
    assert.equal(path(page), "/forgot/sent");
    const words = await page.getByRole("main").innerText();
    assert.match(words, new RegExp(`If ${ada.email.toUpperCase()} has an account, a message is on its way`, "i"));

    await page.getByRole("link", { name: "Open the mailbox" }).click();
    await openLatestMail(page, ada.email);
    assert.equal(await heading(page), "Choose a new password for Vestibule");
    await page.locator(".letter a").first().click();
    await page.waitForURL("**/reset");
    assert.equal(await focused(page), "password");
    await submit(page, { password: OTHER_PASSWORD });
    assert.equal(path(page), "/login");
    await old.goto("/dashboard");
    assert.equal(path(old), "/login");
    assert.equal((await signIn(page, ada, OTHER_PASSWORD)).status(), 303);
    assert.equal(path(page), "/dashboard");

    await openLatestMail(page, ada.email, 2);
    assert.equal(await heading(page), "Your password for Vestibule was changed");
  });
}

test("a link that is used up leads to a new one, and the address is filled in", async (house) => {
  const ada = somebody("ada", { email: `${somebody().username}@example.org` });
  const page = await house.page();
  await register(await house.page(), ada);
  await askForLink(page, ada.email);
  await openLatestMail(page, ada.email);
  const link = await page.locator(".letter a").first().getAttribute("href");
  await askForLink(page, ada.email);
  await openLatestMail(page, ada.email, 2);

  const old = await page.goto(link);
  assert.equal(old.status(), 410);
  await page.getByRole("link", { name: "Send a new link" }).click();
  assert.equal(path(page), "/forgot");
  assert.equal(await page.inputValue("#email"), ada.email);
});

test("an address that is none is said above and beside its field", async (house) => {
  const page = await house.page();
  await page.goto("/forgot");
  await page.evaluate(() => (document.querySelector("main form").noValidate = true));
  const answer = await submit(page, { email: "ada" });

  assert.equal(answer.status(), 422);
  assert.match(await page.title(), /^Error: /);
  assert.deepEqual(await errorBox(page), { focused: true, links: ["#email"] });
  assert.equal(await page.inputValue("#email"), "ada");
});

test("where no mail arrives the sign-in page sends people to their administrator", async (house) => {
  const page = await house.page({ server: await house.server({ REGISTRATION__EMAIL: "hidden" }) });
  await page.goto("/login");
  assert.match(await page.getByRole("main").innerText(), /Ask your administrator for a reset link/);
  assert.equal((await page.goto("/forgot")).status(), 404);
});
