// What every page promises, a function each.
import assert from "node:assert/strict";
import { AxeBuilder } from "@axe-core/playwright";
import { HtmlValidate } from "html-validate";
import { contrast, heading, path } from "./look.mjs";

/** Password managers go by these; DESIGN: never `off`. */
const TOKENS = {
  "/login": { login: "username webauthn", password: "current-password" },
  "/login/totp": { username: "username", code: "one-time-code" },
  // What is on paper is typed.
  "/login/recovery-code": { username: "username", code: "one-time-code" },
  "/register": { username: "username", email: "email", password: "new-password" },
  "/setup": { username: "username", email: "email", password: "new-password" },
  "/forgot": { email: "email" },
  "/reset": { username: "username", password: "new-password" },
  "/account/password": { username: "username", current_password: "current-password", password: "new-password" },
  "/account/password/set": { username: "username", password: "new-password" },
  "/account/settings": { display_name: "nickname" },
  "/account/settings/name": { display_name: "nickname" },
  // Typed, to show that it is meant: nothing is to fill it in.
  "/account/close": { confirmation: null },
  // The name of a thing; and there is none to give where there is no room for another.
  "/account/api-keys": { name: null },
  "/reauth": { username: "username", password: "current-password" },
};
/** Pages with a form for each thing that can be done there, of which not all are always there. */
const SEVERAL = {
  "/account/email": { code: "one-time-code", email: "email" },
  "/account/totp": { code: "one-time-code" },
  // Names of things, and not of people: nothing is to fill them in.
  "/account/passkeys": { name: null },
};
/** A page that asks for a code beside the password, of those who have one. */
const WITH_CODE = "/reauth";
const WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const htmlValidate = new HtmlValidate({ root: true, extends: ["html-validate:recommended", "html-validate:a11y"] });

/** Language, title, one heading, landmarks; a title that says when something is wrong; never in a cache. */
export async function frame(page) {
  const seen = await page.evaluate(() => ({
    lang: document.documentElement.lang,
    headings: document.querySelectorAll("h1").length,
    landmarks: ["header", "main", "footer"].map((name) => document.querySelectorAll(`body > ${name}`).length),
    inline: document.querySelectorAll("[style], style, script:not([src]), [onclick], [onsubmit], [onpaste]").length,
  }));
  assert.deepEqual(seen, { lang: "en", headings: 1, landmarks: [1, 1, 1], inline: 0 });
  assert.match(await page.title(), /^.+ – Vestibule$/);
  assert.equal((await page.title()).startsWith("Error: "), [422, 429].includes(page.answer.status()), "Error in the title");
  assert.equal((await page.answer.allHeaders())["cache-control"], "no-store");
}

/** The name before the password, each with its token; a name for every field; nothing that hinders paste. */
export async function fields(page) {
  const forms = page.locator('form:has(input:not([type="radio"], [type="hidden"]))');
  const several = Object.entries(SEVERAL).find(([start]) => path(page).startsWith(start))?.[1];
  if (several) {
    const names = await page.locator('input:not([type="hidden"])').evaluateAll((inputs) => inputs.map((input) => input.name));
    const autocomplete = (name) => page.locator(`input[name="${name}"]`).first().getAttribute("autocomplete");
    for (const name of names) assert.equal(await autocomplete(name), several[name], name);
    return assert.equal(await forms.count(), names.length, "a form for each thing");
  }
  const asksForCode = path(page) === WITH_CODE && (await page.locator("#code").count()) > 0;
  // Whoever has no password sets one where others change theirs; a passkey that did not do leads back to sign-in.
  const places = { "Set a password": "/account/password/set", "Sign in": "/login" };
  const tokens = TOKENS[places[await heading(page)] ?? path(page)];
  const hasRoom = path(page) !== "/account/api-keys" || (await page.locator("#name").count()) > 0;
  const expected = { ...(hasRoom ? tokens : {}), ...(asksForCode ? { code: "one-time-code" } : {}) };
  assert.equal(await forms.count(), Object.keys(expected).length ? 1 : 0, "one form that asks for something");
  const found = await page.locator('input:not([type="radio"], [type="checkbox"], [type="hidden"])').evaluateAll((inputs) => {
    return inputs.map((input) => [input.name, input.getAttribute("autocomplete")]);
  });
  assert.deepEqual(found, Object.entries(expected));
  for (const password of await page.locator('input[type="password"]').all()) {
    assert.equal(await password.getAttribute("pattern"), null);
    assert.ok(Number((await password.getAttribute("maxlength")) ?? 256) >= 256);
  }
}

/** One box for a code, wide enough for blanks, that phones and managers can fill in: no spinner, no six little boxes. */
export async function codes(page) {
  const boxes = await page.locator('input[autocomplete="one-time-code"], input[name*="code" i], input[name*="otp" i]').evaluateAll((all) => {
    return all.map((it) => ({
      token: it.autocomplete, name: it.name, type: it.type, pattern: it.getAttribute("pattern"), value: it.value,
      label: /code/i.test(it.labels[0]?.textContent ?? ""), form: it.form?.method, long: it.maxLength < 0 || it.maxLength >= 8,
      corrected: it.getAttribute("autocorrect") !== "off" || it.getAttribute("autocapitalize") !== "none" || it.spellcheck,
    }));
  });
  const good = {
    token: "one-time-code", name: "code", type: "text", pattern: null, value: "", label: true, form: "post", long: true, corrected: false,
  };
  assert.ok(boxes.length <= 1, "one box for one code");
  for (const box of boxes) assert.deepEqual(box, good, "one-time-code");
}

/** The HTML as it was sent. */
export async function html(page) {
  const { results } = await htmlValidate.validateString(await page.answer.text());
  const faults = results.flatMap((result) => result.messages.map((it) => `${it.line}: ${it.ruleId}: ${it.message}`));
  assert.deepEqual(faults, [], "html-validate");
}

/** Without the painted doorway, behind which axe would measure no contrast at all and say so only in a footnote. */
export async function axe(page) {
  await withStyle(page, ".door::before, .door::after { display: none !important }", async () => {
    const { violations, incomplete } = await new AxeBuilder({ page }).setLegacyMode(true).withTags(WCAG).analyze();
    const unmeasured = incomplete.filter(({ id }) => id === "color-contrast");
    const found = [...violations, ...unmeasured].flatMap(({ id, nodes }) => nodes.map((node) => ({ id, ...node })));
    // A tick is one sign, not text; words stand beside it.
    const places = found
      .filter(({ any }) => any[0]?.data?.messageKey !== "nonBmp")
      .map(({ id, target }) => `${id}: ${target.join(" ")}`);
    assert.deepEqual(places, [], "axe");
  });
}

/** Nothing is wider than the window. */
export async function fits(page, how = "") {
  const [width, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(width <= window, `${how} ${width} px wide in a window of ${window} px`);
}

/** Buttons, fields and the words beside a box are 44 px high, the box itself and links in a line of their own 24 (WCAG 2.5.8). */
export async function targets(page) {
  const small = await page.evaluate(() => {
    const shown = (it) => it.checkVisibility() && it.getBoundingClientRect().width > 1;
    const low = (selector, least) =>
      [...document.querySelectorAll(selector)]
        .filter((it) => shown(it) && Math.min(it.getBoundingClientRect().height, it.getBoundingClientRect().width) < least)
        .map((it) => it.outerHTML.slice(0, 80));
    // The whole line of a box to tick can be pressed.
    const boxes = "button, .button, select, input:not([type=checkbox], [type=radio]), label:has(input), header a";
    return [...low(boxes, 44), ...low(".check a", 24)];
  });
  assert.deepEqual(small, [], "too small to hit");
}

/** The border of a box is told from the ground, 3 to 1 (WCAG 1.4.11, which axe does not measure). */
export async function borders(page) {
  const pairs = await page.locator("input:visible:not(.hidden), button.quiet:visible").evaluateAll((boxes) => {
    const ground = (it) => {
      for (let at = it.parentElement; at; at = at.parentElement) {
        const colour = getComputedStyle(at).backgroundColor;
        if (!/, 0\)$/.test(colour)) return colour;
      }
      return "rgb(255, 255, 255)";
    };
    return boxes.map((box) => [box.outerHTML.slice(0, 60), getComputedStyle(box).borderTopColor, ground(box)]);
  });
  for (const [what, border, ground] of pairs) assert.ok(contrast(border, ground) >= 3, `${what}: ${border} on ${ground}`);
}

/** Whoever asked for less motion gets none. */
export async function stillness(page) {
  const moving = await page.evaluate(() => {
    return [...document.querySelectorAll("*")].filter((it) => {
      const { transitionDuration, animationName } = getComputedStyle(it);
      return transitionDuration !== "0s" || animationName !== "none";
    }).length;
  });
  assert.equal(moving, 0, "elements that move");
}

/** Lines, letters and words further apart (WCAG 1.4.12): nothing is cut off. */
export async function spacing(page) {
  const css = `* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }
    p { margin-bottom: 2em !important; }`;
  await withStyle(page, css, async () => {
    await fits(page, "with wide letters");
    const cut = await page.locator("button:visible, label:visible, h1, h2, .badge").evaluateAll((all) => {
      return all.filter((it) => it.scrollWidth > it.clientWidth + 1 && getComputedStyle(it).display !== "inline").length;
    });
    assert.equal(cut, 0, "texts cut off");
  });
}

/** Text of 200 % in a window of 1280 px (WCAG 1.4.4). */
export async function largeText(page) {
  await page.setViewportSize({ width: 1280, height: 900 });
  await withStyle(page, "html { font-size: 200% }", () => fits(page, "with text of 200 %"));
}

async function withStyle(page, css, check) {
  await page.evaluate((css) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    document.adoptedStyleSheets = [sheet];
  }, css);
  await check();
  await page.evaluate(() => (document.adoptedStyleSheets = []));
}

/** In forced colours every field and button still has an edge; a box to tick is drawn by the browser. */
export async function forcedColours(page) {
  await page.emulateMedia({ forcedColors: "active" });
  const edged = "input:visible:not(.hidden, [type=checkbox], [type=radio]), button:visible, .button:visible";
  const edgeless = await page.locator(edged).evaluateAll((all) => {
    return all.filter((it) => getComputedStyle(it).borderTopStyle !== "solid" || parseFloat(getComputedStyle(it).borderTopWidth) < 1)
      .length;
  });
  assert.equal(edgeless, 0, "edges in forced colours");
  await page.emulateMedia({ forcedColors: null });
}

/** On paper nothing to press, and dark letters. */
export async function print(page) {
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  assert.equal(await page.locator("button:visible, .button:visible, .skip:visible").count(), 0, "buttons on paper");
  const [ink, paper] = await page.evaluate(() => {
    const { color, backgroundColor } = getComputedStyle(document.body);
    return [color, backgroundColor];
  });
  assert.ok(contrast(ink, paper) >= 12, `${ink} on ${paper}`);
  await page.emulateMedia({ media: null, colorScheme: "light" });
}
