"""A standalone cluster of Spark on the loopback: a master and workers with a secret, as docs/how-to/linker.md says."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

SECRET = "0123456789abcdef" * 4
SETTINGS = {
    "spark.authenticate": "true",
    "spark.authenticate.secret": SECRET,
    "spark.network.crypto.enabled": "true",
    "spark.network.crypto.cipher": "AES/GCM/NoPadding",
    "spark.network.crypto.saslFallback": "false",
    "spark.master.rest.enabled": "false",
}


def free_port() -> int:
    """A port of the loopback that nobody uses at this moment."""
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        port: int = tried.getsockname()[1]
        return port


class Standalone:
    """The cluster; a context manager. Its logs and work are in `folder`."""

    def __init__(self, folder: Path, workers: int = 2, memory: str = "1g") -> None:
        self.folder, self.workers, self.memory = folder, workers, memory
        self.master = f"spark://127.0.0.1:{free_port()}"
        self.secret = folder / "secret"
        self.processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        (self.folder / "conf").mkdir(parents=True)
        lines = [f"{name} {value}\n" for name, value in SETTINGS.items()]
        (self.folder / "conf" / "spark-defaults.conf").write_text("".join(lines), "utf-8")
        self.secret.write_text(f"{SECRET}\n", "ascii")
        self.secret.chmod(0o600)
        try:
            port = self.master.rpartition(":")[2]
            self._start("master", "--host", "127.0.0.1", "--port", port, "--webui-port", "0")
            self._until("I have been elected leader", 1)
            for number in range(self.workers):
                self._worker(number)
            self._until("Registering worker", self.workers)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _worker(self, number: int) -> None:
        work = self.folder / f"work-{number}"
        sizes = ("--cores", "1", "--memory", self.memory, "--work-dir", str(work), "--webui-port", "0")
        self._start("worker", "--host", "127.0.0.1", *sizes, self.master)

    def _start(self, what: str, *arguments: str) -> None:
        from pyspark.find_spark_home import _find_spark_home

        home = Path(_find_spark_home())
        name = {"master": "master.Master", "worker": "worker.Worker"}[what]
        environment = os.environ | {
            "SPARK_CONF_DIR": str(self.folder / "conf"),
            "SPARK_LOCAL_DIRS": str(self.folder / "local"),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_DAEMON_MEMORY": "256m",
        }
        with (self.folder / f"{what}-{len(self.processes)}.log").open("wb") as log:
            command = [str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{name}", *arguments]
            made = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.processes.append(made)

    def _until(self, said: str, times: int, seconds: float = 180) -> None:
        end = time.monotonic() + seconds
        while (self.folder / "master-0.log").read_text("utf-8", "replace").count(said) < times:
            assert time.monotonic() < end, "the cluster did not start"
            assert all(process.poll() is None for process in self.processes), "the cluster stopped"
            time.sleep(0.2)

    def _stop(self) -> None:
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
