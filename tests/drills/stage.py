"""The stage of the drills: a server of their own on the loopback, people who talk to it, and figures.

A drill prints `name: value` lines, and ends with 1 when a promise was broken. Everything it starts it stops again, by
its own process id, whatever happens.
"""

import argparse
import http.client
import itertools
import json
import math
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
BINARY = pathlib.Path(os.environ.get("VESTIBULE_BINARY", TARGET / "release" / "vestibule")).resolve()

PASSWORD = "seven purple lanterns drift north"
LOST = (OSError, http.client.HTTPException)
"""What a connection ends with when the server behind it is killed."""


class Server:
    """A server in an empty directory. Nothing throttles it unless `settings` say so."""

    def __init__(self, **settings):
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="vestibule-drill-"))
        self.data, self.log = self.scratch / "data", self.scratch / "log"
        self.port, self.process = free_port(), None
        self.origin = settings.get("VESTIBULE_SERVER__PUBLIC_URL", f"http://localhost:{self.port}")
        ours = {
            "VESTIBULE_SERVER__LISTEN": f"127.0.0.1:{self.port}",
            "VESTIBULE_SERVER__DATA_DIR": str(self.data),
            "VESTIBULE_THROTTLE__ENABLED": "false",
            "VESTIBULE_LOG__LEVEL": "warn",
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("VESTIBULE_")}
        self.environment = kept | ours | settings

    def __enter__(self):
        if not BINARY.exists():
            sys.exit(f"There is no {BINARY}. Build it, or name another in VESTIBULE_BINARY.")
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        return self

    def __exit__(self, *_):
        if self.process is not None:
            self.kill()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def launch(self):
        """Starts it, and does not wait until it is ready."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [BINARY, "serve"], env=self.environment, cwd=self.scratch, stdout=log, stderr=log
            )

    def start(self):
        """Starts it; the seconds until it was ready."""
        began = time.monotonic()
        self.launch()
        while time.monotonic() < began + 20:
            if self.process.poll() is not None:
                sys.exit(f"The server ended with {self.process.returncode}:\n{self.log.read_text()[-2000:]}")
            try:
                with Client(self) as client:
                    if client.get("/readyz").status == 200:
                        return time.monotonic() - began
            except LOST:
                time.sleep(0.002)
        sys.exit(f"The server was not ready in time:\n{self.log.read_text()[-2000:]}")

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def cli(self, *line, typed=""):
        """What an operator does beside it; what that printed."""
        done = subprocess.run(
            [BINARY, *line], env=self.environment, cwd=self.scratch, input=typed, capture_output=True, text=True
        )
        if done.returncode != 0:
            sys.exit(f"`vestibule {' '.join(line)}` failed: {done.stderr}")
        return done.stdout

    def create(self, *names):
        """Makes accounts with PASSWORD."""
        for name in names:
            self.cli("user", "create", name, typed=f"{PASSWORD}\n")

    def peak_memory(self):
        """The most bytes of memory it has held."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024

    def memory(self):
        """The bytes of memory that it holds now."""
        pages = pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def open_files(self):
        """How many files and connections it has open."""
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def is_alive(self):
        return self.process.poll() is None

    def panics(self):
        """The lines of its log that tell of a panic."""
        return [line for line in self.log.read_text(errors="replace").splitlines() if "panicked" in line]


class Answer:
    """Status, headers and the whole body."""

    def __init__(self, response, body):
        self.status, self.headers, self.body = response.status, response.headers, body

    def json(self):
        return json.loads(self.body)


class Client(http.client.HTTPConnection):
    """One connection, kept open."""

    def __init__(self, server, timeout=30):
        super().__init__("127.0.0.1", server.port, timeout=timeout)
        self.origin, self.token, self.cookies = server.origin, None, {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def ask(self, method, path, body=None, **headers):
        """Sends one request and reads the whole answer."""
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.request(method, path, body, {"Host": self.origin.split("/")[2]} | headers)
        response = self.getresponse()
        answer = Answer(response, response.read())
        for line in response.headers.get_all("Set-Cookie", []):
            name, value = line.split(";")[0].split("=", 1)
            self.cookies[name] = value
        return answer

    def get(self, path, accept="application/json"):
        return self.ask("GET", path, Accept=accept)

    def page(self, path):
        return self.get(path, "text/html")

    def post(self, path, **document):
        """What a program sends."""
        return self.ask("POST", path, json.dumps(document), Content_Type="application/json")

    def submit(self, path, **fields):
        """What a form of ours sends."""
        form, kind = urllib.parse.urlencode(fields), "application/x-www-form-urlencoded"
        return self.ask("POST", path, form, Content_Type=kind, Accept="text/html", Origin=self.origin)

    def sign_in(self, name):
        """Signs a browser in."""
        answer = self.submit("/login", login=name, password=PASSWORD)
        if answer.status != 303:
            sys.exit(f"{name} could not sign in: {answer.status}")
        return self

    def log_in(self, name):
        """Signs a program in."""
        self.token = self.post("/login", username=name, password=PASSWORD).json()["token"]
        return self


class Reader:
    """Somebody signed in who reads a page again and again, in a thread of its own; status 0 is no answer at all."""

    def __init__(self, server, name, each):
        self.client, self.each = Client(server).sign_in(name), each
        self.took, self.statuses, self.stopped = [], [], False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self, path="/dashboard"):
        due = time.monotonic()
        while not self.stopped:
            began = time.monotonic()
            try:
                status = self.client.page(path).status
            except LOST:
                self.client.close()
                status = 0
            self.statuses.append(status)
            self.took.append(time.monotonic() - began)
            due += self.each
            time.sleep(max(0, due - time.monotonic()))

    def take(self):
        """What was measured since the last time."""
        took, self.took = self.took, []
        return took

    def stop(self):
        self.stopped = True
        self.thread.join()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def arguments(**more):
    """`--short` and `--seed`, with a seed made up and printed if there is none, and what else a drill takes."""
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    parser.add_argument("--short", action="store_true", help="fewer rounds, for every merge")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000), help="repeat these moments")
    for name, settings in more.items():
        parser.add_argument(f"--{name}", **settings)
    parsed = parser.parse_args()
    say("seed", parsed.seed)
    return parsed


def say(name, value):
    print(f"{name}: {value}", flush=True)


def millis(seconds):
    return f"{seconds * 1000:.1f}"


def percentile(values, share):
    """The nearest rank: a value that was measured."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)]


def auc(some, others):
    """The chance that one of `some` is longer than one of `others`; a tie counts half."""
    wins = sum((one > other) + (one == other) / 2 for one, other in itertools.product(some, others))
    return wins / (len(some) * len(others))


def count(values):
    """`200×17 503×3`."""
    return " ".join(f"{value}×{values.count(value)}" for value in sorted(set(values))) or "none"


class Promises:
    """What has to be true; `kept` ends the drill."""

    def __init__(self):
        self.broken = []

    def hold(self, is_true, words):
        if not is_true:
            self.broken.append(words)

    def kept(self):
        for words in self.broken:
            say("broken", words)
        sys.exit(1 if self.broken else 0)
