// Signed out in one tab, signed out in all: whoever reaches the sign-in page tells the others.
const channel = "BroadcastChannel" in window ? new BroadcastChannel("vestibule") : null;

if (document.querySelector("[data-signed-in]")) {
  channel?.addEventListener("message", () => location.replace("/login"));
  // A page kept by the browser may be older than the session.
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
} else {
  channel?.postMessage("signed out");
}
