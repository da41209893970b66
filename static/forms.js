// A form is sent once, however often its button is pressed.
const release = (form) => {
  delete form.dataset.sent;
  form.removeAttribute("aria-busy");
};

addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  form.setAttribute("aria-busy", "true");
  // Should no answer come (the person pressed Stop), the form may be sent again.
  setTimeout(release, 10000, form);
});

// Back from the next page: ready again.
addEventListener("pageshow", () => document.querySelectorAll("form").forEach(release));
