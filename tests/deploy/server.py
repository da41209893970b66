"""A server to try something with: started, asked, and ended by its own process id."""

import http.client
import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

PASSWORD = "nineteen quiet marmots whistle"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    def __init__(self, command, directory, variables, before=None):
        self.port, self.metrics = free_port(), free_port()
        self.said = Path(directory) / "said"
        self.variables = {
            "VESTIBULE_SERVER__LISTEN": f"127.0.0.1:{self.port}",
            "VESTIBULE_SERVER__PUBLIC_URL": f"http://localhost:{self.port}",
            "VESTIBULE_METRICS__LISTEN": f"127.0.0.1:{self.metrics}",
            **variables,
        }
        with open(self.said, "wb") as said:
            self.child = subprocess.Popen([str(word) for word in command], cwd=directory, env=self.variables,
                                          stdin=subprocess.DEVNULL, stdout=said, stderr=said, preexec_fn=before)

    def __enter__(self):
        try:
            for _ in range(300):
                if self.child.poll() is not None:
                    raise AssertionError(f"it ended with {self.child.returncode}: {self.said.read_text()}")
                try:
                    if self.ask("GET", "/readyz")[0] == 200:
                        return self
                except OSError:
                    pass
                time.sleep(0.1)
            raise AssertionError(f"it never answered: {self.said.read_text()}")
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()

    def ask(self, method, path, document=None, token=None, port=None):
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=10)
        headers = {"Content-Type": "application/json"} if document else {}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        connection.request(method, path, body=json.dumps(document) if document else None, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    def live(self):
        """Somebody registers, signs in, is let in, and somebody else is not: what a server is for."""
        try:
            self._live()
        except AssertionError as error:
            # The log is written beside the answers.
            time.sleep(1)
            raise AssertionError(f"{error}\n{self.said.read_text()}") from error

    def _live(self):
        account = {"username": "ada", "password": PASSWORD}
        status, body = self.ask("POST", "/register", account)
        assert status == 200, (status, body)
        status, body = self.ask("POST", "/login", account)
        assert status == 200, (status, body)
        token = json.loads(body)["token"]
        for _ in range(3):
            status, body = self.ask("GET", "/protected", token=token)
            assert status == 200, (status, body)
        assert self.ask("POST", "/login", {**account, "password": "wrong " + PASSWORD})[0] == 401
        status, body = self.ask("GET", "/metrics", port=self.metrics)
        assert status == 200 and "vestibule_scrape_complete 1" in body, (status, body)
        # The keeper has written what was noted of sessions by then.
        time.sleep(2.5)

    def stop(self):
        os.kill(self.child.pid, signal.SIGTERM)
        code = self.child.wait(timeout=20)
        assert code == 0, (code, self.said.read_text())
        said = self.said.read_text()
        assert "WARN" not in said and "ERROR" not in said, said
