"""The program as the image and the unit run it: as somebody else, in a root of its own, with few system calls."""

import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

from server import Server

NOBODY = 65532


def as_in_the_image(run, binary, place):
    """Another user, no home, no capability, a root that nobody can write and that has the libraries alone."""
    root, data = place / "root", place / "data"
    data.mkdir()
    # As a new volume: of that user, and nobody else's.
    os.chown(data, NOBODY, NOBODY)
    os.chmod(data, 0o700)
    for folder in ("usr/local/bin", "data", "etc/ssl/certs"):
        (root / folder).mkdir(parents=True)
    shutil.copy2(binary, root / "usr/local/bin/vestibule")
    linked = run("ldd", binary, capture_output=True).stdout
    libraries = re.findall(r"(/\S+) \(0x", linked)
    # What the distroless image `cc` has; anything else would be missing there.
    for library in libraries:
        name = Path(library).name
        assert re.match(r"(libc|libm|libgcc_s|ld-linux-[\w-]+|libpthread|libdl|librt)\.so", name), name
        (root / library[1:]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(library, root / library[1:])

    inside = ["chroot", f"--userspec={NOBODY}:{NOBODY}", "--groups=", root, "/usr/local/bin/vestibule"]
    mounts = f"mount --bind {root} {root} && mount --bind {data} {root}/data && mount -o remount,bind,ro {root}"
    # The mounts end with the process; the capabilities with the change of user.
    command = ["unshare", "--mount", "--", "setpriv", "--no-new-privs", "sh", "-c", f'{mounts} && cd / && exec "$@"',
               "sh", *inside, "serve"]
    with Server(command, place, {"VESTIBULE_SERVER__DATA_DIR": "/data"}) as server:
        status = Path(f"/proc/{server.child.pid}/status").read_text()
        told = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert told["Uid"].split() == [str(NOBODY)] * 4 and told["Groups"].strip() == "", told
        assert told["NoNewPrivs"] == "1" and int(told["CapEff"], 16) == 0, told
        server.live()
        check = [shutil.which("chroot"), f"--userspec={NOBODY}:{NOBODY}", root, "/usr/local/bin/vestibule", "healthcheck"]
        variables = {**server.variables, "VESTIBULE_SERVER__DATA_DIR": "/data"}
        checked = run(*check, capture_output=True, check=False, env=variables)
        assert (checked.returncode, checked.stdout) == (0, "ok\n"), checked
        server.stop()
        again = run(*check, capture_output=True, check=False, env=variables)
        assert again.returncode == 3, again
    written = {file.name for file in data.iterdir()}
    assert {"secret", "vestibule.db"} <= written, written
    for file in data.iterdir():
        about = file.stat()
        assert about.st_uid == NOBODY and stat.S_IMODE(about.st_mode) & 0o077 == 0, file
    return ", ".join(sorted(Path(library).name for library in libraries))


def system_calls(run, group, seen=None):
    """Those of a group, and of the groups in it, as systemd has them."""
    seen = set() if seen is None else seen
    calls = set()
    told = run("systemd-analyze", "syscall-filter", "--no-pager", group, capture_output=True).stdout
    for line in told.splitlines()[1:]:
        word = line.strip()
        if word.startswith("@"):
            if word not in seen:
                seen.add(word)
                calls |= system_calls(run, word, seen)
        elif word and not word.startswith("#"):
            calls.add(word)
    return calls


def deny_writable_code(rules):
    """MemoryDenyWriteExecute and RestrictAddressFamilies, as systemd puts them into filters."""
    import mmap
    import pyseccomp as seccomp
    import socket

    both = mmap.PROT_WRITE | mmap.PROT_EXEC
    rules.add_rule(seccomp.KILL_PROCESS, "mmap", seccomp.Arg(2, seccomp.MASKED_EQ, both, both))
    for call in ("mprotect", "pkey_mprotect"):
        rules.add_rule(seccomp.KILL_PROCESS, call, seccomp.Arg(2, seccomp.MASKED_EQ, mmap.PROT_EXEC, mmap.PROT_EXEC))
    highest = max(socket.AF_UNIX, socket.AF_INET, socket.AF_INET6)
    rules.add_rule(seccomp.KILL_PROCESS, "socket", seccomp.Arg(0, seccomp.GT, highest))
    for family in range(highest + 1):
        if family not in (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6):
            rules.add_rule(seccomp.KILL_PROCESS, "socket", seccomp.Arg(0, seccomp.EQ, family))


def as_the_unit_confines_it(run, binary, place):
    """With the system calls of the unit and no others, no writable code, no other sockets, and no capability."""
    import pyseccomp as seccomp

    unit = (Path(__file__).resolve().parent.parent.parent / "deploy/vestibule.service").read_text()
    filters = re.findall(r"^SystemCallFilter=(.*)$", unit, re.M)
    assert filters == ["@system-service", "~@privileged"], filters
    allowed = system_calls(run, "@system-service") - system_calls(run, "@privileged")
    assert {"read", "epoll_wait", "setpriority"} <= allowed and "mount" not in allowed and "chroot" not in allowed
    # What is both allowed and denied by its arguments cannot be in one filter: two are laid one over the other.
    first = seccomp.SyscallFilter(defaction=seccomp.KILL_PROCESS)
    for call in sorted(allowed):
        try:
            first.add_rule(seccomp.ALLOW, call)
        except (RuntimeError, OSError):
            pass  # Not a call of this machine's.
    second = seccomp.SyscallFilter(defaction=seccomp.ALLOW)
    deny_writable_code(second)

    def before():
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        os.umask(0o077)
        second.load()
        first.load()

    os.chown(place, NOBODY, NOBODY)
    data = {"VESTIBULE_SERVER__DATA_DIR": str(place / "data")}
    # The filter holds: whoever asks for another call is killed.
    bad = subprocess.run(["chroot", "/", "true"], preexec_fn=before, capture_output=True)
    assert bad.returncode == -31, bad
    with Server([binary, "serve"], place, data, before) as server:
        server.live()
        checked = subprocess.run([binary, "healthcheck"], preexec_fn=before, env=server.variables, cwd=place,
                                 capture_output=True, text=True)
        assert (checked.returncode, checked.stdout) == (0, "ok\n"), checked
        server.stop()
    return f"{len(allowed)} system calls"


TRIALS = [as_in_the_image, as_the_unit_confines_it]
