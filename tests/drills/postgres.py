"""A PostgreSQL of a drill's own: on the loopback, durable as it comes, and stopped by its own process id."""

import contextlib
import os
import pathlib
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import stage

FAST, IMMEDIATE = signal.SIGINT, signal.SIGQUIT
"""How to stop it: connections are closed in order, or as if the machine had lost its power."""


class Postgres:
    """One cluster, with as many databases as are asked for."""

    def __init__(self):
        self.bin = programs()
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="vestibule-postgres-"))
        self.data, self.log = self.scratch / "data", self.scratch / "log"
        self.port, self.process = stage.free_port(), None

    def __enter__(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        try:
            self.make()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process is not None:
            self.go_on()
            self.stop(IMMEDIATE)
        shutil.rmtree(self.scratch, ignore_errors=True)

    def make(self):
        # PostgreSQL refuses to run as root.
        self.data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chmod(self.scratch, 0o755)
            os.chown(self.data, owner().pw_uid, owner().pw_gid)
        line = ["--pgdata", self.data, "--username", "vestibule", "--auth", "trust", "--no-locale", "-E", "UTF8"]
        with self.log.open("ab") as log:
            if self.spawn("initdb", *line, log=log).wait() != 0:
                sys.exit(f"initdb failed:\n{self.log.read_text()[-2000:]}")

    def spawn(self, program, *line, log):
        """One of its programs, as its owner; a session of its own keeps a Ctrl-C of ours away from it."""
        who = {"user": owner().pw_uid, "group": owner().pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
        return subprocess.Popen(
            [self.bin / program, *line], cwd=self.data, stdout=log, stderr=log, start_new_session=True, **who
        )

    def start(self):
        """Starts it; the seconds until it took connections."""
        began = time.monotonic()
        line = ["-D", self.data, "-p", str(self.port), "-h", "127.0.0.1", "-k", self.data, "-N", "100"]
        with self.log.open("ab") as log:
            self.process = self.spawn("postgres", *line, log=log)
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > began + 20:
                sys.exit(f"PostgreSQL did not start:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.01)
        return time.monotonic() - began

    def is_ready(self):
        line = [self.bin / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port), "-t", "1"]
        return subprocess.run(line, check=False).returncode == 0

    def stop(self, how=FAST):
        self.process.send_signal(how)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            for pid in [*self.children(), self.process.pid]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.process.wait()
        self.process = None

    def hang(self):
        """Nothing of it moves any more; the kernel goes on taking connections and bytes for it."""
        self.process.send_signal(signal.SIGSTOP)
        for pid in self.children():
            os.kill(pid, signal.SIGSTOP)

    def go_on(self):
        for pid in [*self.children(), self.process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def children(self):
        pid = self.process.pid
        try:
            return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        except OSError:
            return []

    def create(self, name):
        """A new and empty database; its settings for a server."""
        self.ask(f"CREATE DATABASE {name}")
        return {"VESTIBULE_DATABASE__URL": self.url(name)}

    def url(self, database):
        return f"postgres://vestibule@127.0.0.1:{self.port}/{database}"

    def ask(self, statement, database="postgres"):
        """The rows of its answer, as text."""
        line = [self.bin / "psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-d", self.url(database), "-c", statement]
        done = subprocess.run(line, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"psql: {done.stderr}")
        return [line.split("|") for line in done.stdout.splitlines()]


class Nodes(contextlib.ExitStack):
    """Servers with one database, one secret and one address for the public, all started at the same moment."""

    def __init__(self, number, **settings):
        super().__init__()
        shared = {
            "VESTIBULE_SERVER__SECRET": secrets.token_hex(32),
            "VESTIBULE_SERVER__PUBLIC_URL": f"http://localhost:{stage.free_port()}",
        }
        self.servers = [stage.Server(**shared, **settings) for _ in range(number)]

    def __enter__(self):
        super().__enter__()
        for server in self.servers:
            self.enter_context(server)
        for server in self.servers:
            server.launch()
        until = time.monotonic() + 20
        for server in self.servers:
            while not is_up(server):
                if server.process.poll() is not None or time.monotonic() > until:
                    sys.exit(f"A node did not start with the others:\n{server.log.read_text()[-2000:]}")
                time.sleep(0.005)
        return self.servers


def is_up(server):
    try:
        with stage.Client(server) as client:
            return client.get("/readyz").status == 200
    except stage.LOST:
        return False


def owner():
    """Whom it belongs to when we are root."""
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    sys.exit("There is no user that PostgreSQL could run as.")


def programs():
    """Where the newest one's programs are; they are installed if they are missing and we may."""
    find = lambda: sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=version)
    if not find():
        install()
    return find()[-1].parent


def version(initdb):
    return int(initdb.parts[-3].split(".")[0])


def install():
    if os.geteuid() != 0:
        sys.exit("Please install PostgreSQL.")
    # Only the programs: no cluster that would start by itself.
    settings = pathlib.Path("/etc/postgresql-common/createcluster.conf")
    settings.parent.mkdir(exist_ok=True)
    if not settings.exists():
        settings.write_text("create_main_cluster = false\n")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for line in (["update", "-q"], ["install", "-qy", "--no-install-recommends", "postgresql"]):
        done = subprocess.run(["apt-get", *line], env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"PostgreSQL could not be installed:\n{done.stderr[-2000:]}")
