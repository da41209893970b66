// A phone with an authenticator app: it scans what is on the screen, and shows codes.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import jsQR from "jsqr";
import { PNG } from "pngjs";
import { press, submit } from "./people.mjs";

const STEP = 30_000;
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The bytes behind base32 (RFC 4648). */
function bytes(text) {
  const bits = [...text].map((letter) => LETTERS.indexOf(letter).toString(2).padStart(5, "0")).join("");
  return Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
}

/** The code of the moment (RFC 6238). */
export function code(key, at = Date.now()) {
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(at / STEP)));
  const tag = createHmac("sha1", bytes(key.replaceAll(" ", ""))).update(step).digest();
  const number = tag.readUInt32BE(tag[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

/** What the camera reads off the whole page. */
export async function scan(page) {
  const { data, width, height } = PNG.sync.read(await page.screenshot({ fullPage: true }));
  return jsQR(new Uint8ClampedArray(data), width, height)?.data;
}

export const shownKey = (page) => page.locator("#key").innerText();
export const shownCodes = (page) => page.locator("#codes code").allInnerTexts();

/** Opens the page with the QR code, for whoever is signed in here. */
export async function begin(page) {
  await page.goto("/account/totp");
  await press(page, page.getByRole("button", { name: "Set it up" }));
}

/** Turns it on, by the code of a step ago, so that the one of now is good still: the key, and the recovery codes. */
export async function turnOn(page) {
  await begin(page);
  const key = await shownKey(page);
  // Not in the last moment of a step: it would be two steps ago by then.
  const left = STEP - (Date.now() % STEP);
  if (left < 5000) await page.waitForTimeout(left);
  await submit(page, { code: code(key, Date.now() - STEP) });
  await page.waitForURL("**/account/recovery-codes");
  const codes = await shownCodes(page);
  assert.equal(codes.length, 10);
  return { key, codes };
}
