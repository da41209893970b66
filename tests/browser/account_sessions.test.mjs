// Where am I signed in, what happened, and what if that was not me?
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { burgled } from "./gallery.mjs";
import { test } from "./house.mjs";
import { heading, path } from "./look.mjs";
import { longPast } from "./past.mjs";
import { PASSWORD, OTHER_PASSWORD, press, register, signIn, somebody, submit } from "./people.mjs";

const row = (page, device) => page.locator("section", { hasText: "Signed in now" }).locator(".session", { hasText: device });

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with" : "without";

  test(`${how} scripts: look at the sessions, end one, the others, all`, async (house) => {
    const ada = somebody();
    const page = await house.page({ javaScriptEnabled });
    await register(page, ada);
    const phone = await house.page({ device: "Safari on iPhone" });
    await signIn(phone, ada);
    const office = await house.page({ device: "Firefox on Windows" });
    await signIn(office, ada);

    await page.goto("/dashboard");
    await page.getByRole("link", { name: "All sessions" }).click();
    assert.equal(path(page), "/account/sessions");
    assert.equal(await page.getByRole("navigation", { name: "Main" }).locator("[aria-current]").innerText(), "Sessions");
    assert.equal(await row(page, "This one").locator("strong").innerText(), "Chrome on Linux");
    await press(page, page.getByRole("button", { name: /^Sign out Safari on iPhone, / }));
    assert.equal(path(page), "/account/sessions");
    assert.match(await page.locator(".note.ok").innerText(), /That session is signed out/);
    assert.match(await page.getByRole("region", { name: "Ended" }).innerText(), /You ended it from another session/);
    await phone.goto("/dashboard");
    assert.equal(path(phone), "/login");

    await press(page, page.getByRole("button", { name: "Sign out everywhere else" }));
    assert.match(await page.getByRole("main").innerText(), /This is your only session/);
    await office.goto("/account/activity");
    assert.equal(path(office), "/login");

    await submit(office, { login: ada.username, password: ada.password });
    assert.equal(path(office), "/account/activity");
    await page.reload();
    await press(page, page.getByRole("button", { name: "Sign out everywhere and here" }));
    assert.equal(path(page), "/login");
    assert.match(await page.locator(".note.ok").innerText(), /You are signed out everywhere/);
    await office.reload();
    assert.equal(path(office), "/login");
  });

  test(`${how} scripts: filter the activity, turn its pages, take it along`, async (house) => {
    const page = await house.page({ javaScriptEnabled, acceptDownloads: true });
    const ada = somebody();
    await register(page, ada);
    await longPast(await house.server(), ada);
    await page.getByRole("link", { name: "All activity" }).click();
    assert.equal(path(page), "/account/activity");

    await page.getByLabel("What to show").selectOption("Failures");
    await page.getByRole("button", { name: "Show these" }).click();
    await page.waitForURL("**/account/activity?kind=failures");
    const failures = page.locator(".event");
    assert.equal(await failures.count(), await page.locator(".event", { hasText: "Failed" }).count());
    assert.equal(await failures.first().getByRole("link").getAttribute("href"), "/account/password");

    await page.goto("/account/activity");
    const first = await page.locator(".event").first().innerText();
    await page.getByRole("link", { name: "Older" }).click();
    await page.getByRole("link", { name: "Older" }).click();
    assert.equal(await page.getByRole("link", { name: "Older" }).count(), 0);
    await page.getByRole("link", { name: "Newer" }).click();
    await page.getByRole("link", { name: "Newer" }).click();
    assert.equal(await page.getByRole("link", { name: "Newer" }).count(), 0);
    assert.equal(await page.locator(".event").first().innerText(), first);

    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Download as CSV" }).click(),
    ]);
    assert.equal(download.suggestedFilename(), "activity.csv");
    const text = await readFile(await download.path(), "utf8");
    assert.equal(text.trimEnd().split("\r\n").length, 1 + 1 + 120, "its head, the account, its past");
  });

  test(`${how} scripts: "this was not me", a new password, and the thief is out`, async (house) => {
    const { ada, thief, page } = await burgled(house, { javaScriptEnabled });
    assert.equal(await heading(page), "Was this you?");
    assert.match(await page.getByRole("main").innerText(), /Safari on iPhone/);
    await thief.goto("/dashboard");
    assert.equal(path(thief), "/dashboard", "reading changes nothing");

    const answer = await press(page, page.getByRole("button", { name: "This was not me" }));
    assert.equal(answer.status(), 303);
    assert.equal(path(page), "/reset");
    assert.match(await page.locator(".note.ok").innerText(), /Everybody is signed out/);
    await thief.goto("/dashboard");
    assert.equal(path(thief), "/login");
    assert.equal((await signIn(thief, ada, OTHER_PASSWORD)).status(), 422);

    await submit(page, { password: PASSWORD });
    assert.equal(path(page), "/login");
    assert.equal((await signIn(page, ada, PASSWORD)).status(), 303);
    const gone = await page.goto("/not-me");
    assert.equal(gone.status(), 410);
    await page.getByRole("link", { name: "Choose a new password" }).click();
    assert.equal(path(page), "/forgot");
  });
}
