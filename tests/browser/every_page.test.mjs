// What holds for every page in every state.
import { GALLERY } from "./gallery.mjs";
import { test } from "./house.mjs";
import * as check from "./checks.mjs";

for (const [name, open] of Object.entries(GALLERY)) {
  test(`${name}: whole, valid, without barriers, light and dark, wide and narrow`, async (house) => {
    let page = await house.page();
    const other = await open(house, page);
    if (other?.goto) page = other;

    await check.frame(page);
    await check.fields(page);
    await check.codes(page);
    await check.html(page);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      for (const width of [1100, 320]) {
        await page.setViewportSize({ width, height: 760 });
        await check.axe(page);
        await check.fits(page);
        await check.targets(page);
      }
      await check.borders(page);
    }
    await check.stillness(page);
    await check.spacing(page);
    await check.largeText(page);
    await check.forcedColours(page);
    await check.print(page);
    // Chromium's advice on forms comes when it has time.
    await page.waitForTimeout(150);
  });
}
