// Reads access tokens, one a line, and says of each whether it is good.
//
//   node verify.mjs ISSUER AUDIENCE <tokens
//
// Ends with 0 if all were accepted, and with 1 if one was refused. Needs Node.js 20.19 and `jose`.
import { createInterface } from "node:readline";
import { inflateSync } from "node:zlib";
import { createRemoteJWKSet, errors, jwtVerify } from "jose";

const [issuer, audience] = process.argv.slice(2);
const FRESH_FOR = 10_000; // When the issuer is silent for longer, nobody knows, and nobody is let in.
const patience = () => ({ redirect: "error", signal: AbortSignal.timeout(3000) });

async function discover() {
  const answer = await fetch(`${issuer}/.well-known/oauth-authorization-server`, patience());
  const metadata = await answer.json();
  const ours = [metadata.jwks_uri, metadata.token_status_uri].every((uri) => new URL(uri).origin === new URL(issuer).origin);
  if (metadata.issuer !== issuer || !ours) throw new Error("these are the documents of another issuer");
  return metadata;
}

// Kept for five minutes; a token with an unknown key makes it fetched anew, at most once a minute.
const metadata = await discover();
const keys = createRemoteJWKSet(new URL(metadata.jwks_uri), { cooldownDuration: 60_000, cacheMaxAge: 300_000, timeoutDuration: 3000 });
// The list is not a stranger's word, so a new key is asked for at once: after a leak the list tells who is out.
const keysOfList = (header, token) =>
  keys(header, token).catch(async (error) => {
    if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
    await keys.reload();
    return keys(header, token);
  });
const list = { bits: Buffer.alloc(0), exp: 0, etag: "", confirmed: -Infinity };

async function fetchList() {
  const asked = performance.now();
  const uri = metadata.token_status_uri;
  const answer = await fetch(uri, { ...patience(), headers: { "If-None-Match": list.etag } });
  if (answer.status === 200) {
    const expected = { issuer, subject: uri, typ: "statuslist+jwt", algorithms: ["EdDSA"], requiredClaims: ["iat", "exp"] };
    const { payload } = await jwtVerify(await answer.text(), keysOfList, expected);
    if (payload.status_list.bits !== 1) throw new Error("another kind of list");
    list.bits = inflateSync(Buffer.from(payload.status_list.lst, "base64url"), { maxOutputLength: 8 << 20 });
    Object.assign(list, { exp: payload.exp, etag: answer.headers.get("etag") ?? "" });
  } else if (answer.status !== 304) {
    throw new Error(`the list was answered with ${answer.status}`);
  }
  list.confirmed = asked;
}

async function checkStatus({ idx, uri }) {
  if (uri !== metadata.token_status_uri || !Number.isSafeInteger(idx) || idx < 0) throw new Error("of another list");
  const isBeyond = () => idx >= list.bits.length * 8; // Then the list may be older than the token.
  if (performance.now() - list.confirmed > 1000 || isBeyond()) await fetchList().catch(() => {});
  const isFresh = performance.now() - list.confirmed < FRESH_FOR && Date.now() / 1000 < list.exp;
  if (!isFresh || isBeyond()) throw new Error("nobody knows whether it was revoked");
  if ((list.bits[idx >> 3] >> (idx & 7)) & 1) throw new Error("revoked");
}

/** The claims of a good token. Throws for any other. */
async function verify(token) {
  const requiredClaims = ["exp", "iat", "sub", "status"];
  const { payload } = await jwtVerify(token, keys, {
    issuer, audience, typ: "at+jwt", algorithms: ["EdDSA"], clockTolerance: 30, requiredClaims,
  });
  if (payload.iat > Date.now() / 1000 + 30) throw new Error("from the future");
  await checkStatus(payload.status.status_list);
  return payload;
}

for await (const line of createInterface({ input: process.stdin })) {
  try {
    console.log(`accepted ${(await verify(line.trim())).preferred_username}`);
  } catch (error) {
    process.exitCode = 1;
    console.log(`refused ${error.message}`);
  }
}
