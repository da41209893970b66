"""Reads access tokens, one a line, and says of each whether it is good.

    python3 verify.py ISSUER AUDIENCE <tokens

Ends with 0 if all were accepted, and with 1 if one was refused. Needs `PyJWT[crypto]`.
"""

import base64
import json
import sys
import time
import urllib.error
import urllib.request
import zlib

import jwt

FRESH_FOR = 10
"""When the issuer is silent for longer, nobody knows, and nobody is let in."""
MOST = 8 << 20
LEEWAY = 30


class Refused(Exception):
    """Why a token is refused."""


class NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirects)


def fetch(url, etag=""):
    """The body of an answer and its name; no body, if it is still the one with that name."""
    try:
        with OPENER.open(urllib.request.Request(url, headers={"If-None-Match": etag}), timeout=3) as answer:
            return answer.read(MOST), answer.headers.get("ETag", "")
    except urllib.error.HTTPError as error:
        if error.code == 304:
            return None, etag
        raise


class Verifier:
    def __init__(self, issuer, audience):
        self.issuer, self.audience = issuer, audience
        metadata = json.loads(fetch(f"{issuer}/.well-known/oauth-authorization-server")[0])
        self.jwks_uri, self.list_uri = metadata["jwks_uri"], metadata["token_status_uri"]
        are_ours = all(uri.startswith(f"{issuer}/") for uri in (self.jwks_uri, self.list_uri))
        if metadata["issuer"] != issuer or not are_ours:
            raise Refused("these are the documents of another issuer")
        self.keys, self.keys_asked = {}, float("-inf")
        self.bits, self.exp, self.etag, self.confirmed = b"", 0, "", float("-inf")

    def key(self, kid, patience):
        """Kept for five minutes; an unknown one makes them fetched anew, at most once in so many seconds."""
        age = time.monotonic() - self.keys_asked
        if age > 300 or (kid not in self.keys and age > patience):
            self.keys_asked = time.monotonic()
            found = jwt.PyJWKSet.from_json(fetch(self.jwks_uri)[0].decode()).keys
            self.keys = {key.key_id: key for key in found if key.algorithm_name == "EdDSA"}
        if kid not in self.keys:
            raise Refused("a key that is not known")
        return self.keys[kid]

    def open(self, text, typ, patience, **expected):
        """What a JWT of that type says, if the issuer signed it."""
        header = jwt.get_unverified_header(text)
        if header.get("typ") != typ or "crit" in header:
            raise Refused("a token of another kind")
        key = self.key(header.get("kid"), patience)
        return jwt.decode(text, key, ["EdDSA"], issuer=self.issuer, leeway=LEEWAY, **expected)

    def fetch_list(self):
        asked = time.monotonic()
        body, etag = fetch(self.list_uri, self.etag)
        if body is not None:
            required = {"require": ["exp", "iat", "iss", "sub"]}
            # Not a stranger's word, so a new key is asked for at once: after a leak the list tells who is out.
            claims = self.open(body.decode(), "statuslist+jwt", 1, subject=self.list_uri, options=required)
            coded = claims["status_list"]
            if coded["bits"] != 1:
                raise Refused("another kind of list")
            inflated = zlib.decompressobj()
            bits = inflated.decompress(base64.urlsafe_b64decode(coded["lst"] + "=="), MOST)
            if not inflated.eof:
                raise Refused("a list that is too long")
            self.bits, self.exp, self.etag = bits, claims["exp"], etag
        self.confirmed = asked

    def check_status(self, index, uri):
        if uri != self.list_uri or not isinstance(index, int) or index < 0:
            raise Refused("of another list")
        # A token beyond the end of the list may be younger than the list.
        if time.monotonic() - self.confirmed > 1 or index >= len(self.bits) * 8:
            try:
                self.fetch_list()
            except Exception as error:
                print(f"the status list could not be fetched: {error}", file=sys.stderr)
        is_fresh = time.monotonic() - self.confirmed < FRESH_FOR and time.time() < self.exp
        if not is_fresh or index >= len(self.bits) * 8:
            raise Refused("nobody knows whether it was revoked")
        if self.bits[index // 8] >> (index % 8) & 1:
            raise Refused("revoked")

    def verify(self, token):
        """The claims of a good token. Raises for any other."""
        required = {"require": ["exp", "iat", "iss", "aud", "sub", "status"]}
        claims = self.open(token, "at+jwt", 60, audience=self.audience, options=required)
        place = claims["status"]["status_list"]
        self.check_status(place["idx"], place["uri"])
        return claims


def main(issuer, audience):
    verifier, refused = Verifier(issuer, audience), 0
    for line in sys.stdin:
        try:
            said = f"accepted {verifier.verify(line.strip())['preferred_username']}"
        except Exception as error:  # Whatever is wrong with it: whoever cannot be checked is not let in.
            said, refused = f"refused {error}", 1
        print(said, flush=True)
    return refused


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
