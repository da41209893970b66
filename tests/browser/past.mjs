// A long past, which no test has the time to live through.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const PROGRAM = `
import sqlite3, sys, uuid
path, name = sys.argv[1], sys.argv[2]
agents = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
    "a-backup-program-with-a-name-that-goes-on-for-ever/1.0",
]
whys = ["logged_out", "replaced", "ended_elsewhere", "too_many", "password_reset", "disowned", "operator", None]
kinds = ["logged_in", "login_failed", "login_failed", "logged_out", "reauthenticated", "settings_changed", "session_revoked", "email_verified"]
with sqlite3.connect(path, timeout=10) as db:
    user, now = db.execute("SELECT id, unixepoch() FROM users WHERE username = ?", (name,)).fetchone()
    for number in range(120):
        at, agent = now - number * 9000 - 60, agents[number % 3]
        address = ["192.0.2.7", "2001:db8:1234:5678:9abc:def0:1234:5678"][number % 2]
        why = whys[number % len(whys)]
        db.execute(
            "INSERT INTO sessions (id, user_id, created_at, authenticated_at, last_seen_at, expires_at, amr, address, network, user_agent, revoked_at, revoked_because)"
            " VALUES (?, ?, ?, ?, ?, ?, 'pwd', ?, ?, ?, ?, ?)",
            (str(uuid.uuid4()), user, at - 3600, at - 3600, at - 1800, at, address, address, agent, at - 900 if why else None, why))
        db.execute(
            "INSERT INTO events (id, at, kind, user_id, actor, request_id, address, user_agent) VALUES (?, ?, ?, ?, ?, 'x', ?, ?)",
            (str(uuid.uuid4()), at, kinds[number % len(kinds)], user, user, address, agent))
`;

/** Gives somebody at `server` 120 sessions that have ended and 120 events. */
export async function longPast(server, person) {
  const database = join(server.home, "data", "vestibule.db");
  await promisify(execFile)("python3", ["-c", PROGRAM, database, person.username]);
}
