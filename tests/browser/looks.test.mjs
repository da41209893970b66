// How it looks: to whom, on what, and in which colours. What holds for every page is in `checks.mjs`.
import assert from "node:assert/strict";
import { test } from "./house.mjs";
import { contrast } from "./look.mjs";
import { register, somebody } from "./people.mjs";

const ground = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);

test("light and dark follow the device", async (house) => {
  for (const [colorScheme, expected] of [["light", "rgb(250, 248, 244)"], ["dark", "rgb(17, 22, 23)"]]) {
    const page = await house.page({ colorScheme });
    await page.goto("/login");
    assert.equal(await ground(page), expected);
    const bar = page.locator(`meta[name="theme-color"][media*="${colorScheme}"]`);
    const [red, green, blue] = expected.match(/\d+/g).map((part) => Number(part).toString(16).padStart(2, "0"));
    assert.equal(await bar.getAttribute("content"), `#${red}${green}${blue}`, "the browser's own bar goes with it");
  }
});

test("whoever asks for more contrast gets it", async (house) => {
  const page = await house.page({ contrast: "more" });
  await page.goto("/no/such/page");
  const muted = await page.locator(".after.muted").evaluate((it) => getComputedStyle(it).color);
  assert.ok(contrast(muted, "rgb(255, 255, 255)") >= 7);
});

test("colours fade for those who did not ask for stillness", async (house) => {
  const page = await house.page({ reducedMotion: "no-preference" });
  await page.goto("/login");
  const fade = await page.locator("main button.primary").evaluate((it) => getComputedStyle(it).transitionDuration);
  assert.match(fade, /0\.12s/);
});

test("on paper the dashboard keeps its facts", async (house) => {
  const page = await house.page();
  const ada = somebody();
  await register(page, ada);
  await page.emulateMedia({ media: "print" });
  const paper = await page.getByRole("main").innerText();
  for (const fact of [ada.username, "Chrome on Linux", "Account created"]) assert.ok(paper.includes(fact), fact);
  assert.ok((await page.pdf()).length > 1000);
});

test("a very long name and address do not break the page", async (house) => {
  const page = await house.page({ viewport: { width: 320, height: 700 } });
  const username = `${"w".repeat(24)}-${somebody("").username.slice(1, 8)}`;
  await register(page, somebody("", { username, email: `${"m".repeat(60)}@${"n".repeat(60)}.example.org` }));
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 320);
});

test("names full of HTML are only names", async (house) => {
  const page = await house.page();
  await page.goto("/login");
  const evil = `"><script>alert(1)</script><img src=x onerror=alert(2)>`;
  await page.fill("#login", evil);
  await page.fill("#password", "not the password at all");
  await page.press("#password", "Enter");
  await page.getByRole("alert").waitFor();
  assert.equal(await page.inputValue("#login"), evil);
  assert.equal(await page.locator("img").count(), 0);
});
