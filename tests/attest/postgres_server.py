"""A PostgreSQL server for one test session, made from the binaries of the system in a temporary folder."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


class PostgresServer:
    """A server that listens on a unix socket only. The server refuses to run as root: then it runs as `postgres`."""

    def __init__(self) -> None:
        self.binaries = BINARIES[-1].parent
        # Not below pytest's folder: that one is for its owner only, who may be root.
        self.folder = Path(tempfile.mkdtemp(prefix="govern-postgres-"))
        self.user = "postgres" if os.geteuid() == 0 else None
        if self.user:
            shutil.chown(self.folder, self.user, self.user)
        self._made = 0
        try:
            self._run(
                "initdb", "--pgdata=data", "--username=owner", "--auth=trust", "--encoding=UTF8", "--no-locale", "-N"
            )
            self.start()
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise

    def start(self) -> None:
        options = f"-c listen_addresses='' -c unix_socket_directories='{self.folder}' -c max_connections=50"
        self._run("pg_ctl", "start", "--pgdata=data", "--wait", "--silent", "--log=server.log", f"--options={options}")

    def stop(self, how: str = "fast") -> None:
        self._run("pg_ctl", "stop", "--pgdata=data", "--wait", "--silent", f"--mode={how}")

    def close(self) -> None:
        with contextlib.suppress(subprocess.CalledProcessError):
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str, options: str = "") -> str:
        return f"postgresql://owner@/{database}?host={self.folder}{options}"

    def database(self) -> str:
        """Make an empty database and return its name."""
        self._made += 1
        name = f"log{self._made}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return name

    def _run(self, program: str, *arguments: str) -> None:
        # Its output goes to a file: the server keeps the descriptors of pg_ctl, and a pipe would never end.
        with (self.folder / "control.log").open("ab") as output:
            subprocess.run(
                [self.binaries / program, *arguments],
                cwd=self.folder,
                user=self.user,
                group=self.user,
                extra_groups=[] if self.user else None,
                env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                timeout=60,
                check=True,
            )
