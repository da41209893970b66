// What an authenticator app knows, and somebody who has one.
import { createHmac } from "node:crypto";
import { press, submit } from "./people.mjs";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const STEP = 30_000;

/** Base32 (RFC 4648), blanks or not. */
function bytes(key) {
  const bits = [...key.replaceAll(" ", "")].map((letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, "0")).join("");
  return Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
}

/** The code (RFC 6238) of so many steps ago. */
export function totp(key, ago = 0) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / STEP) - ago));
  const hash = createHmac("sha1", bytes(key)).update(counter).digest();
  const at = hash[19] & 15;
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** Turns on two-step sign-in for whoever is signed in here, by the code of a step ago: the one of now is good still. */
export async function enrol(page) {
  await page.goto("/account/totp");
  await press(page, page.getByRole("button", { name: "Set it up" }));
  const key = await page.locator("code.key").innerText();
  // Not in the last moment of a step: it would be two steps ago by then.
  const left = STEP - (Date.now() % STEP);
  if (left < 5000) await page.waitForTimeout(left);
  await submit(page, { code: totp(key, 1) });
  await page.waitForURL("**/account/recovery-codes");
  const codes = await page.locator("ul.codes code, .codes code").allInnerTexts();
  return { key, codes };
}
