"""The files of deploy/ themselves: whether their own tools take them, and what has to be true of them."""

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DEPLOY = ROOT / "deploy"
# `systemd-analyze security` says "OK" below this.
MOST_EXPOSED = 2.0


def the_container_file_is_clean_and_what_it_makes_is_nobody_special(run, binary, place):
    run(HERE / "packages/bin/hadolint", "--failure-threshold", "style", DEPLOY / "Containerfile")
    text = (DEPLOY / "Containerfile").read_text()
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line and not line.startswith("#")]
    last = lines[max(at for at, line in enumerate(lines) if line.startswith("FROM ")):]
    told = {line.split()[0]: line.split(None, 1)[1] for line in last}
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", told["USER"]), told["USER"]
    for name in ("ENTRYPOINT", "CMD"):
        assert told[name].startswith("["), f"{name} would need a shell"
    assert 'CMD ["/usr/local/bin/vestibule", "healthcheck"]' in told["HEALTHCHECK"]
    assert told["VOLUME"] == "/data" and told["EXPOSE"] == "8080"
    assert not any(line.startswith("RUN ") for line in last), "there is no shell in the last stage"
    for line in lines:
        if line.startswith("FROM "):
            image = line.split()[1]
            assert ":" in image and not image.endswith(":latest"), image
    toolchain = re.search(r'rust-version = "([\d.]+)"', (ROOT / "Cargo.toml").read_text())[1]
    assert f"rust:{toolchain}-bookworm" in lines[0], lines[0]


def what_goes_to_the_builder_is_enough_and_holds_no_secret(run, binary, place):
    """As the ignore file says it: everything is out but what it lets in."""
    let_in = [line[1:] for line in (ROOT / ".containerignore").read_text().splitlines() if line.startswith("!")]
    known = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", capture_output=True).stdout
    for name in filter(None, known.split("\0")):
        if any(name == top or name.startswith(top + "/") for top in let_in) and (ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, place / name)
    for unwanted in (".git", "data", "target", "deploy", ".env"):
        assert not (place / unwanted).exists(), unwanted
    target = os.environ.get("CARGO_TARGET_DIR", ROOT / "target")
    run("cargo", "check", "--quiet", "--locked", "--bin", "vestibule", cwd=place,
        env={**os.environ, "CARGO_TARGET_DIR": str(target)})


def the_compose_file_is_valid_and_gives_nobody_more_than_needed(run, binary, place):
    from ruamel.yaml import YAML

    run(sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yml",
        env={**os.environ, "PYTHONPATH": str(HERE / "packages")}, capture_output=True)
    compose = YAML(typ="safe").load((DEPLOY / "compose.yml").read_text())
    for name, service in compose["services"].items():
        assert service["read_only"] is True and service["cap_drop"] == ["ALL"], name
        assert "cap_add" not in service and "privileged" not in service, name
        assert "no-new-privileges:true" in service["security_opt"], name
        for variable, value in service["environment"].items():
            is_secret = re.search("PASSWORD|SECRET|TOKEN|DATABASE__URL", variable)
            assert not is_secret or (variable.endswith("_FILE") and value.startswith("/run/secrets/")), variable
        for secret in service["secrets"]:
            assert secret in compose["secrets"], secret
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), f"{port} would be open to everybody"
    postgres = compose["services"]["postgres"]
    assert postgres["networks"] == ["database"] and compose["networks"]["database"]["internal"] is True
    assert "ports" not in postgres and "healthcheck" in postgres
    assert compose["services"]["vestibule"]["depends_on"]["postgres"]["condition"] == "service_healthy"
    assert ":?" in compose["services"]["vestibule"]["environment"]["VESTIBULE_SERVER__PUBLIC_URL"]


def secrets_are_random_and_for_their_readers_alone(run, binary, place):
    made = {}
    for name in ("one", "two"):
        run(DEPLOY / "make-secrets", place / name, capture_output=True)
        made[name] = {file.name: file for file in (place / name).iterdir()}
    for name, owner in (("postgres_password", 999), ("database_url", 65532), ("server_secret", 65532)):
        about = made["one"][name].stat()
        assert (about.st_uid, stat.S_IMODE(about.st_mode)) == (owner, 0o400), name
        assert made["one"][name].read_text() != made["two"][name].read_text(), name
    password = made["one"]["postgres_password"].read_text().strip()
    assert len(password) == 64 and f":{password}@postgres/" in made["one"]["database_url"].read_text()
    again = run(DEPLOY / "make-secrets", place / "one", capture_output=True, check=False)
    assert again.returncode == 1 and "stay as they are" in again.stderr
    assert made["one"]["postgres_password"].read_text().strip() == password
    # And the program takes them.
    shown = run(binary, "config", "check", check=False, capture_output=True, cwd=place, env={
        "VESTIBULE_DATABASE__URL_FILE": str(made["one"]["database_url"]),
        "VESTIBULE_SERVER__SECRET_FILE": str(made["one"]["server_secret"]),
    })
    assert shown.returncode == 0, shown.stderr


def the_unit_is_one_that_systemd_takes_and_exposes_little(run, binary, place):
    unit = place / "vestibule.service"
    text = (DEPLOY / "vestibule.service").read_text()
    unit.write_text(text.replace("/usr/local/bin/vestibule", str(binary)))
    verified = run("systemd-analyze", "verify", unit, capture_output=True, check=False)
    said = verified.stdout + verified.stderr
    assert verified.returncode == 0 and "vestibule.service:" not in said, said
    rated = run("systemd-analyze", "security", "--offline=true", "--no-pager",
                f"--threshold={MOST_EXPOSED * 10:.0f}", unit, capture_output=True, check=False)
    level = rated.stdout.strip().splitlines()[-1]
    assert rated.returncode == 0 and float(re.search(r": (\d+\.\d+) ", level)[1]) <= MOST_EXPOSED, level
    for line in ("Type=notify", "DynamicUser=yes", "CapabilityBoundingSet=", "MemoryDenyWriteExecute=yes",
                 "SystemCallFilter=@system-service", "WatchdogSec=30"):
        assert f"\n{line}\n" in text, line
    return level.strip("→ ")


def what_proxies_read_that_are_not_here_is_yaml(run, binary, place):
    from ruamel.yaml import YAML

    for name in ("traefik.yml", "envoy.yaml"):
        assert YAML(typ="safe").load(DEPLOY / "proxies" / name), name
    return "no more is known of them: neither proxy has a package of Debian's"


TRIALS = [
    the_container_file_is_clean_and_what_it_makes_is_nobody_special,
    the_compose_file_is_valid_and_gives_nobody_more_than_needed,
    secrets_are_random_and_for_their_readers_alone,
    the_unit_is_one_that_systemd_takes_and_exposes_little,
    what_proxies_read_that_are_not_here_is_yaml,
    what_goes_to_the_builder_is_enough_and_holds_no_secret,
]
