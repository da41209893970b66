// Chromium, and a watch over all that it does.
import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-lcd-text",
];

const LINUX = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";

/** Devices, by the names that the dashboard should give them. */
export const DEVICES = {
  "Chrome on Linux": LINUX,
  "Firefox on Windows": "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
  "Safari on iPhone":
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
};

/** `keepsPages`: with the cache that Back and Forward take pages from, which Playwright switches off. */
export async function launch({ keepsPages = false } = {}) {
  const options = { executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", headless: true, args: FLAGS };
  if (keepsPages) options.ignoreDefaultArgs = ["--disable-back-forward-cache"];
  return chromium.launch(options);
}

/** A private window. It notes what no page of ours may cause; `troubles` is looked at after every test.
 *  `page.answer` is the answer that a page came with. */
export async function openWindow(browser, { origin, device = "Chrome on Linux", ...options } = {}) {
  const context = await browser.newContext({
    baseURL: origin,
    userAgent: DEVICES[device],
    viewport: { width: 1100, height: 760 },
    reducedMotion: "reduce",
    ...options,
  });
  context.setDefaultTimeout(10_000);
  const troubles = [];
  const requests = [];
  const refused = new Set();

  context.on("response", (response) => {
    if (response.status() >= 400 && response.request().isNavigationRequest()) refused.add(response.url());
  });
  context.on("request", (request) => {
    requests.push(request);
    const url = request.url();
    if (url.startsWith("http") && new URL(url).origin !== origin) troubles.push(`asked another site: ${url}`);
  });
  context.on("console", (message) => {
    const text = message.text();
    // Chromium says of each page with an error status that it "failed to load", and of each sign-out what it cleared.
    if (/^Failed to load resource: .* status of 4/.test(text) && refused.has(message.location().url)) return;
    if (/^Clear-Site-Data header on '[^']*\/(logout|sessions\/end-all|account\/close)': Cleared data types: "cache", "storage"\.$/.test(text)) return;
    troubles.push(`console: ${text}`);
  });
  context.on("weberror", (error) => troubles.push(`script: ${error.error().message}`));
  context.on("page", (page) => {
    page.on("response", (response) => {
      const isRedirect = response.status() >= 300 && response.status() < 400;
      if (response.request().isNavigationRequest() && !isRedirect) page.answer = response;
    });
  });
  return Object.assign(context, { troubles, requests });
}
