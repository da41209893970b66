// A person at a real browser: from the wiki to sign-in and back to the very page.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { code } from "./totp.mjs";
import { LOGIN, PASSWORD, WIKI } from "./stage.mjs";

const require = createRequire(new URL("../browser/package.json", import.meta.url));
const { chromium } = require("playwright-core");

export async function walk(stage) {
  const rules = `MAP *.example.org:443 127.0.0.1:${stage.port}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1`;
  const args = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", `--host-resolver-rules=${rules}`,
  ];
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  const browser = await chromium.launch({ executablePath, headless: true, args });
  try {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    context.setDefaultTimeout(10_000);
    const page = await context.newPage();
    const troubles = [];
    page.on("console", (message) => troubles.push(message.text()));
    const wanted = `https://${WIKI}/a%20page?b=c&d=%2Fe`;

    await page.goto(wanted);
    assert.equal(new URL(page.url()).host, LOGIN);
    assert.ok((await page.content()).includes(`Sign in to go on to ${WIKI}.`));
    await page.getByLabel("Username").or(page.locator("[name=login]")).first().fill("dora");
    await page.locator("[name=password]").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.waitForURL(wanted);
    const seen = JSON.parse(await page.locator("body").innerText());
    assert.deepEqual([seen.url, seen.headers["remote-user"]], ["/a%20page?b=c&d=%2Fe", "dora"]);
    assert.ok(!/vestibule/.test(seen.headers.cookie ?? ""), seen.headers.cookie);

    // Without the pass, our own host knows them still: there and back without a click.
    await context.clearCookies({ name: "__Secure-vestibule-forward" });
    await page.goto(`https://${WIKI}/again`);
    assert.equal(page.url(), `https://${WIKI}/again`);

    // Where a second factor is asked for, whoever has none is told so, adds one, and is back.
    const safe = `https://${WIKI}/safe/a?b=c`;
    await page.goto(safe);
    assert.equal(new URL(page.url()).pathname, "/account/totp");
    assert.match(await page.locator(".note").innerText(), /wiki\.example\.org asks for a second step at sign-in/);
    await page.getByRole("button", { name: "Set it up" }).click();
    const key = await page.locator("#key").innerText();
    await page.locator("[name=code]").fill(code(key));
    await page.getByRole("button", { name: "Turn on" }).click();
    await page.getByRole("button", { name: "I have saved these codes" }).click();
    await page.waitForURL(safe);
    assert.equal(JSON.parse(await page.locator("body").innerText()).url, "/safe/a?b=c");

    // Scripts of the wiki see none of it, and are told when nobody is signed in any more.
    assert.ok(!(await page.evaluate(() => document.cookie)).includes("vestibule"));
    await page.goto(`https://${LOGIN}/logout`);
    await page.getByRole("button", { name: "Sign out" }).first().click();
    await page.waitForURL(`https://${LOGIN}/login`);
    await page.goto(wanted);
    assert.equal(new URL(page.url()).host, LOGIN);
    assert.deepEqual(troubles.filter((text) => /Content Security Policy|Refused/.test(text)), []);
  } finally {
    await browser.close();
  }
}
