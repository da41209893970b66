// Who are you?
import assert from "node:assert/strict";
import { test } from "./house.mjs";
import { focused, heading, path } from "./look.mjs";
import { register, signIn, signOut, somebody, submit } from "./people.mjs";

/** A page at /login, and somebody with an account who is signed out. */
async function outside(house, details, options) {
  const page = await house.page(options);
  const ada = somebody("ada", details);
  await register(page, ada);
  await signOut(page);
  return { page, ada };
}

test("a username and its password lead in", async (house) => {
  const { page, ada } = await outside(house);
  await page.goto("/login");
  assert.equal(await focused(page), "login", "ready to type");

  const answer = await signIn(page, ada);

  assert.equal(answer.status(), 303);
  assert.equal(path(page), "/dashboard");
  assert.equal(await heading(page), `Hello, ${ada.username}`);
});

test("so does an e-mail address", async (house) => {
  const email = `${somebody().username}@example.org`;
  const { page, ada } = await outside(house, { email });
  await page.goto("/login");
  await submit(page, { login: email.toUpperCase(), password: ada.password });
  assert.equal(await heading(page), `Hello, ${ada.username}`);
});

test("a wrong password: the name stays, the password goes and has the focus, the title says Error", async (house) => {
  const { page, ada } = await outside(house);

  const answer = await signIn(page, ada, "not the password at all");

  assert.equal(answer.status(), 422);
  assert.match(await page.title(), /^Error: Sign in – /);
  assert.equal(await focused(page), "password");
  assert.equal(await page.inputValue("#login"), ada.username);
  assert.equal(await page.inputValue("#password"), "");
  assert.match(await page.getByRole("alert").innerText(), /do not go together/);
  assert.equal(await page.getAttribute("#password", "aria-describedby"), "form-error");
});

test("nobody can tell from the page whether an account exists", async (house) => {
  const { page, ada } = await outside(house);
  const texts = [];
  for (const username of [ada.username, somebody("eve").username]) {
    const answer = await signIn(page, { username }, "not the password at all");
    const text = await answer.text();
    texts.push(text.replaceAll(username, "somebody").replace(/nonce="[^"]*"/g, ""));
  }
  assert.equal(texts[0], texts[1]);
});

test("Enter in the password field signs in", async (house) => {
  const { page, ada } = await outside(house);
  await page.goto("/login");
  await page.fill("#login", ada.username);
  await page.fill("#password", ada.password);
  await page.press("#password", "Enter");
  await page.waitForURL("**/dashboard");
});

test("a button pressed three times sends its form once", async (house) => {
  const { page, ada } = await outside(house);
  await page.goto("/login");
  await page.fill("#login", ada.username);
  await page.fill("#password", ada.password);
  let posts = 0;
  // A slow line: time to press again while the first answer is on its way.
  await page.route("**/login", async (route) => {
    posts += 1;
    await page.waitForTimeout(600);
    await route.continue();
  });

  await page.evaluate(async () => {
    const button = document.querySelector("main button.primary");
    for (let times = 0; times < 3; times += 1) {
      button.click();
      await new Promise((done) => setTimeout(done, 150));
    }
  });
  await page.waitForURL("**/dashboard");

  assert.equal(posts, 1);
  assert.match(await page.getByRole("main").innerText(), /This is your only session/);
});

test("a form that came back with an error can be sent again", async (house) => {
  const { page, ada } = await outside(house);
  await signIn(page, ada, "not the password at all");
  await page.fill("#password", ada.password);
  await page.press("#password", "Enter");
  await page.waitForURL("**/dashboard");
});

test("whoever is signed in is led from sign-in to the dashboard", async (house) => {
  const { page, ada } = await outside(house);
  await signIn(page, ada);
  await page.goto("/login");
  assert.equal(path(page), "/dashboard");
  await page.goto("/");
  assert.equal(path(page), "/dashboard");
});

test("signing in as somebody else ends the session that this browser had", async (house) => {
  const { ada } = await outside(house);
  const window = await house.window();
  const form = await window.newPage();
  await form.goto("/login");
  const eve = somebody("eve");
  await register(await window.newPage(), eve);

  // The form is from before Eve came.
  await submit(form, { login: ada.username, password: ada.password });

  assert.equal(await heading(form), `Hello, ${ada.username}`);
  const elsewhere = await house.page();
  await signIn(elsewhere, eve);
  assert.match(await elsewhere.getByRole("main").innerText(), /This is your only session/);
});

test("too many tries: the page says how long to wait, and keeps what was typed", async (house) => {
  const server = await house.server({ THROTTLE__ENABLED: "true" });
  const page = await house.page({ server });
  let answer;
  for (let tries = 0; tries < 12 && answer?.status() !== 429; tries += 1) {
    answer = await signIn(page, { username: "nobody-at-all" }, `guess number ${tries}`);
  }

  assert.equal(answer.status(), 429);
  assert.match((await answer.allHeaders())["retry-after"], /^[1-9]\d*$/);
  assert.match(await page.getByRole("alert").innerText(), /Too many tries\. Try again in .+ That is at \d\d:\d\d/);
  assert.equal(await page.inputValue("#login"), "nobody-at-all");
  assert.equal(await focused(page), "password");
});
