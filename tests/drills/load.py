"""A load generator in a process of its own, on a low priority.

It shares the cores with what it measures, so it is lean: sockets and no frameworks, each connection kept open. With a
`depth` above 1 it sends so many requests ahead of their answers; then it costs next to nothing, and the server most.
Each connection comes from an address of its own, since one address may only have so many.
"""

import collections
import json
import os
import selectors
import socket
import subprocess
import sys
import time

LONGEST = 15
"""The seconds after which answers that are still missing are given up."""


def request(server, method, path, body=b"", **headers):
    """The text of a request; `headers` may have `_` for `-`."""
    kind = "application/json" if body[:1] == b"{" else "application/x-www-form-urlencoded"
    said = {"Host": server.origin.split("/")[2], "Accept": "application/json", "Content-Length": len(body)} | headers
    if body:
        said = {"Content-Type": kind} | said
    lines = [f"{method} {path} HTTP/1.1", *(f"{name.replace('_', '-')}: {value}" for name, value in said.items())]
    return "\r\n".join(lines) + "\r\n\r\n" + body.decode()


def login(server, name, password):
    """What a program sends to sign in."""
    return request(server, "POST", "/login", json.dumps({"username": name, "password": password}).encode())


def run(streams, seconds=None, depth=1, pause=0.0, nice=10):
    """Sends `streams` and returns what came of it: `statuses`, `seconds`, and how many had `Retry-After`.

    A stream is one connection: the server and its requests, sent in turn; once each, or over and over for `seconds`.
    Whoever is refused waits for `pause` before the next one.
    """
    streams = [(server.port, requests) for server, requests in streams]
    job = {"streams": streams, "seconds": seconds, "depth": depth, "pause": pause, "nice": nice}
    done = subprocess.run(
        [sys.executable, "-B", __file__], input=json.dumps(job), text=True, stdout=subprocess.PIPE, check=True
    )
    return Came(**json.loads(done.stdout))


class Came:
    """What came of it; status 0 is no answer at all."""

    def __init__(self, statuses, hints, locked, seconds):
        self.statuses = {int(status): number for status, number in statuses.items()}
        self.hints, self.locked, self.seconds = hints, locked, seconds

    def rate(self, *statuses):
        """The answers with these statuses for each second."""
        return sum(self.statuses.get(status, 0) for status in statuses) / self.seconds

    def __str__(self):
        return " ".join(f"{status}×{number}" for status, number in sorted(self.statuses.items())) or "none"


class Connection:
    def __init__(self, number, port, requests, again):
        address = f"127.1.{number // 250}.{number % 250 + 1}"
        self.socket = socket.create_connection(("127.0.0.1", port), LONGEST, source_address=(address, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.requests, self.again = collections.deque(text.encode() for text in requests), again
        self.waiting, self.buffer = 0, b""

    def send(self, number):
        """Sends so many of its requests, as far as there are any."""
        batch = []
        while self.requests and len(batch) < number:
            batch.append(self.requests.popleft())
            if self.again:
                self.requests.append(batch[-1])
        if batch:
            self.waiting += len(batch)
            self.socket.sendall(b"".join(batch))

    def answers(self):
        """The head and the body of each answer that has come whole."""
        data = self.socket.recv(1 << 18)
        if not data:
            raise ConnectionError
        self.buffer += data
        at = 0
        while (end := self.buffer.find(b"\r\n\r\n", at)) >= 0:
            head = self.buffer[at:end].lower()
            length = head.split(b"\r\ncontent-length: ", 1)
            body = end + 4 + (int(length[1].split(b"\r\n", 1)[0]) if len(length) == 2 else 0)
            if body > len(self.buffer):
                break
            yield head, self.buffer[end + 4 : body]
            self.waiting, at = self.waiting - 1, body
        self.buffer = self.buffer[at:]


class Generator:
    def __init__(self, job):
        self.depth, self.pause, self.seconds = job["depth"], job["pause"], job["seconds"]
        self.statuses, self.hints, self.locked = collections.Counter(), 0, 0
        self.selector, self.pausing, self.open = selectors.DefaultSelector(), collections.deque(), 0
        self.connections = [
            Connection(number, port, requests, self.seconds is not None)
            for number, (port, requests) in enumerate(job["streams"])
        ]

    def run(self):
        began = time.monotonic()
        self.ends = began + (self.seconds if self.seconds is not None else LONGEST)
        for connection in self.connections:
            self.selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send(self.depth)
        self.open = sum(connection.waiting > 0 for connection in self.connections)
        while self.open and time.monotonic() < self.ends + LONGEST:
            wait = max(0.0, self.pausing[0][0] - time.monotonic()) if self.pausing else 1.0
            for key, _ in self.selector.select(wait):
                self.read(key.data)
            self.wake()
        self.statuses[0] += sum(connection.waiting for connection in self.connections)
        return time.monotonic() - began

    def read(self, connection):
        done = refused = 0
        try:
            for head, body in connection.answers():
                done += 1
                self.statuses[int(head[9:12])] += 1
                self.locked += b"database is locked" in body
                if head[9:10] != b"2":
                    refused += head[9:12] == b"503"
                    self.hints += b"\r\nretry-after: " in head
            if refused and self.pause:
                self.pausing.append((time.monotonic() + self.pause, connection, done))
            elif done:
                self.go_on(connection, done)
        except OSError:
            self.selector.unregister(connection.socket)
            self.open -= 1

    def wake(self):
        while self.pausing and self.pausing[0][0] <= time.monotonic():
            _, connection, done = self.pausing.popleft()
            self.go_on(connection, done)

    def go_on(self, connection, number):
        if time.monotonic() < self.ends:
            connection.send(number)
        self.open -= connection.waiting == 0


def main():
    job = json.load(sys.stdin)
    os.nice(job["nice"])
    generator = Generator(job)
    seconds = generator.run()
    done = {"statuses": +generator.statuses, "hints": generator.hints, "locked": generator.locked}
    print(json.dumps(done | {"seconds": seconds}))


if __name__ == "__main__":
    main()
