"""A Spark that tells nothing: its settings, and a process of its own that begins and ends with the linking.

Rows are on its disks and its wires, so: no log, no page, no history, everything it spills encrypted, everything it
sends between machines authenticated and encrypted, and temporary files in the run's own folder, which goes.
"""

from __future__ import annotations

import logging
import os
import shlex
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linkage.engine.cluster import SECONDS, Cluster, read_secret
from linkage.errors import EngineUnusable, MasterUnusable
from linkage.files import make_folder, write_text

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SPLIT_BYTES = 16 * 1024**2
SMALLEST_MEMORY = 1024
# What a cluster may ask of whoever uses it; nothing of it opens a way out.
KEPT = ("SPARK_LOCAL_IP", "SPARK_DRIVER_MEMORY", "SPARK_EXECUTOR_MEMORY")
_ACTIVE, _SESSIONS = "_active_spark_context", ("_instantiatedSession", "_activeSession")
# An appender that drops all: without any, Spark would put its own in place, and its errors quote values.
NO_LOG = """\
status = off
rootLogger.level = off
rootLogger.appenderRef.none.ref = none
appender.none.type = Null
appender.none.name = none
"""


@contextmanager
def session(cluster: Cluster, folder: Path, place: Path, size: int) -> Iterator[SparkSession]:
    """A session of Spark with its temporary files in `folder`; what all machines must read is in `place`.

    `size` is that of all packages, in bytes. Ended, with its process, when the block ends in whatever way. Raises
    EngineUnusable, MasterUnusable.
    """
    _configure(cluster, folder, place, size)
    with _no_logging(), _running(cluster, folder) as made:
        yield made


@contextmanager
def _no_logging() -> Iterator[None]:
    """Without what py4j writes to the root logger when a call breaks off: a traceback, with what was asked."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


@contextmanager
def _running(cluster: Cluster, folder: Path) -> Iterator[SparkSession]:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT,)}
    with warnings.catch_warnings(action="ignore"):  # of versions of pandas, which is not used here
        gateway = _launched(folder)
    try:
        with warnings.catch_warnings(action="ignore"):
            made = _connected(gateway, cluster)
        _with_handlers(handlers)
        _has_workers(made, cluster)
        yield made
        made.stop()
    finally:
        try:
            _ended(gateway)
        finally:
            _forgotten()
            _with_handlers(handlers)


# --- settings ---------------------------------------------------------------------------------------


def settings(cluster: Cluster, folder: Path, place: Path, size: int) -> dict[str, str]:
    """Every setting of the session but the secret."""
    log = f"-Dlog4j2.configurationFile={shlex.quote((place / 'log4j2.properties').as_uri())}"
    crash = f"-XX:ErrorFile={shlex.quote(str(folder / 'crash.log'))} -XX:-UsePerfData -XX:+DisableAttachMechanism"
    temporary = f"-Djava.io.tmpdir={shlex.quote(str(folder / 'spark'))}"
    found = {
        "spark.app.name": "household-linkage",
        "spark.master": cluster.master,
        "spark.submit.deployMode": "client",
        "spark.driver.memory": os.environ.get("SPARK_DRIVER_MEMORY") or (f"{_memory()}m" if cluster.local else "2g"),
        "spark.driver.extraJavaOptions": f"{log} {crash} {temporary}",
        "spark.local.dir": str(folder / "spark"),
        "spark.sql.warehouse.dir": str(folder / "spark"),
        "spark.hadoop.hadoop.tmp.dir": str(folder / "spark"),
        "spark.hadoop.fs.permissions.umask-mode": "077",
        "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
        "spark.log.level": "OFF",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.eventLog.enabled": "false",
        "spark.io.encryption.enabled": "true",
        "spark.io.encryption.keySizeBits": "256",
        "spark.authenticate": "true",
        "spark.network.crypto.enabled": "true",
        "spark.network.crypto.cipher": "AES/GCM/NoPadding",
        "spark.network.crypto.saslFallback": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.shuffle.partitions": str(partitions(size)),
        "spark.sql.parquet.compression.codec": "lz4_raw",
    }
    if cluster.on_loopback:
        found |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    return found if cluster.local else found | {"spark.executor.extraJavaOptions": f"{log} -XX:-UsePerfData"}


def partitions(size: int) -> int:
    """Into how many parts a join is split: one for every 16 MiB of packages, at least two."""
    return max(2, size // SPLIT_BYTES)


def _memory() -> int:
    """Half of this machine's memory, in MiB: one process does everything here."""
    return max(SMALLEST_MEMORY, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**21)


def _configure(cluster: Cluster, folder: Path, place: Path, size: int) -> None:
    make_folder(folder / "spark")
    make_folder(folder / "conf")
    write_text(place / "log4j2.properties", NO_LOG)
    write_text(folder / "conf" / "spark-defaults.conf", properties(settings(cluster, folder, place, size)))


def properties(values: Mapping[str, str]) -> str:
    """The text of a Java properties file; a path may hold anything."""
    marks = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r"})
    return "".join(f"{name}={value.translate(marks)}\n" for name, value in sorted(values.items()))


# --- the process ------------------------------------------------------------------------------------


def _launched(folder: Path) -> Any:
    """The Java process, silent. Its configuration is a file of ours: a command line is for all to see."""
    from pyspark.errors import PySparkException
    from pyspark.java_gateway import launch_gateway

    begun: list[subprocess.Popen[bytes]] = []
    silent: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": str(folder)}
    try:
        with _environment(folder), _noted(begun):
            return launch_gateway(popen_kwargs=silent)  # type: ignore[no-untyped-call]
    except KeyboardInterrupt:
        # Nobody else knows of the process yet, and it would wait for us for ever.
        for process in begun:
            process.kill()
            process.wait()
        raise
    except (PySparkException, OSError):
        raise EngineUnusable(
            "Spark start niet: is Java heel, is er geheugen genoeg, en mag hier een programma worden gestart?"
        ) from None


@contextmanager
def _noted(begun: list[subprocess.Popen[bytes]]) -> Iterator[None]:
    """The process that PySpark starts is put in the list at once, not when it answers."""
    from pyspark import java_gateway

    gateway: Any = java_gateway
    before = gateway.Popen

    def popen(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        begun.append(before(*arguments, **options))
        return begun[-1]

    gateway.Popen = popen
    try:
        yield
    finally:
        gateway.Popen = before


@contextmanager
def _environment(folder: Path) -> Iterator[None]:
    """Without what is said elsewhere about Spark: another installation, folders of its own, options that leak."""
    before = dict(os.environ)
    for name in before:
        if name.startswith(("SPARK_", "PYSPARK_", "_SPARK_", "_PYSPARK_")) and name not in KEPT:
            del os.environ[name]
    os.environ["SPARK_CONF_DIR"] = str(folder / "conf")
    os.environ["SPARK_LOCAL_DIRS"] = str(folder / "spark")
    os.environ["PYSPARK_PYTHON"] = sys.executable
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _connected(gateway: Any, cluster: Cluster) -> SparkSession:
    from py4j.protocol import Py4JError
    from pyspark import SparkConf, SparkContext
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    try:
        conf = SparkConf(_jvm=gateway.jvm)
        if not cluster.local:
            conf.set("spark.authenticate.secret", read_secret(cluster))
        return SparkSession(SparkContext(conf=conf, gateway=gateway))
    except (Py4JError, PySparkException, OSError):
        raise _not_there(cluster) from None


def _not_there(cluster: Cluster) -> EngineUnusable | MasterUnusable:
    if cluster.local:
        return EngineUnusable("Spark start niet; is er geheugen en schijfruimte genoeg?")
    return MasterUnusable(
        "het Spark-cluster is niet te bereiken: controleer het adres bij --master, of het cluster draait, en of het "
        "hetzelfde geheim en dezelfde versleuteling heeft (docs/how-to/linker.md)"
    )


def _has_workers(made: SparkSession, cluster: Cluster, seconds: float = SECONDS) -> None:
    """Wait until a worker takes part: without any, the first question would wait for ever."""
    end = time.monotonic() + seconds
    context: Any = made.sparkContext
    while not cluster.local and context._jsc.sc().getExecutorMemoryStatus().size() < 2:  # noqa: SLF001 -- not in Python
        if time.monotonic() > end:
            raise MasterUnusable(
                "het Spark-cluster heeft geen vrije werker: start er een, of wacht tot ander werk klaar is"
            )
        time.sleep(0.2)


# --- the end ----------------------------------------------------------------------------------------


def _ended(gateway: Any) -> None:
    """The process is gone when this returns: told to end it closes its temporary files, and leaves the cluster."""
    process: subprocess.Popen[bytes] = gateway.proc
    process.terminate()
    with suppress(Exception):  # the other side may be gone; only the process matters
        gateway.shutdown()
    for end in (process.terminate, process.kill):
        try:
            process.wait(timeout=SECONDS / 2)
            break
        except subprocess.TimeoutExpired:
            end()
    else:
        process.wait()
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()


def _forgotten() -> None:
    """What pyspark keeps of a session in its classes, so that the next linking of this process starts anew."""
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    server = getattr(getattr(SparkContext, _ACTIVE), "_accumulatorServer", None)
    if server is not None:
        server.shutdown()
    for kept, names in ((SparkContext, (_ACTIVE, "_gateway", "_jvm")), (SparkSession, _SESSIONS)):
        for name in names:
            setattr(kept, name, None)


def _with_handlers(handlers: Mapping[signal.Signals, Any]) -> None:
    """Ours again: pyspark puts its own in place, which would raise through a stopped session."""
    for number, handler in handlers.items():
        with suppress(ValueError):  # not in the main thread, where pyspark changes nothing
            signal.signal(number, handler)
