"""Alerts and dashboard, by the Prometheus they are for."""

import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from server import Server, free_port

HERE = Path(__file__).resolve().parent
DEPLOY = HERE.parent.parent / "deploy"
TOKEN = "8f4e2a9c1b7d3f6085e2c4a917bd3f60a1c5e79d2b48f013"


def the_alerts_ring_when_they_should(run, binary, place):
    run("promtool", "check", "rules", "--lint=all", "--lint-fatal", DEPLOY / "alerts.yml", capture_output=True)
    run("promtool", "test", "rules", HERE / "alerts_test.yml", capture_output=True)


def every_alert_is_tried(run, binary, place):
    alerts = set(re.findall(r"alert: (\w+)", (DEPLOY / "alerts.yml").read_text()))
    tried = set(re.findall(r'alertname="(\w+)"', (HERE / "alerts_test.yml").read_text()))
    assert alerts == tried, alerts ^ tried


class Prometheus:
    """A real one, on this machine's own address, that looks at a server each second."""

    def __init__(self, place, target):
        self.port, config = free_port(), place / "prometheus.yml"
        config.write_text(json.dumps({
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(DEPLOY / "alerts.yml")],
            "scrape_configs": [{
                "job_name": "vestibule",
                "authorization": {"credentials": TOKEN},
                "static_configs": [{"targets": [f"127.0.0.1:{target}"]}],
            }],
        }))
        said = open(place / "prometheus.said", "wb")
        self.child = subprocess.Popen(
            ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={place / 'tsdb'}",
             f"--web.listen-address=127.0.0.1:{self.port}"], stdout=said, stderr=said)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.terminate()
        self.child.wait(timeout=20)

    def ask(self, path, **query):
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{query}: {error.read().decode()}") from error

    def wait(self, is_so):
        for _ in range(150):
            try:
                if is_so():
                    return
            except OSError:
                pass
            time.sleep(0.2)
        raise AssertionError(f"it never was so: {self.ask('targets')}")


def a_real_prometheus_reads_the_figures_and_each_panel_shows_something(run, binary, place):
    os.mkdir(place / "server")
    variables = {"VESTIBULE_SERVER__DATA_DIR": str(place / "server/data"), "VESTIBULE_METRICS__TOKEN": TOKEN}
    with Server([binary, "serve"], place / "server", variables) as server, \
            Prometheus(place, server.metrics) as prometheus:
        assert server.ask("GET", "/metrics", port=server.metrics)[0] == 401

        def is_up():
            up = prometheus.ask("query", query='up{job="vestibule"}')["result"]
            return up and up[0]["value"][1] == "1"

        prometheus.wait(is_up)
        account = {"username": "ada", "password": "nineteen quiet marmots whistle"}
        assert server.ask("POST", "/register", account)[0] == 200
        run(binary, "key", "rotate", capture_output=True, env=server.variables, cwd=place / "server")
        prometheus.wait(lambda: prometheus.ask("query", query="vestibule_registrations_total")["result"][0]["value"][1] == "1")
        # Tokens, so that the share of those in memory is a number; and a few looks more, so that there are rates.
        token = json.loads(server.ask("POST", "/login", account)[1])["token"]
        for _ in range(8):
            assert server.ask("GET", "/protected", token=token)[0] == 200
            time.sleep(0.5)
        board = json.loads((DEPLOY / "grafana.json").read_text())
        empty, asked = [], 0
        # What the tables hold is kept for a while, and so the next key may come late.
        for panel in (panel for panel in board["panels"] if panel["type"] != "row"):
            for target in panel["targets"]:
                query = target["expr"].replace("$__rate_interval", "10s").replace("$job", ".+").replace("$instance", ".+")
                assert "$" not in query, query
                asked += 1
                try:
                    prometheus.wait(lambda: prometheus.ask("query", query=query)["result"])
                except AssertionError:
                    empty.append(panel["title"])
        assert not empty, empty
        rules = prometheus.ask("rules")["groups"][0]["rules"]
        assert {rule["health"] for rule in rules} == {"ok"}, rules
        ringing = [rule["name"] for rule in rules if rule["state"] == "firing"]
        assert not ringing, ringing
        return f"{asked} queries, {len(rules)} alerts"


TRIALS = [
    the_alerts_ring_when_they_should,
    every_alert_is_tried,
    a_real_prometheus_reads_the_figures_and_each_panel_shows_something,
]
