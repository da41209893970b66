// Show a password; say when Caps Lock is on.
for (const button of document.querySelectorAll("[data-reveal]")) {
  const input = document.getElementById(button.dataset.reveal);
  if (!(input instanceof HTMLInputElement)) continue;
  const show = (shown) => {
    input.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
  };
  button.hidden = false;
  button.addEventListener("click", () => show(input.type === "password"));
  // Sent, or left behind: never as plain text.
  input.form?.addEventListener("submit", () => show(false));
  addEventListener("pagehide", () => show(false));
}

for (const hint of document.querySelectorAll("[data-caps]")) {
  const input = document.getElementById(hint.dataset.caps);
  if (!(input instanceof HTMLInputElement)) continue;
  const say = (text) => {
    if (hint.textContent !== text) hint.textContent = text;
  };
  const look = (event) => say(event.getModifierState?.("CapsLock") ? "Caps Lock is on." : "");
  for (const kind of ["keydown", "keyup", "click"]) input.addEventListener(kind, look);
  input.addEventListener("blur", () => say(""));
}
