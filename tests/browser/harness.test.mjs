// The instruments themselves: what finds nothing must be able to find something.
import assert from "node:assert/strict";
import { test } from "./house.mjs";

const BAD_FORM = `<form><input type="text"><input type="password"></form>
<script>console.log("heard")</script>`;

test("the watch over Chromium hears its advice on forms, the console and other sites", async (house) => {
  const port = await house.stranger(() => BAD_FORM);
  const window = await house.window();
  const page = await window.newPage();

  await page.goto(`http://127.0.0.1:${port}/`);
  await page.waitForTimeout(300);

  const heard = window.troubles.splice(0).join("\n");
  assert.match(heard, /\[DOM\].*autocomplete/);
  assert.match(heard, /console: heard/);
  assert.match(heard, /asked another site/);
});
