// Two-step sign-in: on, its codes saved, confirmed by them, and off; with scripts and without.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "./house.mjs";
import { errorBox, focused, heading, path } from "./look.mjs";
import { PASSWORD, press, register, somebody, submit } from "./people.mjs";
import { begin, code, scan, shownCodes, shownKey, turnOn } from "./phone.mjs";

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with scripts" : "without scripts";

  test(`two-step sign-in is turned on, its codes are saved, and it is turned off, ${how}`, async (house) => {
    const page = await house.page({ javaScriptEnabled });
    await register(page, somebody());
    await page.goto("/account/totp");
    assert.equal(await heading(page), "Two-step sign-in");
    await begin(page);
    assert.equal(await heading(page), "Turn on two-step sign-in");
    assert.equal(await focused(page), "code");
    const key = await shownKey(page);
    assert.match(key, /^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$/);
    assert.equal(await page.getByRole("button", { name: "Copy" }).isVisible(), javaScriptEnabled);

    const wrong = await submit(page, { code: "000000" });
    assert.equal(wrong.status(), 422);
    assert.deepEqual(await errorBox(page), { focused: true, links: ["#code"] });
    assert.match(await page.locator("#code-error").innerText(), /Codes change every 30 seconds; check the clock of your phone\.$/);
    assert.equal(await shownKey(page), key);

    const right = await submit(page, { code: code(key).replace(/(?=...$)/, " ") });
    assert.equal(right.status(), 303);
    assert.equal(path(page), "/account/recovery-codes");
    const codes = await shownCodes(page);
    assert.equal(codes.length, 10);
    await page.reload();
    assert.deepEqual(await shownCodes(page), codes, "until they are saved");
    for (const name of ["Copy", "Print"]) {
      assert.equal(await page.getByRole("button", { name }).isVisible(), javaScriptEnabled, name);
    }
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download .txt" }).click();
    const file = await download;
    assert.equal(file.suggestedFilename(), "vestibule-recovery-codes.txt");
    const lines = (await readFile(await file.path(), "utf8")).split("\r\n");
    assert.deepEqual(lines.slice(3, 13), codes);

    await press(page, page.getByRole("button", { name: "I have saved these codes" }));
    assert.equal(path(page), "/dashboard");
    assert.match(await page.locator("main").innerText(), /10 of 10 recovery codes left/);
    await page.goto("/account/recovery-codes");
    assert.deepEqual(await shownCodes(page), []);
    assert.match(await page.locator("main").innerText(), /10 of 10 left, made on/);

    await page.goto("/account/totp");
    await press(page, page.getByRole("button", { name: "Turn it off" }));
    assert.match(await page.locator(".note.ok").innerText(), /You can set it up with another phone now/);
    const again = await turnOn(page);
    assert.notEqual(again.key, key);
  });

  test(`confirming that it is you takes the password and a code, ${how}`, async (house) => {
    const page = await house.page({ javaScriptEnabled });
    await register(page, somebody());
    const { codes } = await turnOn(page);

    await page.goto("/reauth?next=/account/recovery-codes");
    assert.match(await page.locator(".purpose").innerText(), /^Type your password and a code once more to see to your recovery codes\.$/);
    const wrong = await submit(page, { password: "not the password at all", code: codes[0] });
    assert.equal(wrong.status(), 422);
    assert.equal(await focused(page), "password");
    assert.deepEqual([await page.inputValue("#password"), await page.inputValue("#code")], ["", ""]);
    const right = await submit(page, { password: PASSWORD, code: codes[0] });
    assert.equal(right.status(), 303);
    assert.equal(path(page), "/account/recovery-codes");
    assert.deepEqual(await shownCodes(page), codes.slice(1), "the used one is shown no more");
  });

  test(`a key that was not wanted is cancelled, ${how}`, async (house) => {
    const page = await house.page({ javaScriptEnabled });
    await register(page, somebody());
    await begin(page);
    const key = await shownKey(page);
    await press(page, page.getByRole("button", { name: "Cancel" }));
    assert.equal(await heading(page), "Two-step sign-in");
    await begin(page);
    assert.notEqual(await shownKey(page), key);
  });
}

test("a camera reads the QR code in light and dark colours, on a wide screen and on a phone", async (house) => {
  const page = await house.page();
  const ada = somebody();
  await register(page, ada);
  await begin(page);
  const link = await page.getByRole("link", { name: "Open in an app on this device" }).getAttribute("href");
  const url = new URL(link);
  assert.deepEqual([url.protocol, url.host, decodeURIComponent(url.pathname)], ["otpauth:", "totp", `/Vestibule:${ada.username}`]);
  assert.equal(url.searchParams.get("secret"), (await shownKey(page)).replaceAll(" ", ""));

  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    for (const width of [1100, 320]) {
      await page.setViewportSize({ width, height: 760 });
      assert.equal(await scan(page), link, `${colorScheme}, ${width} px`);
    }
  }
  await page.emulateMedia({ forcedColors: "active", colorScheme: "dark" });
  assert.equal(await scan(page), link, "in forced colours");
});

test("key and codes are copied as they are typed, and the page says so", async (house) => {
  const page = await house.page();
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  const copied = async () => {
    await page.getByRole("button", { name: "Copy" }).click();
    await page.getByText("Copied.").waitFor();
    return page.evaluate(() => navigator.clipboard.readText());
  };
  await register(page, somebody());
  await begin(page);
  const key = await shownKey(page);
  assert.equal(await copied(), key.replaceAll(" ", ""));
  await submit(page, { code: code(key) });
  assert.equal(await copied(), (await shownCodes(page)).join("\n"));
});

test("on paper there are the codes, whose they are, where and when, and nothing else", async (house) => {
  const page = await house.page();
  const ada = somebody();
  await register(page, ada);
  const { codes } = await turnOn(page);
  await page.emulateMedia({ media: "print" });

  const lines = (await page.locator("body").innerText()).split("\n").map((line) => line.trim()).filter(Boolean);

  const { host } = new URL(page.url());
  assert.equal(lines.shift().replace(/\d+ \w+ \d{4}, \d\d:\d\d UTC$/, "DATE"), `${ada.username} at ${host}, DATE`);
  assert.deepEqual(lines, codes);
  assert.equal(await page.locator("button:visible").count(), 0);
});
