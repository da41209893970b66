// Copy and print, where the browser can.
for (const button of document.querySelectorAll("[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  const status = document.getElementById(`${button.dataset.copy}-copied`);
  // Only pages from a safe place may write there.
  if (!(source instanceof HTMLElement) || !(status instanceof HTMLElement) || !navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const parts = source.matches("code") ? [source] : [...source.querySelectorAll("code")];
    // The blanks are there for the eye.
    const text = parts.map((part) => part.textContent.replace(/\s/g, "")).join("\n");
    try {
      await navigator.clipboard.writeText(text);
      status.textContent = "Copied.";
    } catch {
      status.textContent = "That did not work. Please select it and copy it by hand.";
    }
  });
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
