// Factors that take a device to add, as if somebody had added them.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const PROGRAM = `
import sqlite3, sys, uuid
path, name, passkeys, codes, password = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
with sqlite3.connect(path, timeout=10) as db:
    user, now = db.execute("SELECT id, unixepoch() FROM users WHERE username = ?", (name,)).fetchone()
    for number in range(passkeys):
        db.execute(
            "INSERT INTO passkeys (id, user_id, credential_id, sealed_credential, rp_id, name, is_synced, sign_count, created_at)"
            " VALUES (?, ?, ?, x'', 'localhost', 'Key', 0, 0, ?)", (str(uuid.uuid4()), user, str(uuid.uuid4()), now))
    for number in range(10):
        db.execute("INSERT INTO recovery_codes (digest, user_id, created_at, used_at) VALUES (?, ?, ?, ?)",
            (str(uuid.uuid4()), user, now, None if number < codes else now))
    db.execute("UPDATE users SET second_factor_since = ?, factors_changed_at = ?, email_verified_at = ? WHERE id = ?", (now, now, now, user))
    db.execute("UPDATE sessions SET amr = 'pwd swk user mfa' WHERE user_id = ?", (user,))
    if password == "no":
        db.execute("UPDATE users SET password_hash = NULL WHERE id = ?", (user,))
    db.execute("INSERT INTO revocations (id, user_id, revoked_at) VALUES (?, ?, ?)", (str(uuid.uuid4()), user, now))
`;

/** Gives somebody at `server` so many passkeys, and so many recovery codes that are left; and no password, if so. */
export async function giveFactors(server, person, { passkeys = 1, codes = 10, password = true } = {}) {
  const database = join(server.home, "data", "vestibule.db");
  const words = [database, person.username, String(passkeys), String(codes), password ? "yes" : "no"];
  await promisify(execFile)("python3", ["-c", PROGRAM, ...words]);
  // Until the server has read that something changed.
  await new Promise((done) => setTimeout(done, 1500));
}
