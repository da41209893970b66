// What we refuse, we refuse in words.
import assert from "node:assert/strict";
import { test } from "./house.mjs";
import { heading, path } from "./look.mjs";
import { register, somebody } from "./people.mjs";

test("an address where nothing is says so and shows a way back", async (house) => {
  const page = await house.page();
  const answer = await page.goto("/no/such/page");

  assert.equal(answer.status(), 404);
  assert.equal(await heading(page), "There is nothing here");
  const id = await page.locator("code").innerText();
  assert.equal(id, (await answer.allHeaders())["x-request-id"], "the id in the page is the one in the log");
  await page.getByRole("main").getByRole("link").click();
  assert.equal(path(page), "/login");
});

test("opening the address of a deed does nothing, and says so", async (house) => {
  const page = await house.page();
  await register(page, somebody());
  const answer = await page.goto("/sessions/end-others");

  assert.equal(answer.status(), 405);
  assert.equal((await answer.allHeaders()).allow, "POST");
  assert.equal(await heading(page), "Not that way");
});

test("a link that never was, or is used up, is said to be so", async (house) => {
  const page = await house.page();
  for (const place of [`/reset/${"A".repeat(43)}`, `/setup/${"A".repeat(22)}`, "/reset", "/setup"]) {
    const answer = await page.goto(place);
    assert.equal(answer.status(), 410, place);
    assert.equal(await heading(page), "That link no longer works");
  }
});

test("another site cannot sign anybody in or out: the form it sends is refused in words", async (house) => {
  const { origin } = await house.server();
  const port = await house.stranger((place) => `<form method="post" action="${origin}${place}"><button>Win</button></form>`);
  // Of another site, and of a sibling: the same host on another port.
  for (const host of ["127.0.0.1", "localhost"]) {
    const window = await house.window();
    const page = await window.newPage();
    const ada = somebody();
    await register(page, ada);
    for (const place of ["/logout", "/login", "/register", "/sessions/end-others", "/session/renew"]) {
      await page.goto(`http://${host}:${port}${place}`);
      const [answer] = await Promise.all([
        page.waitForResponse((response) => response.request().method() === "POST"),
        page.getByRole("button", { name: "Win" }).click(),
      ]);
      assert.equal(answer.status(), 403, `${host} ${place}`);
      assert.equal(await heading(page), "That came from somewhere else");
    }
    await page.goto("/dashboard");
    assert.equal(await heading(page), `Hello, ${ada.username}`, "still signed in");
    const ours = window.troubles.filter((trouble) => !trouble.startsWith("asked another site: "));
    window.troubles.splice(0, Infinity, ...ours);
  }
});

test("another site cannot put our pages into a frame", async (house) => {
  const { origin } = await house.server();
  const port = await house.stranger(() => `<iframe src="${origin}/login"></iframe>`);
  const window = await house.window();
  const page = await window.newPage();
  await page.goto(`http://localhost:${port}/`);
  await page.waitForTimeout(300);

  assert.match(window.troubles.splice(0).join(), /frame-ancestors 'none'/);
  assert.equal(await page.frames()[1].locator("form").count(), 0);
});
