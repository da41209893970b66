// What a page shows, as a test asks for it.

export const heading = (page) => page.getByRole("heading", { level: 1 }).innerText();
export const path = (page) => new URL(page.url()).pathname;

/** What `ask` answers as soon as it is not `idle`, or after a second: the browser moves the focus when it next draws. */
async function settled(ask, idle) {
  const until = Date.now() + 1000;
  let answer = await ask();
  while (idle(answer) && Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 30));
    answer = await ask();
  }
  return answer;
}

/** The id of what has the focus; its tag and text if it has none. */
export function focused(page) {
  const ask = () =>
    page.evaluate(() => {
      const { activeElement: it } = document;
      return it.id || `${it.localName} ${it.textContent.trim().replace(/\s+/g, " ")}`.trim();
    });
  return settled(ask, (name) => name.startsWith("body"));
}

/** The box above a form that lists what is to be put right. */
export async function errorBox(page) {
  const box = page.locator('main > [role="alert"]');
  return {
    focused: await settled(
      () => box.evaluate((it) => it === document.activeElement),
      (has) => !has,
    ),
    links: await box.getByRole("link").evaluateAll((links) => links.map((link) => link.getAttribute("href"))),
  };
}

/** How well one colour stands out from another (WCAG's ratio), both as `rgb(…)`. */
export function contrast(one, other) {
  const light = (colour) => {
    const [red, green, blue] = colour.match(/\d+(\.\d+)?/g).map((part) => {
      const share = Number(part) / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [dark, bright] = [light(one), light(other)].sort((a, b) => a - b);
  return (bright + 0.05) / (dark + 0.05);
}
