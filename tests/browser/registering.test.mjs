// New accounts: the first administrator's and everybody's.
import assert from "node:assert/strict";
import { test } from "./house.mjs";
import { errorBox, focused, heading } from "./look.mjs";
import { PASSWORD, register, somebody, submit } from "./people.mjs";
import { startServer } from "./server.mjs";

test("somebody new signs up and is in", async (house) => {
  const page = await house.page();
  const ada = somebody("ada", { email: "ada@example.org" });

  await page.goto("/");
  await page.getByRole("link", { name: "Create an account" }).click();
  assert.equal(await focused(page), "username");
  const answer = await submit(page, ada);

  assert.equal(answer.status(), 303);
  assert.equal(new URL(page.url()).pathname, "/dashboard");
  assert.equal(await heading(page), `Hello, ${ada.username}`);
  assert.match(await page.locator(".note.ok").innerText(), /Welcome\. Your account is ready\./);
  assert.match(await page.getByRole("main").innerText(), /ada@example\.org\s+Not confirmed/);
});

test("the first administrator comes in by the printed link, and nobody after them", async (house) => {
  const server = await startServer({ THROTTLE__ENABLED: "false" });
  try {
    const page = await house.page({ server });
    await page.goto(server.setupLink);
    assert.equal(new URL(page.url()).pathname, "/setup", "the token leaves the address");
    assert.equal(await focused(page), "username");
    await submit(page, { username: "root-of-all", password: PASSWORD });

    assert.equal(new URL(page.url()).pathname, "/account/totp");
    assert.match(await page.getByRole("main").innerText(), /A second step is asked for/);
    await page.goto("/dashboard");
    assert.equal(new URL(page.url()).pathname, "/account/totp", "nothing else is open");
    assert.match(await page.getByRole("contentinfo").innerText(), /Vestibule \d+\.\d+/);

    const late = await house.page({ server });
    const answer = await late.goto(server.setupLink);
    assert.equal(answer.status(), 410);
    assert.equal(await heading(late), "That link no longer works");
  } finally {
    await server.stop();
  }
});

test("a username that is taken is said at its field; the name stays, the password does not", async (house) => {
  const page = await house.page();
  const ada = somebody();
  await register(page, ada);

  const other = await house.page();
  await other.goto("/register");
  const answer = await submit(other, { username: ada.username, email: "eve@example.org", password: PASSWORD });

  assert.equal(answer.status(), 422);
  assert.match(await other.title(), /^Error: /);
  assert.match(await other.locator("#username-error").innerText(), /taken/i);
  assert.deepEqual(await errorBox(other), { focused: true, links: ["#username"] });
  assert.equal(await other.inputValue("#username"), ada.username);
  assert.equal(await other.inputValue("#email"), "eve@example.org");
  assert.equal(await other.inputValue("#password"), "");
});

test("a weak password is refused with a reason, and what to do", async (house) => {
  const page = await house.page();
  await page.goto("/register");
  const answer = await submit(page, { username: somebody().username, password: "passwordpassword" });

  assert.equal(answer.status(), 422);
  assert.deepEqual(await errorBox(page), { focused: true, links: ["#password"] });
  assert.notEqual(await page.locator("#password-error").innerText(), "");
  assert.equal(await page.inputValue("#password"), "");
});

test("each field that is wrong says so in words, to eyes and to screen readers", async (house) => {
  const page = await house.page();
  await page.goto("/register");
  // Past the browser's own checks, as an old browser would.
  await page.evaluate(() => (document.querySelector("main form").noValidate = true));
  const answer = await submit(page, { username: "a b", email: "nowhere", password: "short" });

  assert.equal(answer.status(), 422);
  assert.deepEqual(await errorBox(page), { focused: true, links: ["#username", "#email", "#password"] });
  for (const field of ["username", "email", "password"]) {
    const box = page.locator(`#${field}`);
    assert.equal(await box.getAttribute("aria-invalid"), "true", field);
    const described = (await box.getAttribute("aria-describedby")).split(" ");
    assert.ok(described.includes(`${field}-error`), `${field} points to its message`);
    for (const id of described) assert.equal(await page.locator(`#${id}`).count(), 1, `${id} is there`);
  }
  await page.getByRole("alert").getByRole("link").first().click();
  assert.equal(await focused(page), "username", "the link in the box leads to the field");
});

test("whoever is signed in is led from registration to the dashboard", async (house) => {
  const page = await house.page();
  await register(page, somebody());
  await page.goto("/register");
  assert.equal(new URL(page.url()).pathname, "/dashboard");
});

test("a closed house offers no account, and gives none", async (house) => {
  const server = await house.server({ REGISTRATION__MODE: "closed" });
  const page = await house.page({ server });
  await page.goto("/login");
  assert.equal(await page.getByRole("link", { name: "Create an account" }).count(), 0);
  assert.match(await page.getByRole("main").innerText(), /Ask your administrator for one/);

  const answer = await page.goto("/register");
  assert.equal(answer.status(), 403);
});
