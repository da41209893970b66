// Runs real proxies in front of the real binary, with the very files of deploy/proxies.
//
//   node run.mjs             all of them
//   node run.mjs nginx       one: nginx, caddy or haproxy
//
// BINARY and CHROMIUM name the programs.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { Stage, WIKI, LOGIN, cookieHeader, cookies, form } from "./stage.mjs";
import { code } from "./totp.mjs";
import { walk } from "./walk.mjs";

const PASS = "__Secure-vestibule-forward";
/** Of its cookies, the one that a browser sends to hosts beside ours. */
const pass = (jar) => `${PASS}=${jar[PASS]}`;
const PAGE = "/a%20page?b=c&d=%2Fe";
const BROWSER = { accept: "text/html,application/xhtml+xml,*/*;q=0.8", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
const SOCKET = {
  connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13",
  "sec-websocket-key": randomBytes(16).toString("base64"),
};

const CHECKS = {
  async "an anonymous browser is led to sign-in with the way back, and a program gets 401"({ stage }) {
    const led = await stage.ask(WIKI, PAGE, { headers: BROWSER });
    const way = `https://${LOGIN}/login?${new URLSearchParams({ next: `https://${WIKI}${PAGE}` })}`;
    assert.deepEqual([led.status, new URL(led.headers.location).href], [303, new URL(way).href.replaceAll("+", "%20")]);
    for (const headers of [{}, { accept: "*/*" }, { ...BROWSER, "x-requested-with": "XMLHttpRequest" }]) {
      const told = await stage.ask(WIKI, PAGE, { headers });
      assert.deepEqual([told.status, told.headers.location], [401, undefined], JSON.stringify(headers));
    }
    assert.equal((await stage.ask(WIKI, PAGE, { method: "POST", headers: BROWSER, body: "x" })).status, 401);
  },

  async "somebody signed in gets in, and the application is told who they are"({ stage, ada }) {
    const seen = await reach(stage, WIKI, PAGE, { headers: { cookie: `theme=dark; ${pass(ada)}; other=1` } });
    assert.deepEqual([seen.method, seen.url], ["GET", PAGE]);
    assert.deepEqual(identity(seen), { user: "ada", email: "ada@example.org", name: "Ada Émile", groups: "staff" });
    assert.ok(!/vestibule/.test(seen.headers.cookie), seen.headers.cookie);
    assert.match(seen.headers.cookie, /theme=dark.*other=1/);
  },

  async "wherever our cookie stands among others, they reach the application and it does not"({ stage, ada }) {
    const ours = pass(ada);
    for (const cookie of [ours, `${ours}; a=1`, `a=1; ${ours}`, `a=1; ${ours}; b=2`, `a=1; ${ours}; b=2; c=3`, `${ours}; a=1; b=2`]) {
      const seen = await reach(stage, WIKI, "/", { headers: { cookie } });
      // To the letter: a semicolon too many, and some applications read no cookie at all.
      const left = cookie.split("; ").filter((each) => each !== ours).join("; ");
      assert.equal(seen.headers.cookie ?? "", left, cookie);
    }
  },

  async "whoever plants a second cookie of that name gets neither"({ stage, ada }) {
    const [ours, fake] = [pass(ada), `${PASS}=fake`];
    for (const cookie of [`${ours}; ${fake}`, `${fake}; ${ours}`, `${ours}; a=1; ${fake}`, `${fake}; a=1; ${ours}; b=2`, `a=1; ${fake}; ${ours}; ${fake}`]) {
      const seen = await reach(stage, WIKI, "/public/x", { headers: { cookie } });
      assert.ok(!(seen.headers.cookie ?? "").includes(PASS), `${cookie}: ${seen.headers.cookie}`);
    }
  },

  async "an API key opens the door and goes no further; what is the application's own does"({ stage, ada }) {
    const key = stage.run("api-key", "create", "ada", "--name", `k${Date.now()}`, "--scope", "apps").trim();
    const seen = await reach(stage, WIKI, "/", { headers: { authorization: `Bearer ${key}` } });
    assert.deepEqual([identity(seen).user, seen.headers.authorization ?? ""], ["ada", ""]);
    const theirs = "Basic YTpi";
    const own = await reach(stage, WIKI, "/", { headers: { authorization: theirs, cookie: pass(ada) } });
    assert.equal(own.headers.authorization, theirs);
  },

  async "what a client says of itself never reaches the application"({ stage, ada, bob }) {
    const names = ["Remote-User", "Remote-Email", "Remote-Name", "Remote-Groups", "remote_user", "Remote_Groups", "REMOTE.USER"];
    const lies = Object.fromEntries(names.map((name) => [name, "mallory"]));
    for (const [path, cookie, expected] of [
      ["/", pass(ada), { user: "ada", email: "ada@example.org", name: "Ada Émile", groups: "staff" }],
      ["/", pass(bob), { user: "bob", email: "", name: "bob", groups: "" }],
      ["/public/x", "", { user: "", email: "", name: "", groups: "" }],
    ]) {
      const seen = await reach(stage, WIKI, path, { headers: { ...lies, cookie } });
      assert.deepEqual(identity(seen), expected);
      assert.ok(!JSON.stringify(seen.headers).includes("mallory"), JSON.stringify(seen.headers));
    }
    // Nor does what it says to us in the proxy's name.
    const forged = {
      "X-Forwarded-Uri": "/public", "X-Forwarded-Host": WIKI, "X-Forwarded-Method": "GET", "X-Forwarded-Proto": "https",
      "X-Original-URL": `https://${WIKI}/public`, "X-Original-Method": "GET", "X-Forwarded-For": "127.0.0.1",
    };
    assert.equal((await stage.ask(WIKI, "/", { headers: forged })).status, 401);
    const admin = { headers: { ...forged, cookie: pass(bob) } };
    assert.equal((await stage.ask(WIKI, "/admin", admin)).status, 403);
  },

  async "nobody from outside can ask what proxies ask"({ stage, ada }) {
    for (const path of ["/auth/nginx", "/auth/forward", "/auth/envoy/"]) {
      assert.equal((await stage.ask(LOGIN, path, { headers: { cookie: cookieHeader(ada) } })).status, 404, path);
    }
  },

  async "a path counts as the application may read it"({ stage, bob }) {
    for (const [path, anybody, known] of [
      ["/public", 200, 200],
      ["/public/style.css", 200, 200],
      ["/publican", 401, 200],
      ["/admin", 401, 403],
      ["/admin/x", 401, 403],
      ["/public/../admin", 401, 403],
      ["/public/%2e%2e/admin", 401, 403],
      ["/public%2f..%2fadmin", 401, 403],
      ["/public/..;/admin", 401, 403],
      ["//admin", 401, 403],
      ["/%61dmin", 401, 403],
      ["/Admin", 401, 403],
    ]) {
      assert.equal((await stage.ask(WIKI, path)).status, anybody, path);
      assert.equal((await stage.ask(WIKI, path, { headers: { cookie: pass(bob) } })).status, known, path);
    }
  },

  async "groups let in, and a second factor is asked for where a rule says so"({ stage, ada }) {
    const headers = { ...BROWSER, cookie: pass(ada) };
    assert.equal((await stage.ask(WIKI, "/admin", { headers })).status, 200);
    const led = await stage.ask(WIKI, "/vault", { headers });
    assert.deepEqual([led.status, led.headers.location], [303, `https://${LOGIN}/account/totp?next=https%3A%2F%2F${WIKI}%2Fvault`]);
    const script = await stage.ask(WIKI, "/vault", { headers: { cookie: pass(ada) } });
    assert.equal(script.status, 403);
    const jar = await enrol(stage, ada);
    const seen = await stage.ask(WIKI, "/vault", { headers: { ...BROWSER, cookie: pass(jar) } });
    assert.equal(seen.status, 200, seen.headers.location);
  },

  async "a WebSocket opens for whoever is signed in, and for nobody else"({ stage, bob }) {
    const refused = await stage.ask(WIKI, "/socket", { headers: SOCKET });
    assert.equal(refused.status, 401);
    const headers = { ...SOCKET, "Remote-User": "mallory", cookie: pass(bob) };
    const { status, headers: told, socket } = await stage.ask(WIKI, "/socket", { headers });
    assert.deepEqual([status, told["x-user"]], [101, "bob"]);
    socket.write(Buffer.concat([Buffer.from([0x81, 0x85, 0, 0, 0, 0]), Buffer.from("hello")]));
    const frame = await new Promise((done) => socket.once("data", done));
    assert.equal(frame.subarray(2).toString(), "hello");
    socket.destroy();
  },

  async "a large body goes to the application and not to us"({ stage, bob }) {
    const body = randomBytes(8 * 1024 * 1024);
    const headers = { cookie: pass(bob), "content-type": "application/octet-stream", "content-length": body.length };
    const seen = await reach(stage, WIKI, "/upload", { method: "POST", headers, body });
    assert.deepEqual([seen.method, seen.bytes], ["POST", body.length]);
    const chunked = { cookie: pass(bob), "transfer-encoding": "chunked" };
    assert.equal((await reach(stage, WIKI, "/upload", { method: "PUT", headers: chunked, body })).bytes, body.length);
  },

  async "a host that no rule names is refused"({ stage, ada }) {
    for (const host of ["other.example.org", "evil.test"]) {
      const answer = await stage.ask(host, "/public", { headers: { ...BROWSER, cookie: pass(ada) } }).catch(() => ({ status: "closed" }));
      // A proxy with no such host has its own word for it; neither an application is there, nor a page of ours.
      const is_nothing = !answer.text && !answer.headers?.location;
      assert.ok(answer.status === "closed" || answer.status === 421 || is_nothing, `${host}: ${answer.status}: ${answer.text}`);
      const inside = await stage.ask(host, "/public", { headers: { ...BROWSER, cookie: pass(ada) }, opened: WIKI });
      assert.equal(inside.status, 421, `${host}: ${inside.text}`);
    }
  },

  async "whoever signs out is refused within a second"({ stage }) {
    const carl = await stage.signIn("carl");
    const ask = () => stage.ask(WIKI, "/", { headers: { cookie: pass(carl) } });
    assert.deepEqual([(await ask()).status, (await ask()).status], [200, 200]);
    const headers = { ...form(""), cookie: cookieHeader(carl) };
    assert.equal((await stage.ask(LOGIN, "/logout", { method: "POST", headers })).status, 303);
    const began = Date.now();
    while ((await ask()).status === 200) assert.ok(Date.now() - began < 1000, "still let in");
    assert.equal((await ask()).status, 401);
  },

  async "a session that an operator ends is refused within a second"({ stage }) {
    const carl = await stage.signIn("carl");
    const ask = () => stage.ask(WIKI, "/", { headers: { cookie: pass(carl) } });
    assert.equal((await ask()).status, 200);
    await stage.server.operator("user", "disable", "carl");
    const began = Date.now();
    while ((await ask()).status === 200) assert.ok(Date.now() - began < 1000, "still let in");
    assert.equal((await ask()).status, 401);
  },

  async "a person in Chromium signs in and is back on the very page"({ stage }) {
    await walk(stage);
  },
};

/** What the application saw. */
async function reach(stage, host, path, options) {
  const answer = await stage.ask(host, path, options);
  assert.equal(answer.status, 200, `${path}: ${answer.text}`);
  return JSON.parse(answer.text);
}

function identity({ headers }) {
  const text = (name) => Buffer.from(headers[`remote-${name}`] ?? "", "latin1").toString("utf8");
  return { user: text("user"), email: text("email"), name: text("name"), groups: text("groups") };
}

/** Turns on two-step sign-in; the cookies afterwards. */
async function enrol(stage, before) {
  const jar = { ...before };
  const send = async (path, fields) => {
    const body = fields && new URLSearchParams(fields).toString();
    const headers = { ...(fields ? form(body) : { accept: "text/html" }), cookie: cookieHeader(jar) };
    const answer = await stage.ask(LOGIN, path, { method: fields ? "POST" : "GET", headers, body });
    for (const [name, value] of Object.entries(cookies(answer))) value ? (jar[name] = value) : delete jar[name];
    return answer;
  };
  assert.equal((await send("/account/totp/begin", {})).status, 303);
  const page = await send("/account/totp");
  const key = page.text.match(/id="key">([^<]+)/)[1];
  assert.equal((await send("/account/totp", { code: code(key, Date.now() - 30_000) })).status, 303);
  const again = await send("/reauth", { password: "correct horse battery staple", code: code(key) });
  assert.equal(again.status, 303, again.text);
  return jar;
}

let failed = 0;
const chosen = process.argv.slice(2);
for (const kind of chosen.length ? chosen : ["nginx", "caddy", "haproxy"]) {
  console.log(`${kind}:`);
  const stage = await Stage.start(kind);
  for (const name of ["ada", "bob", "carl", "dora"]) await stage.person(name);
  stage.rows(`
    UPDATE users SET email = 'ada@example.org', email_folded = 'ada@example.org', email_verified_at = 1,
      display_name = 'Ada Émile' WHERE username = 'ada';
  `);
  stage.run("group", "create", "staff");
  stage.run("group", "add", "staff", "ada");
  const facts = { stage, ada: await stage.signIn("ada"), bob: await stage.signIn("bob") };
  for (const [name, check] of Object.entries(CHECKS)) {
    const began = Date.now();
    try {
      await check(facts);
      console.log(`  ✓ ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
    } catch (error) {
      failed++;
      console.log(`  ✗ ${name}\n${String(error.stack ?? error).replace(/^/gm, "      ")}`);
    }
  }
  const log = await stage.stop();
  if (process.env.SHOW_LOG) console.log(stage.log, log);
}
console.log(failed ? `\n${failed} failed` : "\nall passed");
process.exit(failed ? 1 : 0);
