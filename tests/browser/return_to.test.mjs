// After signing in people go on to where they were going, and never to another site.
import assert from "node:assert/strict";
import { test } from "./house.mjs";
import { path } from "./look.mjs";
import { register, signOut, somebody, submit } from "./people.mjs";

const EVIL = [
  "https://evil.test/", "//evil.test/", "///evil.test", "/\\evil.test", "\\\\evil.test", "/\t/evil.test", "/\n//evil.test",
  " //evil.test", "https:evil.test", "javascript:alert(1)", "data:text/html,x", "/%2fevil.test", "/%5cevil.test",
  "/%09/evil.test", "@evil.test", ".evil.test", "/.//evil.test", "/..//evil.test", "/x/..//evil.test",
];

test("a page that needs signing in asks for it, says why, and is shown afterwards", async (house) => {
  const page = await house.page();
  const ada = somebody();
  await register(page, ada);
  await signOut(page);

  await page.goto("/reauth");
  assert.equal(path(page), "/login");
  await page.goto("/dashboard?seen=1");
  assert.equal(path(page), "/login");
  assert.match(await page.locator(".purpose").innerText(), /Sign in to go on to \/dashboard\./);
  await submit(page, { login: ada.username, password: ada.password });

  assert.equal(page.url(), new URL("/dashboard?seen=1", page.url()).href);
});

test("a wrong password on the way does not lose the way", async (house) => {
  const page = await house.page();
  const ada = somebody();
  await register(page, ada);
  await signOut(page);

  await page.goto("/dashboard?kept=1");
  await submit(page, { login: ada.username, password: "not the password at all" });
  await submit(page, { login: ada.username, password: ada.password });

  assert.equal(new URL(page.url()).search, "?kept=1");
});

test("no `next` leads off our own origin, whether signed in before or after", async (house) => {
  const { origin } = await house.server();
  const page = await house.page();
  const ada = somebody();
  await register(page, ada);

  for (const next of EVIL) {
    await page.goto(`/login?next=${encodeURIComponent(next)}`);
    assert.equal(new URL(page.url()).origin, origin, `signed in already: ${JSON.stringify(next)}`);
  }
  for (const next of EVIL.slice(0, 6)) {
    await page.goto("/dashboard");
    await signOut(page);
    await page.goto(`/login?next=${encodeURIComponent(next)}`);
    assert.equal(await page.locator(".purpose").count(), 0, `not offered: ${JSON.stringify(next)}`);
    await submit(page, { login: ada.username, password: ada.password });
    assert.equal(page.url(), `${origin}/dashboard`, `after signing in: ${JSON.stringify(next)}`);
  }
});
