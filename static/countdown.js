// How long the session still lasts. The server's words stand until we know better.
const countdown = document.getElementById("countdown");
const warning = document.getElementById("ending");
const renew = document.getElementById("ending-renew");

// The clock of this device may be wrong; the server's is in the Date of any answer.
const serverAhead = async () => {
  try {
    const answer = await fetch("/robots.txt", { cache: "no-store", credentials: "omit" });
    return Date.parse(answer.headers.get("date")) - Date.now() || 0;
  } catch {
    return 0;
  }
};

const inWords = (seconds) => {
  const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "always" });
  const minutes = Math.round(seconds / 60);
  if (minutes < 1) return words.format(Math.ceil(seconds), "second");
  return minutes < 60 ? words.format(minutes, "minute") : words.format(Math.round(minutes / 60), "hour");
};

if (countdown instanceof HTMLElement && warning instanceof HTMLElement) {
  const ends = Number(countdown.dataset.ends) * 1000 - (await serverAhead());
  const left = () => (ends - Date.now()) / 1000;

  const tick = () => {
    const seconds = left();
    // Over: the server sends us to the sign-in page, or says that another tab kept us in.
    if (seconds <= 0) return location.reload();
    countdown.textContent = inWords(seconds);
    if (seconds <= 120 && !warning.textContent) {
      warning.textContent = "You will be signed out in less than two minutes.";
      warning.parentElement.classList.add("note", "warn");
      if (renew instanceof HTMLElement) renew.hidden = false;
    }
    setTimeout(tick, Math.min(15, seconds) * 1000);
  };

  if (left() > 0) tick();
}
