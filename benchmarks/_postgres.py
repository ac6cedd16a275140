"""A PostgreSQL of one's own for a while, for tests and benchmarks: a cluster in a folder that goes again."""

from __future__ import annotations

import atexit
import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_START_LIMIT_S = 60.0
_PROGRAMS = ("initdb", "postgres")
# Debian's package leaves the programs outside of PATH.
_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin")


class NoPostgres(Exception):
    """There is no PostgreSQL on this machine; the message says what to install."""


class Cluster:
    """One PostgreSQL server on a free loopback port; the only user is `floorwalker`, without a password.

    Attributes:
        port: where it listens on 127.0.0.1.
        folder: its files and its log.
    """

    def __init__(self, *, durable: bool, parent: Path | None = None) -> None:
        """Make the cluster and start it.

        Args:
            durable: whether a commit waits for the disk, as on a real machine; tests that prove nothing
                of crashes are quicker without.
            parent: where its folder is made; default: the folder for temporary files.

        Raises:
            NoPostgres: PostgreSQL is not installed.
        """
        self._bin = find_programs()
        self._user = _unprivileged()
        self.folder = Path(tempfile.mkdtemp(prefix="floorwalker-postgres-", dir=parent))
        self.port = free_port()
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = 0
        if self._user:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        try:
            self._run(
                "initdb", "--pgdata", str(self.folder / "data"), "--username", "floorwalker",
                "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync",
            )  # fmt: skip
            self.start()
        except BaseException:
            self.close()
            raise
        atexit.register(self.close)

    def url(self, database: str = "postgres") -> str:
        """The address of one of its databases, as SQLAlchemy and `FLOORWALKER_DATABASE_URL` take it."""
        return f"postgresql+psycopg://floorwalker@127.0.0.1:{self.port}/{database}"

    def new_database(self, template: str = "template1") -> str:
        """Make a database and give its address.

        Args:
            template: address or name of the database that it is a copy of; nobody may be connected to it.
        """
        self._databases += 1
        name = f"floorwalker_{self._databases}"
        self._command(f"CREATE DATABASE {name} TEMPLATE {template.split('/')[-1]}")
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Remove a database, whoever is connected to it."""
        self._command(f"DROP DATABASE IF EXISTS {url.split('/')[-1]} WITH (FORCE)")

    def start(self) -> None:
        """Start the server again after `stop` or `kill`, and wait until it answers."""
        assert self._process is None
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "100",
            "logging_collector": "off",
            "restart_after_crash": "off",
        }
        if not self._durable:
            # A commit is still handed to the system before it is told, so that `kill` loses none of them.
            settings |= {"fsync": "off", "full_page_writes": "off"}
        command = [str(self._bin / "postgres"), "-D", str(self.folder / "data")]
        command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self.folder, start_new_session=True, **self._as_user()
            )
        deadline = time.monotonic() + _START_LIMIT_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                tail = (self.folder / "log").read_text(errors="replace")[-2000:]
                raise RuntimeError(f"PostgreSQL did not start:\n{tail}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop in good order, not waiting for clients to leave."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """Pull the plug: all of its processes die at once, nothing is written any more."""
        self._end(signal.SIGQUIT)

    def close(self) -> None:
        """Stop the server and remove its files; a second time does nothing."""
        atexit.unregister(self.close)
        self._end(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(how)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(20)

    def _answers(self) -> bool:
        import psycopg

        try:
            with psycopg.connect(self.url().replace("+psycopg", ""), connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False

    def _command(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(self.url().replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(statement.encode())

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._bin / program), *arguments], capture_output=True, cwd=self.folder, **self._as_user()
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr.decode(errors='replace')[-2000:]}")

    def _as_user(self) -> dict[str, Any]:
        # PostgreSQL refuses to run as root.
        if self._user is None:
            return {}
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}


@contextlib.contextmanager
def throwaway_cluster(*, durable: bool) -> Iterator[Cluster]:
    """A cluster that is gone when the block ends.

    Raises:
        NoPostgres: PostgreSQL is not installed.
    """
    cluster = Cluster(durable=durable)
    try:
        yield cluster
    finally:
        cluster.close()


def find_programs() -> Path:
    """The folder of PostgreSQL's programs, the newest version first.

    Raises:
        NoPostgres: they are not on this machine, or no driver is.
    """
    try:
        import psycopg  # noqa: F401
    except ImportError as error:
        raise NoPostgres("the driver is missing: pip install 'floorwalker[postgres]'") from error
    found = shutil.which("postgres")
    folders = [Path(found).resolve().parent] if found else []
    for pattern in _PLACES:
        root = Path("/")
        matches = root.glob(pattern.lstrip("/"))
        folders += sorted(matches, key=lambda path: _version(path.parent.name), reverse=True)
    for folder in folders:
        if all((folder / program).exists() for program in _PROGRAMS):
            return folder
    raise NoPostgres("PostgreSQL is not installed (Debian: apt-get install postgresql)")


def free_port() -> int:
    """A TCP port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _version(name: str) -> int:
    digits = "".join(character for character in name if character.isdigit())
    return int(digits or 0)


def _unprivileged() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise NoPostgres("PostgreSQL does not run as root, and there is no user postgres or nobody")
