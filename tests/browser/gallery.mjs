// Every page in every state that people see, each made through the front door.
import { addPasskey, device, use } from "./devices.mjs";
import { giveFactors } from "./factors.mjs";
import { longPast } from "./past.mjs";
import {
  OTHER_PASSWORD, PASSWORD, askForLink, openLatestMail, press, readCode, register, signIn, signOut, somebody, submit,
} from "./people.mjs";
import { begin, turnOn } from "./phone.mjs";

const visit = (place) => (_, page) => page.goto(place);

/** A form full of mistakes that the browser itself would not let through. */
const wrongly = (open, fields) => async (house, page) => {
  await open(house, page);
  await page.evaluate(() => (document.querySelector("main form").noValidate = true));
  await submit(page, fields);
};

const setup = async (house, page) => page.goto((await house.server()).setupLink);

const reset = async (house, page) => {
  const ada = somebody();
  await register(page, ada);
  await page.goto(await (await house.server()).operator("user", "reset-link", ada.username));
};

const ADDRESS = "ada.lovelace.who.has.a.long.address@mathematics.example.org";

const mailed = async (house, page) => {
  await register(await house.page(), somebody("ada", { email: ADDRESS }));
  await askForLink(page, ADDRESS);
  await openLatestMail(page, ADDRESS);
};

const inside = (place) => async (_, page) => {
  await register(page, somebody("ada", { email: "ada.lovelace@example.org" }));
  await page.goto(place);
};

/** A key that may read who its owner is; for somebody new, unless they are there. */
async function makeKey(page, name, isNew = true) {
  if (isNew) await inside("/account/api-keys")(null, page);
  await page.locator("#name").fill(name);
  await page.getByLabel("Read who you are").check();
  await press(page, page.getByRole("button", { name: "Make the key" }));
}

/** Ada, whose address is proven, asks for another one. */
async function changing(house, page) {
  const email = `${somebody("ada.lovelace").username}@example.org`;
  const mailbox = await house.page();
  await register(page, somebody("ada", { email }));
  await page.goto("/account/email");
  await submit(page, { code: await readCode(mailbox, email) });
  await page.locator("#email").fill(`new.${email}`);
  await press(page, page.getByRole("button", { name: "Send a code to it" }));
  return { email, next: `new.${email}`, mailbox };
}

/** And has it. */
async function changed(house, page) {
  const { email, next, mailbox } = await changing(house, page);
  await submit(page, { code: await readCode(mailbox, next) });
  return email;
}

/** A dashboard on which something has happened. */
export async function lively(house, page, ada = somebody("ada", { email: "ada.lovelace@example.org" })) {
  await register(page, ada);
  const phone = await house.page({ device: "Safari on iPhone" });
  await signIn(phone, ada);
  const office = await house.page({ device: "Firefox on Windows" });
  for (let times = 0; times < 3; times += 1) await signIn(office, ada, "not the password at all");
  await signIn(office, ada);
  const tablet = await house.page({ device: "Safari on iPhone" });
  await signIn(tablet, ada);
  await signOut(tablet);
  await page.goto("/reauth?next=/dashboard");
  await submit(page, { password: ada.password });
  await page.waitForURL("**/dashboard");
  await page.reload();
}

/** The page behind the mail about a new device: somebody has Ada's password, which she proved her address with. */
export async function burgled(house, options) {
  const ada = somebody("ada", { email: `${somebody().username}@example.org` });
  const page = await house.page(options);
  await register(await house.page(), ada);
  await askForLink(page, ada.email);
  await openLatestMail(page, ada.email);
  await page.locator(".letter a").first().click();
  await page.waitForURL("**/reset");
  await submit(page, { password: OTHER_PASSWORD });
  await signIn(page, ada, OTHER_PASSWORD);
  const thief = await house.page({ device: "Safari on iPhone" });
  await signIn(thief, ada, OTHER_PASSWORD);
  await openLatestMail(page, ada.email, 1, /A new sign-in/);
  await page.locator(".letter a").first().click();
  await page.waitForURL("**/not-me");
  return { ada, thief, page };
}

/** A page of somebody with a long past. */
const old = (place) => async (house, page) => {
  const ada = somebody();
  await lively(house, page, ada);
  await longPast(await house.server(), ada);
  await page.goto(place);
};

/** A page of somebody who has two-step sign-in on. */
const twoSteps = (place) => async (house, page) => {
  await inside("/account/totp")(house, page);
  await turnOn(page);
  await press(page, page.getByRole("button", { name: "I have saved these codes" }));
  await page.goto(place);
};

/** Ada on a device with a passkey of hers, and how to reach into it. */
async function keyed(page) {
  const ada = somebody();
  const keys = await device(page);
  await register(page, ada);
  await addPasskey(page);
  await page.waitForURL("**/account/recovery-codes");
  await page.goto("/account/passkeys");
  return { ada, keys };
}

/** A sign-in that waits for a code. */
const waiting = (place, fields) => async (house, page) => {
  const home = await house.page();
  const ada = somebody();
  await register(home, ada);
  await turnOn(home);
  await signIn(page, ada);
  await page.goto(place);
  if (fields) await submit(page, fields);
};

/** A page of somebody with factors. */
const secured = (place, factors) => async (house, page) => {
  const ada = somebody("ada", { email: `${somebody().username}@example.org` });
  await register(page, ada);
  await giveFactors(await house.server(), ada, factors);
  await page.goto(place);
};

const MISTAKES = { username: "a b", email: "nowhere", password: "short" };

/** Each is given a new page, and may answer with another one. */
export const GALLERY = {
  "sign-in": visit("/login"),
  "sign-in after a wrong password": (_, page) => signIn(page, somebody()),
  "sign-in to stay, after a wrong password": async (_, page) => {
    await page.goto("/login");
    await page.locator("#stay_signed_in").check();
    await submit(page, { login: somebody().username, password: OTHER_PASSWORD });
  },
  "sign-in after too many tries": async (house) => {
    const page = await house.page({ server: await house.server({ THROTTLE__ENABLED: "true" }) });
    const eve = somebody("eve");
    for (let tries = 0; tries < 12 && page.answer?.status() !== 429; tries += 1) await signIn(page, eve, `guess number ${tries}`);
    return page;
  },
  "sign-in where accounts are made by an administrator": async (house) => {
    const page = await house.page({ server: await house.server({ REGISTRATION__MODE: "closed", REGISTRATION__EMAIL: "hidden" }) });
    await page.goto("/login");
    return page;
  },
  "sign-in on the way to another page": visit("/dashboard?seen=1"),
  "sign-in just after sign-out": async (_, page) => {
    await register(page, somebody());
    await signOut(page);
  },
  "a code of the app at sign-in": waiting("/login/totp"),
  "a wrong code of the app at sign-in": waiting("/login/totp", { code: "000000" }),
  "a recovery code at sign-in": waiting("/login/recovery-code"),
  "a wrong recovery code at sign-in": waiting("/login/recovery-code", { code: "2222-2222-2222-2222" }),
  "sign-in after five wrong codes": async (house, page) => {
    await waiting("/login/totp")(house, page);
    for (let tries = 0; tries < 5; tries += 1) await submit(page, { code: "000000" });
  },
  "a code at sign-in after too many": async (house) => {
    const server = await house.server({ THROTTLE__ENABLED: "true" });
    const page = await house.page({ server });
    const home = await house.page({ server });
    const ada = somebody();
    await register(home, ada);
    await turnOn(home);
    for (let tries = 0; tries < 12 && page.answer?.status() !== 429; tries += 1) {
      if (tries % 4 === 0) await signIn(page, ada);
      await submit(page, { code: "000000" });
    }
    return page;
  },
  registration: visit("/register"),
  "registration with mistakes": wrongly(visit("/register"), MISTAKES),
  "the first administrator's page": setup,
  "the first administrator's page with mistakes": wrongly(setup, MISTAKES),
  "the page of a reset link": reset,
  "the page of a reset link with a weak password": wrongly(reset, { password: "passwordpassword" }),
  "forgot the password": visit("/forgot"),
  "forgot the password, with no address": wrongly(visit("/forgot"), { email: "nowhere" }),
  "forgot the password, and what happens now": (_, page) => askForLink(page, ADDRESS),
  "the mailbox": async (house, page) => {
    await mailed(house, page);
    await page.goto("/dev/mailbox");
  },
  "the mailbox while it is empty": async (house) => {
    const page = await house.page({ server: await house.server({ SERVER__NAME: "Vestibule", LOG__LEVEL: "warn" }) });
    await page.goto("/dev/mailbox");
    return page;
  },
  "a mail with a link": mailed,
  "the dashboard on the first day": (_, page) => register(page, somebody()),
  "the dashboard of a busy person": (house, page) => lively(house, page),
  "the dashboard just before the end": async (house) => {
    const page = await house.page({ server: await house.server({ TOKENS__LIFETIME: "1m" }) });
    await register(page, { ...somebody(), username: `a-name-as-long-as-they-may-be-${Date.now() % 1000}` });
    await page.locator("#ending-renew").waitFor();
    return page;
  },
  "the sessions on the first day": inside("/account/sessions"),
  "the sessions of a busy person": old("/account/sessions"),
  "the sessions of a busy person, further on": async (house, page) => {
    await old("/account/sessions")(house, page);
    await page.getByRole("link", { name: "Older" }).click();
    await page.waitForURL("**before=**");
  },
  "the activity of a busy person": old("/account/activity"),
  "the activity of a busy person, failures alone": old("/account/activity?kind=failures"),
  "the activity, if there is none of that kind": inside("/account/activity?kind=failures"),
  "a mail about a new device": async (house) => {
    const { page } = await burgled(house);
    await page.goBack();
    return page;
  },
  "this was not me": async (house) => (await burgled(house)).page,
  "this was not me, and the way on": async (house) => {
    const { page } = await burgled(house);
    await press(page, page.getByRole("button", { name: "This was not me" }));
    return page;
  },
  "a link about a sign-in that is used up": visit("/not-me/none"),
  "the dashboard of somebody who stays": async (house, page) => {
    const ada = somebody("ada", { email: "ada.lovelace@example.org" });
    await register(await house.page(), ada);
    await page.goto("/login");
    await page.locator("#stay_signed_in").check();
    await submit(page, { login: ada.username, password: ada.password });
  },
  "one's e-mail address, and there is none": async (_, page) => {
    await register(page, somebody());
    await page.goto("/account/email");
  },
  "one's e-mail address, and its code": inside("/account/email"),
  "one's e-mail address, and a wrong code": async (house, page) => {
    await inside("/account/email")(house, page);
    await submit(page, { code: "x" });
  },
  "one's e-mail address, and too many wrong codes": async (house, page) => {
    await inside("/account/email")(house, page);
    for (let tries = 0; tries < 5; tries += 1) await submit(page, { code: "0000 0000" });
    await page.goto("/account/email");
  },
  "one's e-mail address, cancelled": async (house, page) => {
    await inside("/account/email")(house, page);
    await press(page, page.getByRole("button", { name: "Cancel" }));
  },
  "one's e-mail address, and a new one": async (house, page) => void (await changing(house, page)),
  "one's e-mail address, changed": async (house, page) => void (await changed(house, page)),
  "the link that proves an address": async (house, page) => {
    const { next } = await changing(house, page);
    await openLatestMail(page, next, 1, /Confirm your address/);
    await page.locator(".letter a").first().click();
    await page.waitForURL("**/verify-email");
  },
  "the link that proves an address, signed out": async (house, page) => {
    const { next } = await changing(house, await house.page());
    await openLatestMail(page, next, 1, /Confirm your address/);
    await page.locator(".letter a").first().click();
    await page.waitForURL("**/verify-email");
  },
  "putting an address back": async (house, page) => {
    const email = await changed(house, await house.page());
    await openLatestMail(page, email, 1, /was replaced/);
    await page.locator(".letter a").first().click();
    await page.waitForURL("**/restore-email");
  },
  "confirming that it is you": inside("/reauth?next=/dashboard"),
  "confirming with a wrong password": async (house, page) => {
    await inside("/reauth")(house, page);
    await submit(page, { password: OTHER_PASSWORD });
  },
  "changing the password": inside("/account/password"),
  "changing the password with mistakes": wrongly(inside("/account/password"), {
    current_password: "not the password at all", password: "passwordpassword",
  }),
  "changing the password, the current one wrong": wrongly(inside("/account/password"), {
    current_password: "not the password at all", password: OTHER_PASSWORD,
  }),
  "two-step sign-in, which is off": inside("/account/totp"),
  "turning two-step sign-in on": async (house, page) => {
    await inside("/account/totp")(house, page);
    await begin(page);
  },
  "turning two-step sign-in on, with a wrong code": async (house, page) => {
    await inside("/account/totp")(house, page);
    await begin(page);
    await submit(page, { code: "000000" });
  },
  "turning two-step sign-in on, after too many codes": async (house) => {
    const page = await house.page({ server: await house.server({ THROTTLE__ENABLED: "true" }) });
    await register(page, somebody());
    await begin(page);
    for (let tries = 0; tries < 12 && page.answer?.status() !== 429; tries += 1) await submit(page, { code: "000000" });
    return page;
  },
  "two-step sign-in, which is on": twoSteps("/account/totp"),
  "two-step sign-in, its codes not saved yet": async (house, page) => {
    await inside("/account/totp")(house, page);
    await turnOn(page);
    await page.goto("/account/totp");
  },
  "recovery codes, just made": async (house, page) => {
    await inside("/account/totp")(house, page);
    await turnOn(page);
  },
  "recovery codes, later": twoSteps("/account/recovery-codes"),
  "recovery codes, void before they were saved": async (house, page) => {
    await inside("/account/totp")(house, page);
    await turnOn(page);
    const cookies = await page.context().cookies();
    await press(page, page.getByRole("button", { name: "I have saved these codes" }));
    await page.goto("/account/recovery-codes");
    await press(page, page.getByRole("button", { name: "Make new codes" }));
    await page.context().addCookies(cookies);
    await page.goto("/account/recovery-codes");
  },
  "confirming with a password and a code": twoSteps("/reauth?next=/account/totp"),
  "confirming with a wrong code": async (house, page) => {
    await twoSteps("/reauth")(house, page);
    await submit(page, { password: PASSWORD, code: "000000" });
  },
  "changing the password, or doing without it": secured("/account/password"),
  "setting a password": secured("/account/password", { password: false }),
  "setting a password with mistakes": wrongly(secured("/account/password", { password: false }), { password: "short" }),
  "the dashboard with all that is asked, and a second passkey suggested": secured("/dashboard"),
  "the dashboard with few recovery codes": secured("/dashboard", { passkeys: 2, codes: 2 }),
  "a second step that the administrator asks for": async (house) => {
    const page = await house.page({ server: await house.server({ SECOND_FACTOR__REQUIRE: "everyone" }) });
    await page.goto("/register");
    const ada = somebody();
    await submit(page, { username: ada.username, password: ada.password });
    await page.waitForURL("**/account/totp");
    return page;
  },
  "sign-in after a reset": async (house, page) => {
    await reset(house, page);
    await submit(page, { password: OTHER_PASSWORD });
  },
  settings: inside("/account/settings"),
  "settings with a name that cannot be, in dark colours": async (house, page) => {
    await inside("/account/settings")(house, page);
    await page.getByLabel("Dark").check();
    await press(page, page.getByRole("button", { name: "Save the theme" }));
    await page.getByLabel("What should we call you?").fill("w".repeat(65));
    await press(page, page.getByRole("button", { name: "Save the name" }));
  },
  "a copy of one's data": inside("/account/export"),
  "closing the account": inside("/account/close"),
  "closing the account, with another name": async (house, page) => {
    await inside("/account/close")(house, page);
    await page.getByLabel("Type your username").fill("somebody else");
    await press(page, page.getByRole("button", { name: "Close the account" }));
  },
  "sign-in just after the account was closed": async (_, page) => {
    const ada = somebody();
    await register(page, ada);
    await page.goto("/account/close");
    await page.getByLabel("Type your username").fill(ada.username);
    await press(page, page.getByRole("button", { name: "Close the account" }));
  },
  "passkeys, while there is none": inside("/account/passkeys"),
  "passkeys, with one": (_, page) => keyed(page),
  "passkeys, with a synced one beside it that is being renamed wrongly": async (_, page) => {
    const { keys } = await keyed(page);
    await keys.touch(false);
    await device(page, { transport: "usb", isSynced: true });
    await addPasskey(page);
    await page.waitForURL("**/account/passkeys");
    await page.locator("summary").last().click();
    await page.getByLabel("Name").last().fill("x".repeat(100));
    await press(page, page.getByRole("button", { name: "Rename" }).last());
  },
  "passkeys, where the site is opened by its address": async (house) => {
    const server = await house.server({ SERVER__PUBLIC_URL: "http://127.0.0.1:8099", SERVER__LISTEN: "127.0.0.1:8099" });
    const page = await house.page({ server });
    await register(page, somebody());
    await page.goto("/account/passkeys");
    return page;
  },
  "sign-in after a passkey that is not known": async (house, page) => {
    const { keys } = await keyed(page);
    await keys.touch(false);
    await page.locator("summary").click();
    const phone = await house.page({ javaScriptEnabled: false });
    await phone.context().addCookies(await page.context().cookies());
    await phone.goto("/account/passkeys");
    await phone.locator("summary").click();
    await press(phone, phone.getByRole("button", { name: "Remove" }));
    await page.goto("/login");
    await keys.touch(true);
    await use(page);
  },
  "the second step with a passkey": async (_, page) => {
    const { ada, keys } = await keyed(page);
    await keys.touch(false);
    await signOut(page);
    await signIn(page, ada);
    await page.goto("/login/passkey");
  },
  "confirming that it is you, with a passkey": async (_, page) => {
    await keyed(page);
    await page.goto("/reauth?next=/account/passkeys");
  },
  "API keys, while there is none": inside("/account/api-keys"),
  "API keys, one just made": async (_, page) => makeKey(page, "backup script"),
  "API keys, two and one wanted with mistakes": async (house, page) => {
    await makeKey(page, "backup script");
    await page.getByLabel("Open applications").check();
    await makeKey(page, "a name that is as long as a name of a key may be: 64 characters", false);
    await page.locator("#name").fill("backup script");
    await press(page, page.getByRole("button", { name: "Make the key" }));
  },
  "API keys, no room for another": async (house, page) => {
    await inside("/account/api-keys")(house, page);
    for (let number = 1; number <= 10; number += 1) await makeKey(page, `number ${number}`, false);
    await page.goto("/account/api-keys");
  },
  "the sign-out page": inside("/logout"),
  "the sign-out page when out already": visit("/logout"),
  "the manual of the API": visit("/docs/api"),
  "nothing here": visit("/no/such/page/with/a/rather/long/address/that/might/not/fit"),
  "a link that is used up": visit("/reset/none"),
  "a link about an address that is used up": visit("/verify-email/none"),
  "a link to put an address back that is used up": visit("/restore-email/none"),
  "the address of a deed": inside("/session/renew"),
  "a deed after the session ended": async (house, page) => {
    const ada = somebody();
    await register(page, ada);
    const other = await house.page();
    await signIn(other, ada);
    await press(other, other.getByRole("button", { name: "Sign out everywhere else" }));
    await press(page, page.getByRole("button", { name: "Stay signed in" }).first());
  },
};
