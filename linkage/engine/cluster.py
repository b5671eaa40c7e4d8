"""Where Spark runs, and whether it can: the address, Java, pyspark and the shared folder, before anything is read."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from linkage.errors import EngineUnusable, ExtraMissing, MasterUnusable, PlaceNotAllowed, SecretExposed
from linkage.place import OTHERS, allowed_folder

OLDEST_JAVA = 17
SECONDS = 60
LOCAL = re.compile(r"local(\[(\*|[1-9][0-9]{0,2})\])?", re.ASCII)
STANDALONE = re.compile(r"spark://([A-Za-z0-9.-]+:[0-9]{1,5})(,[A-Za-z0-9.-]+:[0-9]{1,5})*", re.ASCII)
LOOPBACK = ("127.0.0.1", "localhost")


@dataclass(frozen=True)
class Cluster:
    """An address of Spark, a folder that all its machines see, and a file with the secret that they share."""

    master: str = "local[*]"
    shared: Path | None = None
    secret: Path | None = None

    @property
    def local(self) -> bool:
        """Whether Spark runs inside this machine, in one process."""
        return LOCAL.fullmatch(self.master) is not None

    @property
    def on_loopback(self) -> bool:
        """Whether nothing of it can leave this machine."""
        hosts = self.master.removeprefix("spark://").split(",")
        return self.local or all(host.rpartition(":")[0] in LOOPBACK for host in hosts)


def check(cluster: Cluster, folders: Sequence[str], java: Callable[[], int | None] | None = None) -> None:
    """Refuse what cannot work, before any package is read; `folders` are the study's `secured_folders`.

    Raises MasterUnusable, ExtraMissing, EngineUnusable, PlaceNotAllowed, SecretExposed. `java` gives its version.
    """
    _check_master(cluster)
    if importlib.util.find_spec("pyspark") is None:
        raise ExtraMissing("koppelen met Spark vraagt een extra pakket: pip install 'household-linkage[spark]'")
    _check_java((java or java_version)())
    if cluster.shared is not None:
        _check_shared(cluster.shared, folders)
    if not cluster.local:
        read_secret(cluster)


def _check_master(cluster: Cluster) -> None:
    if not (cluster.local or STANDALONE.fullmatch(cluster.master)):
        raise MasterUnusable(
            "het adres van Spark bij --master is van een onbekende soort; geef local, local[AANTAL], local[*] of "
            "spark://MACHINE:POORT"
        )
    if cluster.shared is None and not cluster.on_loopback:
        raise MasterUnusable(
            "de werkers van Spark staan op andere machines en zien de tijdelijke map niet; geef met --shared een "
            "map die op alle machines hetzelfde pad heeft"
        )


# --- Java -------------------------------------------------------------------------------------------


def java_version() -> int | None:
    """The main version of the Java that Spark would start (JAVA_HOME, else the path); None where there is none."""
    home = os.environ.get("JAVA_HOME")
    program = shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")
    if program is None:
        return None
    try:
        done = subprocess.run([program, "-version"], capture_output=True, text=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return None
    return main_version(done.stderr) if done.returncode == 0 else None


def main_version(said: str) -> int | None:
    """17 of `openjdk version "17.0.15" 2025-04-15`, 8 of `java version "1.8.0_402"`; None of anything else."""
    found = re.search(r'version "(?:1\.)?([0-9]{1,3})', said)
    return int(found[1]) if found else None


def _check_java(version: int | None) -> None:
    if version is None:
        raise EngineUnusable(
            f"Spark heeft Java nodig, en dat is hier niet te vinden: laat de beheerder Java {OLDEST_JAVA} of nieuwer "
            "installeren (Debian: apt install default-jre-headless), of koppel zonder --engine spark"
        )
    if version < OLDEST_JAVA:
        raise EngineUnusable(
            f"Spark heeft Java {OLDEST_JAVA} of nieuwer nodig, hier is het {version}: laat de beheerder een nieuwere "
            "installeren, of zet JAVA_HOME op de map daarvan"
        )


# --- what the machines share ------------------------------------------------------------------------


def _check_shared(folder: Path, folders: Sequence[str]) -> None:
    try:
        mode = folder.stat().st_mode if folder.is_dir() else None
    except OSError:
        mode = None
    if mode is None:
        raise PlaceNotAllowed("de map van --shared is er niet of is niet te lezen; maak haar eerst, alleen voor uzelf")
    if mode & OTHERS:
        raise PlaceNotAllowed(
            "in de map van --shared kunnen ook anderen lezen of schrijven; sluit haar eerst af (chmod 700)"
        )
    allowed_folder(folder, folders=folders)


def read_secret(cluster: Cluster) -> str:
    """The secret that master and workers know, from its file. Raises EngineUnusable, SecretExposed."""
    if cluster.secret is None:
        raise EngineUnusable(
            "een cluster werkt hier alleen met een gedeeld geheim, waarmee het verkeer wordt versleuteld; geef met "
            "--cluster-secret het bestand waarin het staat (spark.authenticate.secret van het cluster)"
        )
    try:
        mode, text = cluster.secret.stat().st_mode, cluster.secret.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise EngineUnusable("het bestand van --cluster-secret is niet te lezen; controleer het pad") from None
    if mode & 0o077:
        raise SecretExposed("anderen kunnen het bestand van --cluster-secret lezen; sluit het af (chmod 600)")
    if len(text) < 32 or len(text.split()) != 1:
        raise EngineUnusable(
            "het geheim in het bestand van --cluster-secret moet een woord van minstens 32 tekens zijn; maak het met: "
            "openssl rand -hex 32"
        )
    return text
