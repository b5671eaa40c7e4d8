"""What is refused before Spark is started, and the settings by which it tells nothing."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import canaries
import pytest
from simulator import Cast

from linkage import errors
from linkage.engine import session
from linkage.engine.cluster import Cluster, check, java_version, main_version

LINKAGE = Path(sys.executable).with_name("linkage")
ELSEWHERE = "spark://rekenmachine.voorbeeld:7077"


def java() -> int:
    return 17


def secret(folder: Path, text: str = "a" * 64, mode: int = 0o600) -> Path:
    path = folder / "secret"
    path.write_text(text, "ascii")
    path.chmod(mode)
    return path


def shared(folder: Path, mode: int = 0o700) -> Path:
    path = folder / "shared"
    path.mkdir()
    path.chmod(mode)
    return path


# --- the address ----------------------------------------------------------------------------------


@pytest.mark.parametrize("master", ["local", "local[1]", "local[8]", "local[*]"])
def test_a_local_address(master: str) -> None:
    check(Cluster(master), (), java)
    assert Cluster(master).on_loopback


@pytest.mark.parametrize(
    "master",
    [
        *(
            "",
            "yarn",
            "k8s://https://m:1",
            "http://m:1",
            "local[0]",
            "local[x]",
            "local-cluster[2,1,1024]",
            "spark://m",
        ),
        *("spark://m:1 --conf x", "spark://m:1,", "spark://-:x", "LOCAL", "local\n", "mesos://m:5050", "spark://m:1/a"),
    ],
)
def test_an_address_of_an_unknown_kind(master: str) -> None:
    with pytest.raises(errors.MasterUnusable, match="onbekende soort"):
        check(Cluster(master), (), java)


def test_a_cluster_elsewhere_needs_a_shared_folder(tmp_path: Path) -> None:
    with pytest.raises(errors.MasterUnusable, match="--shared"):
        check(Cluster(ELSEWHERE, None, secret(tmp_path)), (), java)
    check(Cluster(ELSEWHERE, shared(tmp_path), secret(tmp_path)), (), java)
    assert not Cluster("spark://127.0.0.1:1,m:2").on_loopback
    assert Cluster("spark://127.0.0.1:1,localhost:2").on_loopback


# --- Java and pyspark -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('java version "1.8.0_402"', 8),
        ('openjdk version "25" 2025-09-16', 25),
        ('openjdk version "21-ea"', 21),
        ("no such thing", None),
        ("", None),
    ],
)
def test_the_version_of_java(said: str, version: int | None) -> None:
    assert main_version(said) == version


def fake_java(folder: Path, script: str) -> Path:
    """A JAVA_HOME in which `java` is this shell script."""
    (folder / "bin").mkdir(parents=True)
    program = folder / "bin" / "java"
    program.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    program.chmod(0o700)
    return folder


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("echo 'java version \"1.8.0_402\"' >&2", "17 of nieuwer"),
        ("exit 1", "niet te vinden"),
        (None, "niet te vinden"),
    ],
)
def test_the_command_without_a_usable_java(cast: Cast, script: str | None, says: str, tmp_path: Path) -> None:
    """Told at once, with a code of its own; no package is read and nothing is written."""
    folder = canaries.town(tmp_path / "town").folder
    home = fake_java(tmp_path / "jdk", script) if script else tmp_path / "none"
    outputs = ("--inbox", folder / "inbox", "--output", folder / "out")
    arguments = ("--study", folder / "study.toml", "--identity", folder / "institute.identity", *outputs)
    done = subprocess.run(
        [LINKAGE, "link", *arguments, "--engine", "spark"],
        env=os.environ | {"JAVA_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == errors.EngineUnusable.exit_code, done.stderr
    assert says in done.stderr
    assert str(tmp_path) not in done.stderr + done.stdout
    assert not (folder / "out").exists()


def test_the_java_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = java_version()
    assert found is not None
    assert found >= 17
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert java_version() is None


def test_without_pyspark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(errors.ExtraMissing, match=r"household-linkage\[spark\]"):
        check(Cluster(), (), java)


@pytest.mark.parametrize("option", [("--master", "local"), ("--shared", "x"), ("--cluster-secret", "x")])
def test_what_is_said_of_a_cluster_goes_with_spark_alone(option: tuple[str, str]) -> None:
    arguments = ("link", "--study", "s", "--identity", "i", "--inbox", "b", "--output", "o", *option)
    done = subprocess.run([LINKAGE, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == errors.MasterUnusable.exit_code
    assert "--engine spark" in done.stderr


# --- what the machines share ----------------------------------------------------------------------


def test_a_shared_folder_that_is_not_there_or_open_to_others(tmp_path: Path) -> None:
    with pytest.raises(errors.PlaceNotAllowed, match="is er niet"):
        check(Cluster(ELSEWHERE, tmp_path / "none", secret(tmp_path)), (), java)
    with pytest.raises(errors.PlaceNotAllowed, match="chmod 700"):
        check(Cluster(ELSEWHERE, shared(tmp_path, 0o755), secret(tmp_path)), (), java)


def test_a_shared_folder_outside_the_agreed_ones(tmp_path: Path) -> None:
    place, agreed = shared(tmp_path), tmp_path / "secured"
    agreed.mkdir(mode=0o700)
    inside = agreed / "deep"
    inside.mkdir(mode=0o700)
    check(Cluster("local", inside), (str(agreed),), java)
    with pytest.raises(errors.PlaceNotAllowed, match="secured_folders"):
        check(Cluster("local", place), (str(agreed),), java)
    (agreed / "link").symlink_to(place)
    with pytest.raises(errors.PlaceNotAllowed, match="secured_folders"):
        check(Cluster("local", agreed / "link"), (str(agreed),), java)


@pytest.mark.parametrize(
    ("text", "mode", "kind"),
    [
        ("a" * 64, 0o640, errors.SecretExposed),
        ("short", 0o600, errors.EngineUnusable),
        ("a" * 40 + " " + "b" * 40, 0o600, errors.EngineUnusable),
        ("", 0o600, errors.EngineUnusable),
        (None, 0o600, errors.EngineUnusable),
    ],
)
def test_a_secret_that_cannot_be_used(
    text: str | None, mode: int, kind: type[errors.LinkageError], tmp_path: Path
) -> None:
    path = tmp_path / "none" if text is None else secret(tmp_path, text, mode)
    with pytest.raises(kind) as caught:
        check(Cluster("spark://127.0.0.1:7077", None, path), (), java)
    assert text is None or not text or text not in str(caught.value)


def test_a_cluster_without_a_secret() -> None:
    with pytest.raises(errors.EngineUnusable, match="--cluster-secret"):
        check(Cluster("spark://127.0.0.1:7077"), (), java)


# --- settings -------------------------------------------------------------------------------------


QUIET = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.eventLog.enabled": "false",
    "spark.log.level": "OFF",
    "spark.io.encryption.enabled": "true",
    "spark.authenticate": "true",
    "spark.network.crypto.enabled": "true",
    "spark.network.crypto.saslFallback": "false",
    "spark.hadoop.fs.permissions.umask-mode": "077",
}


@pytest.mark.parametrize("master", ["local[2]", "spark://127.0.0.1:7077", ELSEWHERE])
def test_no_address_is_served_with_less(master: str, tmp_path: Path) -> None:
    cluster = Cluster(master, tmp_path, secret(tmp_path, "geheim" * 10))
    made = session.settings(cluster, tmp_path / "run", tmp_path / "all", 0)
    assert made | QUIET == made
    assert made["spark.local.dir"].startswith(str(tmp_path / "run"))
    assert ("spark.driver.bindAddress" in made) == cluster.on_loopback
    assert ("spark.executor.extraJavaOptions" in made) != cluster.local
    assert "geheim" not in session.properties(made)


def test_a_path_cannot_add_a_setting() -> None:
    text = session.properties({"spark.local.dir": "/a\nspark.eventLog.enabled=true\\", "spark.x": "1"})
    assert text == "spark.local.dir=/a\\nspark.eventLog.enabled=true\\\\\nspark.x=1\n"


def test_what_is_said_elsewhere_about_spark_is_not_heard(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("SPARK_HOME", "SPARK_SUBMIT_OPTS", "PYSPARK_SUBMIT_ARGS", "PYSPARK_GATEWAY_PORT", "SPARK_LOCAL_DIRS"):
        monkeypatch.setenv(name, "elsewhere")
    monkeypatch.setenv("SPARK_EXECUTOR_MEMORY", "4g")
    before = dict(os.environ)
    with session._environment(tmp_path):
        assert "elsewhere" not in os.environ.values()
        assert os.environ["SPARK_EXECUTOR_MEMORY"] == "4g"
        assert os.environ["SPARK_CONF_DIR"] == str(tmp_path / "conf")
    assert dict(os.environ) == before


def test_joins_are_split_by_the_size_of_the_packages() -> None:
    assert [session.partitions(size * 2**20) for size in (0, 16, 64, 1024)] == [2, 2, 4, 64]
