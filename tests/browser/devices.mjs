// Devices that keep passkeys, by Chromium's own authenticator (CDP, domain WebAuthn).
import { press } from "./people.mjs";

/** Gives this page's window such a device. A window has one that is built in, and others by `usb`. */
export async function device(page, { looksAtUser = true, transport = "internal", isSynced = false } = {}) {
  const session = await page.context().newCDPSession(page);
  await session.send("WebAuthn.enable");
  const options = {
    protocol: "ctap2", ctap2Version: "ctap2_1", transport, hasResidentKey: true,
    hasUserVerification: true, isUserVerified: looksAtUser, automaticPresenceSimulation: true,
    defaultBackupEligibility: isSynced, defaultBackupState: isSynced,
  };
  const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", { options });
  const send = (what, more = {}) => session.send(`WebAuthn.${what}`, { authenticatorId, ...more });
  return {
    credentials: async () => (await send("getCredentials")).credentials,
    lookAtUser: (isUserVerified) => send("setUserVerified", { isUserVerified }),
    touch: (enabled) => send("setAutomaticPresenceSimulation", { enabled }),
  };
}

/** The button that asks this page's device. */
export const ask = (page) => page.locator("form[data-passkey] button");

/** Presses it, and waits for the page that comes of it. */
export const use = (page) => press(page, ask(page));

/** Adds a passkey for whoever is signed in on this page. */
export async function addPasskey(page) {
  await page.goto("/account/passkeys");
  return use(page);
}
