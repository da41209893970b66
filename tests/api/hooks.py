"""How schemathesis signs in, and what it cannot make up by itself: a pair that goes together, a token that renews.

It runs as somebody with an account, whose token is renewed whenever a call has ended the session: sign-out does.
"""

import os
import re

import requests
import schemathesis

HOME = os.environ["VESTIBULE_HOME"]
WHO = {"username": "schemathesis", "password": "a long sentence of its own"}
requests.post(f"{HOME}/register", json=WHO, timeout=10)

ASSETS = re.findall(r'/static/([^"]+)', requests.get(f"{HOME}/login", timeout=10).text)


def sign_in():
    return requests.post(f"{HOME}/login", json=WHO, timeout=10).json()


@schemathesis.auth()
class Token:
    token = None

    def get(self, case, context):
        with_token = {"Authorization": f"Bearer {Token.token}"}
        is_good = Token.token and requests.get(f"{HOME}/protected", headers=with_token, timeout=10).status_code == 200
        if not is_good:
            Token.token = sign_in()["token"]
        return Token.token

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def map_case(context, case):
    """Makes some of what is well-formed good as well, so that answers with 200 are looked at."""
    is_good = case.meta is None or case.meta.generation.mode.is_positive
    if is_good and case.path == "/static/{name}":
        case.path_parameters = {"name": ASSETS[len(str(case.path_parameters)) % len(ASSETS)]}
    if not is_good or case.media_type != "application/json" or not isinstance(case.body, dict):
        return case
    if case.path == "/login" and len(str(case.body.get("username"))) % 2 == 0:
        case.body = {**case.body, **WHO}
    if case.path == "/api/token" and len(str(case.body.get("refresh_token"))) % 2 == 0:
        case.body = {"refresh_token": sign_in()["refresh_token"]}
    return case
