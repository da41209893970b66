// People, and what they do at the front door.
import { randomBytes } from "node:crypto";

export const PASSWORD = "seven kites over plum harbour";
export const OTHER_PASSWORD = "a quiet lamp beside the old canal";

/** Somebody new. */
export function somebody(name = "ada", details = {}) {
  return { username: `${name}-${randomBytes(4).toString("hex")}`, email: "", password: PASSWORD, ...details };
}

/** Fills in what is given and presses the form's button. Answers with the answer to the form itself. */
export async function submit(page, fields) {
  for (const [name, value] of Object.entries(fields)) await page.locator(`main [name="${name}"]`).fill(value);
  return press(page, page.locator("main button.primary"));
}

/** Presses a button that sends a form, and waits for the page that comes of it. Answers with the answer to the form. */
export async function press(page, button) {
  const isSent = (response) => response.request().method() === "POST" && response.request().isNavigationRequest();
  // An answer is there before its page is: until then "loaded" is said of the page that is being left.
  const isThere = (frame) => frame === page.mainFrame();
  const [answer] = await Promise.all([
    page.waitForResponse(isSent), page.waitForEvent("framenavigated", isThere), button.click(),
  ]);
  await page.waitForLoadState("load");
  return answer;
}

export async function register(page, person) {
  await page.goto("/register");
  await submit(page, { username: person.username, email: person.email, password: person.password });
  await page.waitForURL("**/dashboard");
}

export async function signIn(page, person, password = person.password) {
  await page.goto("/login");
  return submit(page, { login: person.username, password });
}

export async function signOut(page) {
  await press(page, page.getByRole("banner").getByRole("button", { name: "Sign out" }));
  await page.waitForURL("**/login");
}

export async function askForLink(page, email) {
  await page.goto("/forgot");
  await submit(page, { email });
  await page.waitForURL("**/forgot/sent");
}

/** Opens the latest mail to this address about something, as soon as there are `count` of them. */
export async function openLatestMail(page, email, count = 1, about = /password/i) {
  const theirs = page.locator("main li", { hasText: `to ${email}` });
  const lines = theirs.filter({ hasText: about }).filter({ hasNotText: "waiting" });
  const until = Date.now() + 10_000;
  do {
    await page.goto("/dev/mailbox");
  } while ((await lines.count()) < count && Date.now() < until);
  await lines.first().getByRole("link").click();
  await page.waitForURL("**/dev/mailbox/*");
}

/** The code in the latest mail to this address. */
export async function readCode(page, email, count = 1) {
  await openLatestMail(page, email, count, /Confirm your address/);
  const words = await page.locator(".letter").innerText();
  return words.match(/\d{4} \d{4}/)[0];
}
