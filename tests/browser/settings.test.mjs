// One's own account: what to be called, in which colours, a copy of everything, and the way out and back.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "./house.mjs";
import { errorBox, heading, path } from "./look.mjs";
import { press, register, signIn, somebody, submit } from "./people.mjs";

const DARK = "rgb(17, 22, 23)";
const LIGHT = "rgb(250, 248, 244)";
const ground = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
const save = (page, what) => press(page, page.getByRole("button", { name: what }));

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with" : "without";

  test(`${how} scripts: choose a name and a time zone`, async (house) => {
    const page = await house.page({ javaScriptEnabled });
    await register(page, somebody());
    await page.getByRole("link", { name: "Settings" }).click();
    assert.equal(path(page), "/account/settings");
    await page.getByLabel("What should we call you?").fill("Ada “Countess” 👩‍💻");
    await save(page, "Save the name");
    assert.match(await page.locator(".note.ok").innerText(), /Your name is saved/);
    await page.getByLabel("Show times on the clocks of").selectOption("Asia/Tokyo");
    await save(page, "Save the time zone");
    assert.match(await page.locator("#time_zone-hint").innerText(), /JST/);
    await page.goto("/dashboard");
    assert.equal(await heading(page), "Hello, Ada “Countess” 👩‍💻");
    assert.match(await page.locator(".who").innerText(), /Signed in as\s+Ada “Countess” 👩‍💻/);
  });

  test(`${how} scripts: the chosen colours are there from the first moment, on every page`, async (house) => {
    const window = await house.window({ javaScriptEnabled, colorScheme: "light" });
    const page = await window.newPage();
    await register(page, somebody());
    await page.goto("/account/settings");
    await page.getByLabel("Dark").check();
    await save(page, "Save the theme");
    assert.equal(await ground(page), DARK);
    assert.ok(await page.getByLabel("Dark").isChecked());
    // In the answer itself: nothing has to run before the page is dark.
    for (const place of ["/dashboard", "/login", "/no/such/page"]) {
      assert.match(await (await page.request.get(place)).text(), /<html lang="en" dir="ltr" data-theme="dark">/, place);
    }
    await press(page, page.getByRole("banner").getByRole("button", { name: "Sign out" }));
    assert.deepEqual([path(page), await ground(page)], ["/login", DARK]);
    await page.emulateMedia({ colorScheme: "dark" });
    const other = await house.page({ colorScheme: "light" });
    await other.goto("/login");
    assert.equal(await ground(other), LIGHT, "another browser is as it was");
  });

  test(`${how} scripts: light on a dark device, and back to what the device says`, async (house) => {
    const page = await house.page({ javaScriptEnabled, colorScheme: "dark" });
    await register(page, somebody());
    await page.goto("/account/settings");
    assert.equal(await ground(page), DARK);
    await page.getByLabel("Light").check();
    await save(page, "Save the theme");
    assert.equal(await ground(page), LIGHT);
    await page.getByLabel("System").check();
    await save(page, "Save the theme");
    assert.equal(await ground(page), DARK);
  });

  test(`${how} scripts: take a copy of everything`, async (house) => {
    const page = await house.page({ javaScriptEnabled });
    const ada = somebody();
    await register(page, ada);
    await page.goto("/account/settings");
    await page.getByRole("link", { name: "Get a copy of your data" }).click();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Get the file" }).click(),
    ]);
    assert.match(download.suggestedFilename(), new RegExp(`^vestibule-${ada.username}-\\d{4}-\\d\\d-\\d\\d\\.json$`));
    const file = JSON.parse(await readFile(await download.path(), "utf8"));
    assert.equal(file.user.username, ada.username);
    assert.deepEqual(file.events.map((event) => event.kind), ["registered", "data_exported"]);
    assert.equal(path(page), "/account/export", "the page stays");
  });

  test(`${how} scripts: close the account, and come back`, async (house) => {
    const page = await house.page({ javaScriptEnabled });
    const phone = await house.page({ device: "Safari on iPhone" });
    const ada = somebody();
    await register(page, ada);
    await signIn(phone, ada);
    await page.goto("/account/settings");
    await page.getByRole("link", { name: "Close your account" }).click();
    const confirm = page.getByLabel(`Type your username, ${ada.username}, to close the account`);
    await confirm.fill("somebody else");
    await save(page, "Close the account");
    assert.deepEqual((await errorBox(page)).links, ["#confirmation"]);
    assert.equal(await confirm.inputValue(), "somebody else");
    await confirm.fill(ada.username);
    await save(page, "Close the account");
    assert.equal(path(page), "/login");
    assert.match(await page.locator(".note.ok").innerText(), /Your account is closed\. Sign in before .* if you want to keep it\./);
    await phone.goto("/dashboard");
    assert.equal(path(phone), "/login", "out everywhere");
    await submit(page, { login: ada.username, password: ada.password });
    assert.equal(path(page), "/dashboard");
    assert.match(await page.getByRole("main").innerText(), /Welcome back\. Your account is open again\./);
  });
}
