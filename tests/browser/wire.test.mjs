// What goes over the wire: cookies, headers, sizes.
import assert from "node:assert/strict";
import evaluator from "csp_evaluator/dist/evaluator.js";
import parser from "csp_evaluator/dist/parser.js";
import { test } from "./house.mjs";
import { path } from "./look.mjs";
import { press, register, signIn, signOut, somebody } from "./people.mjs";

/** The browser's own cookies: a map of names to what it was told of each. */
async function cookies(window, page) {
  const chromium = await window.newCDPSession(page);
  const { cookies } = await chromium.send("Network.getCookies");
  const kept = ({ value, httpOnly, secure, sameSite, path, session }) => ({ value, httpOnly, secure, sameSite, path, session });
  return Object.fromEntries(cookies.map((cookie) => [cookie.name, kept(cookie)]));
}

const without = ({ value, ...flags }) => flags;

test("the cookies: no script reads them, no other site sends them, the token goes with the browser", async (house) => {
  const window = await house.window();
  const page = await window.newPage();
  const ada = somebody();
  await register(page, ada);

  const found = await cookies(window, page);
  const ours = { httpOnly: true, secure: false, sameSite: "Lax", path: "/" };
  assert.deepEqual(without(found.vestibule), { ...ours, session: true });
  assert.deepEqual(without(found["vestibule-device"]), { ...ours, sameSite: "Strict", session: false });
  assert.deepEqual(Object.keys(found).filter((name) => !name.startsWith("vestibule")), []);
  assert.equal(await page.evaluate(() => document.cookie), "");

  await signOut(page);
  await signIn(page, ada);
  const later = await cookies(window, page);
  assert.notEqual(later.vestibule.value, found.vestibule.value, "a new session each time");
});

test("behind TLS every cookie is `__Host-` and Secure, and the whole way works", async (house) => {
  const server = await house.secureServer();
  const window = await house.window({ server, ignoreHTTPSErrors: true });
  const page = await window.newPage();
  const ada = somebody();
  await register(page, ada);
  assert.match(page.url(), /^https:/);
  assert.match((await page.answer.allHeaders())["strict-transport-security"], /max-age=63072000/);

  const found = await cookies(window, page);
  assert.ok(found["__Host-vestibule"] && found["__Host-vestibule-device"]);
  for (const [name, { secure, httpOnly, path }] of Object.entries(found)) {
    assert.match(name, /^__Host-/);
    assert.deepEqual({ secure, httpOnly, path }, { secure: true, httpOnly: true, path: "/" });
  }
  await press(page, page.getByRole("button", { name: "Stay signed in" }).first());
  await signOut(page);
  await signIn(page, ada);
  assert.equal(path(page), "/dashboard");
  assert.match(await page.getByRole("main").innerText(), /This connection is encrypted/);
});

test("the content security policy stands up to Google's evaluator, and bears a new nonce each time", async (house) => {
  const page = await house.page();
  const policies = [];
  for (const place of ["/login", "/login", "/register", "/no/such/page"]) {
    const answer = await page.goto(place);
    policies.push((await answer.allHeaders())["content-security-policy"]);
  }
  for (const policy of policies) {
    const findings = new evaluator.CspEvaluator(new parser.CspParser(policy).csp).evaluate();
    const grave = findings.filter(({ severity }) => severity <= 50).map(({ description }) => description);
    assert.deepEqual(grave, []);
    assert.match(policy, /require-trusted-types-for 'script'/);
    assert.match(policy, /frame-ancestors 'none'/);
  }
  const nonces = policies.map((policy) => policy.match(/'nonce-([^']{22,})'/)[1]);
  assert.equal(new Set(nonces).size, nonces.length);
});

test("the sign-in page weighs little: 30 KB over the wire in all, 11 of styles, and the account 14, 12 of scripts before packing", async (house) => {
  const window = await house.window();
  const page = await window.newPage();
  const chromium = await window.newCDPSession(page);
  await chromium.send("Network.enable");
  let bytes = 0;
  chromium.on("Network.loadingFinished", (event) => (bytes += event.encodedDataLength));
  const sizes = { stylesheet: new Map(), script: new Map() };
  const bodies = [];
  page.on("response", (response) => {
    const kind = response.request().resourceType();
    if (kind in sizes) bodies.push(response.body().then((body) => sizes[kind].set(response.url(), body.length)));
  });

  await page.goto("/login", { waitUntil: "networkidle" });
  await Promise.all(bodies);

  assert.ok(bytes > 1000 && bytes <= 30 * 1024, `${bytes} bytes over the wire`);
  const sum = (files) => [...files.values()].reduce((all, size) => all + size, 0);
  assert.ok(sum(sizes.stylesheet) > 1000 && sum(sizes.stylesheet) <= 11 * 1024, `${sum(sizes.stylesheet)} bytes of styles`);

  await register(page, somebody());
  await page.waitForLoadState("networkidle");
  await Promise.all(bodies);
  assert.ok(sum(sizes.stylesheet) <= 14 * 1024, `${sum(sizes.stylesheet)} bytes of styles`);
  assert.ok(sum(sizes.script) > 1000 && sum(sizes.script) <= 12 * 1024, `${sum(sizes.script)} bytes of scripts`);
});

test("styles and scripts are kept for good by the browser, pages never", async (house) => {
  const page = await house.page();
  const kept = new Map();
  page.on("response", async (response) => {
    kept.set(response.request().resourceType(), (await response.allHeaders())["cache-control"]);
  });
  await page.goto("/login", { waitUntil: "networkidle" });
  assert.equal(kept.get("document"), "no-store");
  for (const kind of ["stylesheet", "script"]) assert.match(kept.get(kind), /max-age=31536000.*immutable/, kind);
});
