// Runs the browser tests and says of each whether what its name says is so.
//
//   node run.mjs           all of them
//   node run.mjs WORDS     those of the file of this name, or with these words in their own
//
// BINARY and CHROMIUM name the programs, JOBS how many tests run side by side.
import { House, tests } from "./house.mjs";

const FILES = [
  "harness", "sessions", "staying", "whole_life", "account_sessions", "registering", "signing_in", "return_to",
  "signing_out", "second_factor", "passwords", "change_password", "two_steps", "passkeys", "forgetting", "email",
  "settings", "without_scripts", "keyboard", "looks", "wire", "refusals", "every_page",
];
const SLOWEST = 300_000;
const SLOWEST_TO_LEAVE = 30_000;

/** What comes of it, or an error if that takes longer than so many milliseconds. */
async function within(limit, what, promise) {
  let timer;
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Error(`${what} took longer than ${limit / 1000} s`)), limit);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function run({ name, body }) {
  const house = new House();
  const began = Date.now();
  let error;
  try {
    await within(SLOWEST, "it", body(house));
  } catch (caught) {
    error = caught ?? new Error("failed");
  }
  try {
    await within(SLOWEST_TO_LEAVE, "closing its windows", house.leave());
  } catch (caught) {
    error ??= caught;
  }
  console.log(`  ${error ? "✗" : "✓"} ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
  if (error) console.log(String(error.stack ?? error).replace(/^/gm, "      "));
  return !error;
}

const words = process.argv.slice(2).join(" ");
for (const file of FILES) {
  const known = tests.length;
  await import(`./${file}.test.mjs`);
  for (const test of tests.slice(known)) test.file = file;
}
const chosen = tests.filter(({ file, name }) => file === words || name.includes(words));
const left = [...chosen];
const results = [];
const worker = async () => {
  while (left.length) results.push(await run(left.shift()));
};
await Promise.all(Array.from({ length: Number(process.env.JOBS ?? 2) }, worker));
if (process.env.PICTURES) {
  const { takePictures } = await import("./pictures.mjs");
  results.push(await run({ name: "the pictures for the README are taken", body: takePictures }));
}
results.push(await run({ name: "every server stops when it is told to, with nothing bad in its log", body: House.close }));

const passed = results.filter(Boolean).length;
console.log(`\n${passed} passed, ${results.length - passed} failed`);
process.exit(passed === results.length ? 0 : 1);
