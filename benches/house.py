"""For those who load the benchmarks' programs from outside: builds them, and starts, asks and stops the server."""

import http.client
import json
import os
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]


def build(name, *flags, **settings):
    """The program of `NAME.rs`; `settings` are Cargo's variables for this build."""
    line = ["cargo", "bench", "--locked", "--no-run", "--bench", name, "--message-format", "json", *flags]
    done = subprocess.run(line, cwd=ROOT, env=os.environ | settings, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{name} could not be built")
    parts = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    built = [part for part in parts if part.get("executable") and part["target"]["name"] == name]
    return built[0]["executable"]


class House:
    """A running server of `guard.rs`, with Ada's token and `once` others for her session. Its log goes nowhere."""

    def __init__(self, program, log="info", workers=os.cpu_count(), once=0, under=()):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("VESTIBULE_")}
        line = [*under, program, "serve", str(workers), log, str(once)]
        ours = {"VESTIBULE_SERVER__WORKERS": str(workers)}
        self.process = subprocess.Popen(
            line, env=kept | ours, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        said = {"token": [], "once": [], "pass": []}
        for line in self.process.stdout:
            name, _, value = line.strip().partition(" ")
            if name == "served":
                self.served = int(value)
            if name == "port":
                self.bare, self.once = int(value), said["once"]
                self.token, self.door_pass = said["token"][0], said["pass"][0]
                return
            said.get(name, []).append(value)
        sys.exit("the server did not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def proof(self, way, token=None):
        """The header that says who asks."""
        token = token or self.token
        if way == "door":
            url = {"X-Original-URL": "https://wiki.example.org/page", "X-Original-Method": "GET"}
            return {"Cookie": f"__Secure-vestibule-forward={self.door_pass}"} | url
        return {"Authorization": f"Bearer {token}"} if way == "bearer" else {"Cookie": f"__Host-vestibule={token}"}

    def port(self, path):
        """Whose address that is: the server's as it always is, or that of the handlers beside it."""
        return self.served if path in ("/api/session", "/auth/nginx", "/healthz") else self.bare

    def connect(self, path):
        return http.client.HTTPConnection("127.0.0.1", self.port(path), timeout=60)

    def cpu(self):
        """The seconds of processor time that it has had."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ask(connection, path, headers):
    """Asks once; the answer has to be 200."""
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        sys.exit(f"{path} answered {answer.status}")
    return answer.headers, body


def say(name, values, form="{:.3f}"):
    """The median, and how far the rounds lie apart."""
    median, least, most = (form.format(f(values)) for f in (statistics.median, min, max))
    print(f"{name}: {median} ({least} to {most})", flush=True)
