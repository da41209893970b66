// Where the mails of a walk arrive: on the page of the house itself, or at a real mail server.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { openLatestMail } from "./people.mjs";
import { sleep } from "./server.mjs";

const PATIENCE = 90_000;
const MAIL_SERVER = fileURLToPath(new URL("../mail_server/serve.py", import.meta.url));

/** `/dev/mailbox`, in a window of its own. */
export class DevMailbox {
  constructor(page) {
    this.page = page;
  }

  /** The words of the latest mail to this address about something. */
  async read(address, about) {
    await openLatestMail(this.page, address, 1, about);
    return this.page.locator(".letter").innerText();
  }

  /** What the mails to this address are about, the oldest first. */
  async subjects(address) {
    await this.page.goto("/dev/mailbox");
    const lines = this.page.locator("main li", { hasText: `to ${address}` }).filter({ hasNotText: "waiting" });
    return (await lines.getByRole("link").allInnerTexts()).reverse();
  }
}

/** A mail server that does as it is told (`tests/mail_server/serve.py`). */
export class MailServer {
  static async start() {
    const server = new MailServer();
    server.process = spawn("python3", [MAIL_SERVER], { stdio: ["pipe", "pipe", "inherit"] });
    process.once("exit", () => server.process.kill());
    server.lines = createInterface({ input: server.process.stdout })[Symbol.asyncIterator]();
    server.port = (await server.lines.next()).value;
    return server;
  }

  /** Its answers come in the order of what it was told. */
  async tell(word) {
    this.process.stdin.write(`${word}\n`);
    return (await this.lines.next()).value;
  }

  async to(address) {
    const mails = JSON.parse(await this.tell("mails"));
    return mails
      .filter((mail) => mail.to.includes(address))
      .map(({ headers, text }) => ({ text, subject: headers.find(([name]) => name === "Subject")[1] }));
  }

  async read(address, about) {
    const until = Date.now() + PATIENCE;
    while (Date.now() < until) {
      const mail = (await this.to(address)).findLast(({ subject }) => about.test(subject));
      if (mail) return mail.text;
      await sleep(200);
    }
    throw new Error(`no mail to ${address} about ${about}`);
  }

  async subjects(address) {
    return (await this.to(address)).map(({ subject }) => subject);
  }

  stop() {
    this.process.kill();
  }
}
