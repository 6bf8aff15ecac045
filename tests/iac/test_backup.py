"""docs/operations.md's own commands for backup, restore and rotation, run word for word on a real PostgreSQL: a `kubectl`
on the PATH runs what comes after `--` here instead of in the pod.
"""
from __future__ import annotations

import getpass
import os
import re
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from manifests import PROJECT, named, objects

HANDBOOK = PROJECT / "docs" / "operations.md"
KUBECTL = """#!/bin/sh
# kubectl -n atelier exec [-i] postgres-0 -- COMMAND…
[ "$1 $2 $3" = "-n atelier exec" ] || { echo "unexpected: $*" >&2; exit 1; }
while [ "$1" != -- ]; do shift; done
shift
exec "$@"
"""


def commands(name: str) -> str:
    found = re.search(rf"<!-- tested: {name} -->\n```sh\n(.*?)```", HANDBOOK.read_text(), re.S)
    assert found, f"docs/operations.md has no commands marked `tested: {name}`"
    return found[1]


def binaries() -> Path | None:
    here = shutil.which("initdb")
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda file: int(file.parts[-3]))
    own = sorted((PROJECT / ".atelier").glob("**/bin/initdb"))
    return next((Path(file).parent for file in (here, *reversed(installed), *own) if file), None)


class Server:
    """A PostgreSQL of its own, with the password rules of k8s/components/postgres."""

    def __init__(self, folder: Path, bin_folder: Path) -> None:
        self.folder, self.bin = folder, bin_folder
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self.port = listener.getsockname()[1]
        # PostgreSQL refuses to run as root.
        self.account = ["runuser", "-u", "postgres", "--"] if getpass.getuser() == "root" else []
        self.environment = {
            "PATH": f"{folder}:{bin_folder}:{os.environ['PATH']}",
            "PGPORT": str(self.port),
            "POSTGRES_USER": "atelier",
            "POSTGRES_DB": "atelier",
            "POSTGRES_PASSWORD": "first password",
        }

    def start(self) -> None:
        (self.folder / "password").write_text("first password")
        (self.folder / "kubectl").write_text(KUBECTL)
        (self.folder / "kubectl").chmod(0o755)
        if self.account:
            shutil.chown(self.folder, "postgres")
            shutil.chown(self.folder / "password", "postgres")
        self._control("initdb", "--username=atelier", f"--pwfile={self.folder / 'password'}", "--auth=scram-sha-256", "--no-sync", f"--pgdata={self.folder / 'data'}")
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder} -c fsync=off"
        self._control("pg_ctl", "--wait", f"--pgdata={self.folder / 'data'}", f"--log={self.folder / 'log'}", f"--options={options}", "start")
        self.shell('PGPASSWORD=$POSTGRES_PASSWORD createdb -h 127.0.0.1 -U atelier atelier')

    def stop(self) -> None:
        self._control("pg_ctl", "--wait", "--mode=immediate", f"--pgdata={self.folder / 'data'}", "stop")

    def _control(self, program: str, *arguments: str) -> None:
        done = subprocess.run([*self.account, self.bin / program, *arguments], cwd=self.folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    def shell(self, script: str, **extra: str) -> str:
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=self.folder, env={**self.environment, **extra}, capture_output=True, text=True)
        assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
        return done.stdout

    def sql(self, text: str, password: str = "first password") -> str:
        return self.shell('PGPASSWORD=$GIVEN psql -qAt -v ON_ERROR_STOP=1 -h 127.0.0.1 -U atelier -d atelier -c "$TEXT"', GIVEN=password, TEXT=text).strip()


@pytest.fixture
def server():
    bin_folder = binaries()
    if bin_folder is None:
        reason = "no PostgreSQL server here: install postgresql (Debian) or run `cargo xtask up` once"
        assert os.environ.get("CI", "false") == "false", reason
        pytest.skip(reason)
    # Not pytest's folder: that is closed to the account that PostgreSQL runs as, and closed again by whoever tests beside us.
    with tempfile.TemporaryDirectory(prefix="atelier-") as folder:
        instance = Server(Path(folder), bin_folder)
        instance.start()
        try:
            yield instance
        finally:
            instance.stop()


def schema(server: Server) -> None:
    files = sorted((PROJECT / "components" / "auth" / "migrations").glob("*.sql"))
    for file in files:
        server.sql(file.read_text())
    if not files:
        server.sql("CREATE TABLE users (id int PRIMARY KEY, name text CONSTRAINT users_name_key UNIQUE)")


def count_tables(server: Server) -> int:
    """Those whose rows a backup holds: not the unlogged one, of answers that live ten minutes."""
    return int(server.sql("SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relpersistence = 'p' AND relnamespace = 'public'::regnamespace"))


def test_a_backup_restores_what_was_lost(server):
    schema(server)
    server.sql("CREATE TABLE marks (name text CONSTRAINT marks_name_key UNIQUE); INSERT INTO marks SELECT 'élève ' || n FROM generate_series(1, 1000) n")
    tables = count_tables(server)
    assert int(server.shell(commands("backup")).split()[-1]) == tables
    # The accident, and a client that stays connected through everything.
    server.sql("TRUNCATE marks; DROP TABLE marks")
    server.shell(commands("restore"))
    # Not before the swap.
    assert count_tables(server) == tables - 1
    client = subprocess.Popen(["psql", "-h", "127.0.0.1", "-U", "atelier", "-d", "atelier", "-c", "SELECT pg_sleep(60)"], env={**server.environment, "PGPASSWORD": "first password"}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        server.shell("until PGPASSWORD=$POSTGRES_PASSWORD psql -qAt -h 127.0.0.1 -U atelier -d postgres -c \"SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND datname = 'atelier'\" | grep -q 1; do sleep 0.1; done")
        server.shell(commands("swap"))
        assert client.wait(10) != 0
    finally:
        client.kill()
        client.wait()
    assert server.sql("SELECT count(*), min(name) FROM marks") == "1000|élève 1"
    # Constraints came along, and the old database is still there to go back to.
    with pytest.raises(AssertionError, match="marks_name_key"):
        server.sql("INSERT INTO marks VALUES ('élève 1')")
    assert server.sql("SELECT count(*) FROM pg_database WHERE datname = 'atelier_before'") == "1"


def test_a_backup_that_fails_leaves_the_one_before(server):
    schema(server)
    server.shell(commands("backup"))
    dump = server.folder / "atelier.dump"
    whole = dump.read_bytes()
    with pytest.raises(AssertionError):
        server.shell(commands("backup").replace("pg_dump ", "pg_dump --host=nobody.invalid "))
    assert dump.read_bytes() == whole


def test_a_damaged_backup_does_not_touch_the_living_database(server):
    schema(server)
    tables = count_tables(server)
    server.shell(commands("backup"))
    dump = server.folder / "atelier.dump"
    whole = dump.read_bytes()
    dump.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(AssertionError):
        server.shell(commands("restore"))
    assert count_tables(server) == tables
    # And half of it does not stand in the way of a good one.
    dump.write_bytes(whole)
    server.shell(commands("restore"))


def test_a_swap_that_cannot_be_finished_is_not_begun(server):
    """Begun, it would leave a database that takes no connections, or none of the name."""
    schema(server)
    with pytest.raises(AssertionError, match="there is no atelier_restored: restore first"):
        server.shell(commands("swap"))
    assert server.sql("SELECT 1") == "1"
    server.shell(commands("backup") + commands("restore") + commands("swap"))
    server.sql("CREATE TABLE later (id int)")
    server.shell(commands("backup") + commands("restore"))
    with pytest.raises(AssertionError, match="atelier_before is still there"):
        server.shell(commands("swap"))
    assert server.sql("SELECT count(*) FROM later") == "0"
    server.sql("DROP DATABASE atelier_before")
    server.shell(commands("swap"))
    assert server.sql("SELECT count(*) FROM later") == "0"


def test_a_swap_is_taken_back(server):
    schema(server)
    with pytest.raises(AssertionError, match="there is no atelier_before to go back to"):
        server.shell(commands("swap-back"))
    server.shell(commands("backup"))
    server.sql("CREATE TABLE later (id int)")
    server.shell(commands("restore") + commands("swap"))
    with pytest.raises(AssertionError, match='"later" does not exist'):
        server.sql("SELECT FROM later")
    server.shell(commands("swap-back"))
    assert server.sql("SELECT count(*) FROM later") == "0"
    # And once more, from the file.
    server.shell(commands("restore") + commands("swap"))


def test_the_prompt_answers_from_the_living_database(server):
    schema(server)
    assert server.shell("echo 'SELECT current_database(), count(*) FROM users;' | " + commands("psql")).split()[-5:-2] == ["atelier", "|", "0"]


def test_the_breaker_is_closed_by_hand(server):
    schema(server)
    server.sql("INSERT INTO breakers (service, failures, failed_at, open_until, pause_seconds) VALUES ('llm', 5, now(), now() + interval '10 minutes', 600)")
    server.shell(commands("close-breaker"))
    assert server.sql("SELECT count(*) FROM breakers") == "0"


def test_the_sessions_of_one_user_are_ended_by_hand(server):
    schema(server)
    for user, name in ((1, "Zoé d'Arc"), (2, "Bob")):
        id_ = f"00000000-0000-4000-8000-00000000000{user}"
        server.sql(f"INSERT INTO users (id, username, username_key, password_hash, created_at) VALUES ('{id_}', $n${name}$n$, $n${name}$n$, 'x', now())")
        server.sql(f"INSERT INTO sessions (token_hash, user_id, password_version, created_at, last_seen_at, expires_at, user_agent) VALUES (sha256('{user}'), '{id_}', 1, now(), now(), now() + interval '1 hour', '')")
    server.shell(commands("end-sessions"), NAME="Zoé d'Arc")
    assert server.sql("SELECT username FROM users JOIN sessions ON user_id = users.id") == "Bob"


def test_the_password_is_rotated(server):
    new = server.shell(commands("rotate") + 'printf %s "$NEW"').strip()
    assert len(new) == 64 and server.sql("SELECT 1", password=new) == "1"
    with pytest.raises(AssertionError, match="password authentication failed"):
        server.sql("SELECT 1")


def test_the_nightly_job_keeps_fourteen_and_no_half_ones(server):
    """components/backup's own script, with another folder and clock."""
    job = named(objects("minikube"), "CronJob", "backup")["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
    assert job["command"][:2] == ["sh", "-euc"]
    folder = server.folder / "backup"
    folder.mkdir()
    script = job["command"][2].replace("/backup", str(folder))
    schema(server)
    for day in range(1, 17):
        (folder / f"atelier-202601{day:02}T031700Z.dump").write_text("an older night")
    (folder / "atelier-20260120T031700Z.dump.part").write_text("cut short")
    access = {"PGHOST": "127.0.0.1", "PGUSER": "atelier", "PGDATABASE": "atelier", "PGPASSWORD": "first password", "SCRIPT": script}
    server.shell('sh -euc "$SCRIPT"', **access)
    kept = sorted(file.name for file in folder.iterdir())
    assert len(kept) == 14 and kept[0] == "atelier-20260104T031700Z.dump" and kept[-1] > "atelier-2026011"
    assert int(server.shell(f"pg_restore --list {folder / kept[-1]} | grep -c 'TABLE DATA'")) == count_tables(server)
    # A night without a database leaves what there is.
    with pytest.raises(AssertionError):
        server.shell('sh -euc "$SCRIPT"', **{**access, "PGPASSWORD": "wrong"})
    assert sorted(file.name for file in folder.iterdir() if file.suffix == ".dump") == kept
