// Passkeys: asks the server what to ask for, asks the device, and sends its answer as the form that it stands in.
const known = typeof PublicKeyCredential === "function" && typeof navigator.credentials?.get === "function";
const forms = document.querySelectorAll("form[data-passkey]");
// A sign-in page may stay open all day; the server takes an answer for five minutes.
const fresh = 4 * 60 * 1000;
let waiting = null;

const bytes = (text) => {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
};
const text = (buffer) => {
  const plain = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
};

// Browsers from before 2025 read and write no JSON themselves.
const parse = (options, kind) => {
  const own = PublicKeyCredential[kind === "create" ? "parseCreationOptionsFromJSON" : "parseRequestOptionsFromJSON"];
  if (own) return own.call(PublicKeyCredential, options);
  const list = (all) => all?.map((one) => ({ ...one, id: bytes(one.id) }));
  const read = { ...options, challenge: bytes(options.challenge) };
  delete read.extensions;
  if (options.user) read.user = { ...options.user, id: bytes(options.user.id) };
  if (options.excludeCredentials) read.excludeCredentials = list(options.excludeCredentials);
  if (options.allowCredentials) read.allowCredentials = list(options.allowCredentials);
  return read;
};
const write = (credential) => {
  try {
    return JSON.stringify(credential.toJSON());
  } catch {
    const { response } = credential;
    const written = { clientDataJSON: text(response.clientDataJSON) };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (response[name]) written[name] = text(response[name]);
    }
    if (response.getAuthenticatorData) written.authenticatorData = text(response.getAuthenticatorData());
    const { id, rawId, type } = credential;
    return JSON.stringify({ id, rawId: text(rawId), type, response: written, clientExtensionResults: {} });
  }
};

// What went wrong, for whoever pressed the button; whoever thought better of it is told nothing.
const words = (error) => {
  switch (error.name) {
    case "AbortError":
    case "NotAllowedError":
      return "";
    case "InvalidStateError":
      return "This device has a passkey of yours already.";
    case "Told":
      return error.message;
    case "TypeError":
      return "We could not be reached. Check your connection and try again.";
    default:
      return "Your browser could not use a passkey here. Try another browser or another device.";
  }
};
const told = (message) => Object.assign(new Error(message), { name: "Told" });

const ask = async (form) => {
  const answer = await fetch(`${form.getAttribute("action")}/options`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(form.elements.second_step ? { second_step: true } : {}),
  });
  // Signed out, or asked for too late: the page itself knows the way from here.
  if (answer.status === 401) location.reload();
  const body = await answer.json();
  if (!answer.ok) throw told(body.detail);
  return body;
};

// From the device to the form, and on its way.
const run = async (form, mediation) => {
  waiting?.abort();
  const mine = new AbortController();
  waiting = mine;
  const kind = form.dataset.passkey;
  const { publicKey, ceremony } = await ask(form);
  const question = { publicKey: parse(publicKey, kind), signal: mine.signal };
  if (mediation) question.mediation = mediation;
  const credential = await navigator.credentials[kind](question);
  form.elements.ceremony.value = ceremony;
  form.elements.credential.value = write(credential);
  const stay = document.getElementById("stay_signed_in");
  const wish = form.elements.stay_signed_in;
  if (wish && stay instanceof HTMLInputElement) wish.disabled = !stay.checked;
  form.submit();
};

// In the list of the name's field, for as long as the page is open.
const offer = async (form) => {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  const again = setTimeout(offer, fresh, form);
  try {
    await run(form, "conditional");
  } catch (error) {
    // A button was pressed meanwhile: it has the device now.
    if (error.name === "AbortError") clearTimeout(again);
  }
};

if (known) {
  document.querySelectorAll("[data-passkey-missing]").forEach((note) => (note.hidden = true));
  for (const form of forms) {
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      event.stopPropagation();
      const note = form.querySelector("[role=alert]");
      const button = form.querySelector("button");
      note.textContent = "";
      button.disabled = true;
      try {
        await run(form);
      } catch (error) {
        note.textContent = words(error);
        button.disabled = false;
        button.focus();
        if ("conditional" in form.dataset) offer(form);
      }
    });
    if ("conditional" in form.dataset) offer(form);
  }
  // Nobody picks from a list whose page is left.
  addEventListener("pagehide", () => waiting?.abort());
  // Back from the next page: ready again.
  addEventListener("pageshow", () => {
    for (const form of forms) form.querySelector("button").disabled = false;
  });
}

// Devices forget what is no passkey of ours any more.
const unknown = document.querySelector("[data-unknown-passkey]");
if (known && unknown) {
  const { rpId, unknownPasskey: credentialId } = unknown.dataset;
  PublicKeyCredential.signalUnknownCredential?.({ rpId, credentialId }).catch(() => {});
}
const all = document.querySelector("[data-passkeys]");
if (known && all) {
  const { rpId, user: userId, passkeys } = all.dataset;
  const allAcceptedCredentialIds = passkeys.split(" ").filter(Boolean);
  PublicKeyCredential.signalAllAcceptedCredentials?.({ rpId, userId, allAcceptedCredentialIds }).catch(() => {});
}
