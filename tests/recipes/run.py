#!/usr/bin/env -S python3 -B
"""The recipes of docs/verify.md as processes of their own: against an issuer of the tests, which signs whatever a thief
or a mistake could, and against a real server, where somebody signs out.

Prints `recipe.name: value` lines, and ends with 1 when one accepted what it should refuse, or the other way round.
"""

import base64
import hmac
import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import zlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
RECIPES = ROOT / "examples" / "verify"
PACKAGES = RECIPES / "python" / "packages"
sys.path[:0] = [str(ROOT / "tests" / "drills"), str(PACKAGES)]

import certificates
import jwt
import stage
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from stage import PASSWORD, Client, say

COMMANDS = {
    "rust": [stage.TARGET / "debug" / "examples" / "verify"],
    "node": ["node", RECIPES / "node" / "verify.mjs"],
    "python": [sys.executable, "-B", RECIPES / "python" / "verify.py"],
    "shell": [RECIPES / "shell" / "verify"],
}
AUDIENCE = "the app"
LIMIT = 2.0
WELL_KNOWN = "/.well-known"


def coded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Recipe:
    """A recipe at work: a line in, a line out."""

    def __init__(self, name, issuer, audience, **environment):
        environment = os.environ | {"PYTHONPATH": str(PACKAGES)} | environment
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [*COMMANDS[name], issuer, audience],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True, env=environment,
        )  # fmt: skip

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def says(self, token):
        self.process.stdin.write(f"{token}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def goes_on(self, token):
        """Whether it accepts the token, and did not give up before."""
        try:
            return self.says(token).startswith("accepted ")
        except BrokenPipeError:
            return False

    def accepts(self, token):
        said = self.says(token)
        if not said.startswith(("accepted ", "refused ")):
            self.log.seek(0)
            sys.exit(f"a recipe said {said!r}, and to itself:\n{self.log.read()[-2000:]}")
        return said.startswith("accepted ")

    def ends_with(self):
        self.process.stdin.close()
        return self.process.wait(10)


class Issuer(http.server.ThreadingHTTPServer):
    """Signs anything."""

    def __init__(self, tls=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"{'https' if tls else 'http'}://localhost:{self.server_port}"
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.key, self.documents = Ed25519PrivateKey.generate(), {}
        self.public = self.key.public_key().public_bytes_raw()
        self.publish("oauth-authorization-server", "application/json", json.dumps(self.metadata()))
        jwk = {"kty": "OKP", "crv": "Ed25519", "x": coded(self.public), "kid": "one", "use": "sig", "alg": "EdDSA"}
        self.publish("jwks.json", "application/jwk-set+json", json.dumps({"keys": [jwk]}))
        self.publish_list()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def metadata(self):
        uris = {"jwks_uri": "jwks.json", "token_status_uri": "token-status"}
        return {"issuer": self.url} | {name: f"{self.url}{WELL_KNOWN}/{end}" for name, end in uris.items()}

    def publish(self, name, kind, text):
        self.documents[f"{WELL_KNOWN}/{name}"] = (kind, text)

    def handle_error(self, *_):
        """Whoever hangs up in the middle has been stopped by us."""

    def publish_list(self, bits=bytes(2), key=None, typ="statuslist+jwt", **changes):
        claims = {
            "iss": self.url, "sub": self.metadata()["token_status_uri"], "iat": int(time.time()), "ttl": 1,
            "exp": int(time.time()) + 300, "status_list": {"bits": 1, "lst": coded(zlib.compress(bits))},
        }  # fmt: skip
        headers = {"typ": typ, "kid": "one"}
        text = jwt.encode(claims | changes, key or self.key, "EdDSA", headers)
        self.publish("token-status", "application/statuslist+jwt", text)

    def claims(self, **changes):
        now = int(time.time())
        reference = {"idx": 3, "uri": self.metadata()["token_status_uri"]}
        claims = {
            "iss": self.url, "aud": AUDIENCE, "sub": "1", "preferred_username": "ada", "iat": now, "nbf": now,
            "exp": now + 300, "status": {"status_list": reference},
        }  # fmt: skip
        return {name: value for name, value in (claims | changes).items() if value is not None}

    def sign(self, key=None, headers=None, **changes):
        headers = {"typ": "at+jwt", "kid": "one"} | (headers or {})
        return jwt.encode(self.claims(**changes), key or self.key, "EdDSA", headers)

    def by_hand(self, alg, sign):
        """A token whose header says anything."""
        parts = [{"alg": alg, "typ": "at+jwt", "kid": "one"}, self.claims()]
        message = ".".join(coded(json.dumps(part).encode()) for part in parts)
        return f"{message}.{coded(sign(message.encode()))}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        kind, text = self.server.documents.get(self.path, (None, ""))
        self.send_response(200 if kind else 404)
        self.send_header("Content-Type", kind or "text/plain")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


def bad_tokens(issuer):
    """Name and token of all that a recipe has to refuse."""
    now, thief = int(time.time()), Ed25519PrivateKey.generate()
    good = issuer.sign()
    head, body, signature = good.split(".")
    elsewhere = {"status_list": {"idx": 3, "uri": "http://localhost:1/list"}}
    beyond = {"status_list": {"idx": 16, "uri": issuer.metadata()["token_status_uri"]}}
    thiefs_jwk = {"kty": "OKP", "crv": "Ed25519", "x": coded(thief.public_key().public_bytes_raw())}
    mac = lambda message: hmac.digest(issuer.public, message, "sha256")
    return {
        "expired": issuer.sign(exp=now - 60),
        "without_an_end": issuer.sign(exp=None),
        "not_yet": issuer.sign(nbf=now + 120),
        "from_the_future": issuer.sign(iat=now + 120),
        "forged": issuer.sign(key=thief),
        "forged_with_its_key_along": issuer.sign(key=thief, headers={"jwk": thiefs_jwk}),
        "altered": f"{head}.{coded(json.dumps(issuer.claims(preferred_username='eve')).encode())}.{signature}",
        "unsigned": f"{head}.{body}.",
        "wrong_audience": issuer.sign(aud="another app"),
        "without_an_audience": issuer.sign(aud=None),
        "wrong_issuer": issuer.sign(iss="http://localhost:1"),
        "without_an_issuer": issuer.sign(iss=None),
        "alg_none": issuer.by_hand("none", lambda _: b""),
        "alg_none_signed": issuer.by_hand("none", issuer.key.sign),
        "alg_hs256": issuer.by_hand("HS256", mac),
        "unknown_key": issuer.sign(headers={"kid": "two"}),
        "other_typ": issuer.sign(headers={"typ": "JWT"}),
        "typ_of_the_list": issuer.sign(headers={"typ": "statuslist+jwt"}),
        "critical": issuer.sign(headers={"crit": ["exp"]}),
        "without_a_status": issuer.sign(status=None),
        "of_another_list": issuer.sign(status=elsewhere),
        "beyond_the_list": issuer.sign(status=beyond),
        "nothing": "",
        "nonsense": "a.b.c",
    }


def bad_lists(issuer):
    """What may not be taken for the list."""
    now = int(time.time())
    return {
        "forged": {"key": Ed25519PrivateKey.generate()},
        "of_another_type": {"typ": "JWT"},
        "over": {"exp": now - 60},
        "of_another_issuer": {"iss": "http://localhost:1"},
        "of_another_uri": {"sub": "http://localhost:1/list"},
        "of_three_bits": {"status_list": {"bits": 3, "lst": coded(zlib.compress(bytes(2)))}},
        "no_zlib": {"status_list": {"bits": 1, "lst": "nonsense"}},
    }


def try_bad(name, promises):
    with Issuer() as issuer, Recipe(name, issuer.url, AUDIENCE) as recipe:
        promises.hold(recipe.accepts(issuer.sign()), f"{name} refused a good token")
        promises.hold(recipe.accepts(issuer.sign(aud=["x", AUDIENCE])), f"{name} refused one of two audiences")
        bad = bad_tokens(issuer)
        for words, token in bad.items():
            promises.hold(not recipe.accepts(token), f"{name} accepted a token: {words}")
        promises.hold(recipe.accepts(issuer.sign()), f"{name} refused a good token after the bad ones")
        promises.hold(recipe.ends_with() == 1, f"{name} ended well after bad tokens")
        say(f"{name}.bad_tokens_refused", len(bad))
        # A list that cannot be believed, before there was one that could.
        for words, changes in bad_lists(issuer).items():
            issuer.publish_list(**changes)
            with Recipe(name, issuer.url, AUDIENCE) as recipe:
                promises.hold(not recipe.accepts(issuer.sign()), f"{name} believed a list: {words}")
        issuer.publish_list()
        with Recipe(name, issuer.url, AUDIENCE) as recipe:
            promises.hold(recipe.accepts(issuer.sign()), f"{name} refused a good token at last")
            promises.hold(recipe.ends_with() == 0, f"{name} ended badly after a good token")
        issuer.shutdown()


def try_tls(name, promises):
    """By TLS, from an authority that is trusted, and from one that nobody knows."""
    with tempfile.TemporaryDirectory() as folder:
        tls, authority = certificates.make(pathlib.Path(folder))
        trust = dict.fromkeys(("SSL_CERT_FILE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"), str(authority))
        with Issuer(tls) as issuer:
            for is_trusted, environment in ((True, trust), (False, {})):
                with Recipe(name, issuer.url, AUDIENCE, **environment) as recipe:
                    accepts = recipe.goes_on(issuer.sign())
                    promises.hold(accepts == is_trusted, f"{name}, by TLS that is trusted ({is_trusted}): {accepts}")
            issuer.shutdown()
    say(f"{name}.tls", "checked")


def try_real(name, server, promises):
    with Client(server) as program, Recipe(name, server.origin, server.origin) as recipe:
        user = f"ada-{name}"
        answer = program.post("/register", username=user, password=PASSWORD)
        promises.hold(answer.status == 200, f"registering was answered with {answer.status}: {answer.body}")
        token, other = program.log_in(user).token, Client(server).log_in(user).token
        promises.hold(recipe.says(token) == f"accepted {user}", f"{name} refused a good token of the server")
        promises.hold(recipe.accepts(other), f"{name} refused another good token of the server")
        forged = token[:-8] + ("A" * 8 if token[-8:] != "A" * 8 else "B" * 8)
        promises.hold(not recipe.accepts(forged), f"{name} accepted a forged token")
        with Recipe(name, server.origin, "http://localhost:1") as elsewhere:
            promises.hold(not elsewhere.accepts(token), f"{name} accepted a token for somebody else")

        promises.hold(program.post("/logout").status < 300, "signing out failed")
        done = asked = time.monotonic()
        while recipe.accepts(token) and asked < done + 5:
            time.sleep(0.01)
            asked = time.monotonic()
        # A check may itself take long where the machine is busy: what counts is when it was asked for.
        say(f"{name}.revoked_after_ms", stage.millis(asked - done))
        say(f"{name}.revoked_answer_after_ms", stage.millis(time.monotonic() - done))
        promises.hold(asked - done < LIMIT, f"{name} accepted a revoked token for {asked - done:.1f} s")
        promises.hold(recipe.accepts(other), f"{name} refused a token that was not revoked")


def try_leak(name, server, promises):
    """Somebody has the key, and has just made us look for one that does not exist."""
    with Client(server) as program, Recipe(name, server.origin, server.origin) as recipe:
        user = f"leah-{name}"
        program.post("/register", username=user, password=PASSWORD)
        token = program.log_in(user).token
        promises.hold(recipe.accepts(token), f"{name} refused a good token of the server")
        head = coded(json.dumps({"alg": "EdDSA", "typ": "at+jwt", "kid": "nobody's"}).encode())
        promises.hold(not recipe.accepts(f"{head}.{token.split('.', 1)[1]}"), f"{name} accepted a key of nobody's")
        server.cli("key", "rotate", "--now")
        done = time.monotonic()
        while recipe.accepts(token) and time.monotonic() < done + 15:
            time.sleep(0.01)
        after = time.monotonic() - done
        say(f"{name}.refused_after_leak_ms", stage.millis(after))
        promises.hold(after < LIMIT, f"{name} accepted a token of a key that was given up for {after:.1f} s")
        # Its key comes with the next list at the latest, which Rust fetches every third second while a stream tells it more.
        new, done = Client(server).log_in(user).token, time.monotonic()
        while not (is_in := recipe.accepts(new)) and time.monotonic() < done + 5:
            time.sleep(0.1)
        promises.hold(is_in, f"{name} refused a token of the new key")


def main():
    promises = stage.Promises()
    names = sys.argv[1:] or COMMANDS
    for name in names:
        try_bad(name, promises)
        try_tls(name, promises)
    with stage.Server() as server:
        server.start()
        for name in names:
            try_real(name, server, promises)
            try_leak(name, server, promises)
    promises.kept()


main()
