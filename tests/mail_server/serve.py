"""A mail server for tests, on the loopback, that can be told to be down, to refuse, to stall and to drop.

It prints its port, and then answers each line that it reads with a line of its own:

    up             take all mail (as at the start)
    down           close the port
    refuse         550 to every recipient
    later          451 to every recipient
    stall SECONDS  wait before taking each mail
    drop           hang up in the middle of each mail
    lose           take each mail and hang up before saying so
    mails          the mails so far, as JSON

`--tls DIRECTORY` and `--starttls DIRECTORY` make a certificate for localhost there; `--password` asks everybody for the name `vestibule` and the
password that stands in the variable MAIL_PASSWORD.
"""

import argparse
import asyncio
import email
import email.policy
import fcntl
import json
import os
import pathlib
import ssl
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
PACKAGES = HERE / "packages"
sys.path.insert(0, str(PACKAGES))


def install():
    """Whoever runs the tests without `tests/run` gets what they need here; of many at once, one fetches it."""
    with (HERE / "requirements.txt").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (PACKAGES / "aiosmtpd").exists():
            line = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            line += ["--target", PACKAGES, "--requirement", HERE / "requirements.txt"]
            if subprocess.run(line, stdout=subprocess.DEVNULL).returncode != 0:
                sys.exit("There is no aiosmtpd, and pip could not fetch it. `tests/run units` installs both.")


if not (PACKAGES / "aiosmtpd").exists():
    install()
from aiosmtpd.smtp import SMTP, AuthResult


class Mailbox:
    """Takes the mails, or does what it was told instead."""

    def __init__(self):
        self.mode, self.seconds, self.mails = "up", 0.0, []

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.mode in ("refuse", "later"):
            code = "550 5.1.1" if self.mode == "refuse" else "451 4.3.0"
            return f"{code} <{address}> is not for today"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.mode == "drop":
            server.transport.abort()
            return "421 gone"
        await asyncio.sleep(self.seconds if self.mode == "stall" else 0)
        is_tls = server.transport.get_extra_info("ssl_object") is not None
        self.mails.append(read(envelope, session, is_tls))
        if self.mode == "lose":
            server.transport.abort()
        return "250 OK"


def read(envelope, session, is_tls):
    """What is to be known of a mail."""
    message = email.message_from_bytes(envelope.content, policy=email.policy.SMTP)
    parts = {part.get_content_type(): part.get_content() for part in message.walk() if not part.is_multipart()}
    return {
        "from": envelope.mail_from,
        "to": envelope.rcpt_tos,
        "headers": [[name, str(value)] for name, value in message.items()],
        "text": parts.get("text/plain", "").replace("\r\n", "\n"),
        "html": parts.get("text/html", ""),
        "types": list(parts),
        "tls": is_tls,
        "user": session.auth_data.decode() if session.authenticated else None,
        "raw": envelope.content.decode("ascii", "replace"),
    }


def check(server, session, envelope, mechanism, data):
    """Whether the name and the password are right."""
    is_right = (data.login, data.password) == (b"vestibule", os.environ["MAIL_PASSWORD"].encode())
    return AuthResult(success=is_right, handled=False, auth_data=data.login)


def certificate(directory):
    """A certificate for localhost, and the key to it."""
    at = pathlib.Path(directory)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        + ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
        + ["-addext", "basicConstraints=critical,CA:FALSE"]
        + ["-keyout", at / "key.pem", "-out", at / "certificate.pem"],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(at / "certificate.pem", at / "key.pem")
    return context


async def serve(asked):
    loop, mailbox = asyncio.get_running_loop(), Mailbox()
    context = certificate(asked.tls or asked.starttls) if asked.tls or asked.starttls else None
    options = {"hostname": "localhost", "enable_SMTPUTF8": True}
    if asked.starttls:
        options |= {"tls_context": context, "require_starttls": True}
    if asked.password:
        options |= {"authenticator": check, "auth_required": True, "auth_require_tls": context is not None and not asked.tls}
    listen = lambda port: loop.create_server(
        lambda: SMTP(mailbox, loop=loop, **options), "127.0.0.1", port, ssl=context if asked.tls else None
    )
    listener = await listen(0)
    port = listener.sockets[0].getsockname()[1]
    print(port, flush=True)

    while line := await loop.run_in_executor(None, sys.stdin.readline):
        word, *more = line.split()
        if word == "mails":
            print(json.dumps(mailbox.mails), flush=True)
            continue
        if word == "down":
            listener.close()
        elif mailbox.mode == "down":
            listener = await listen(port)
        mailbox.mode, mailbox.seconds = word, float(more[0]) if more else 0.0
        print(word, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tls", metavar="DIRECTORY")
    parser.add_argument("--starttls", metavar="DIRECTORY")
    parser.add_argument("--password", action="store_true")
    asyncio.run(serve(parser.parse_args()))


main()
