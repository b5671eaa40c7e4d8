"""The rules of docs/spec/desk-v1.md, one by one: change one thing about a request, and it is refused."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from desk.browser import START, Running, browsing, running
from desk.office import small_home
from desk.wire import Wire, admitted, opened, served

from linkage.desk import holder, web
from linkage.desk.guard import HEADERS, POLICY
from linkage.desk.linker import LinkerPages
from linkage.desk.peer import owner_of
from linkage.desk.released import REPORT_POLICY
from linkage.desk.researcher import ResearcherPages
from linkage.desk.session import CLOSED_AFTER_SECONDS, Session
from linkage.desk.web import Desk

PATIENCE = 600
CANARY = "Klaversteeg-99-canary"
POSTS = [
    *sorted(holder.HolderPages(Desk(Session(1, 0.0, 60.0), Path("/"), Path("/"))).posts()),
    "/taal",
    "/bladeren",
    "/wissen",
    "/sluiten",
    "/leef",
]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A clerk's own folder with a study and its keys."""
    return shutil.copytree(small_home(), tmp_path / "home")


@pytest.fixture
def desk(home: Path) -> Iterator[Running]:
    with running(home) as made:
        yield made


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Wire, Desk]]:
    """One server for all that only ask: to start and stop one takes longer than most of these tests."""
    with served(tmp_path_factory.mktemp("shared")) as (address, made, _thread):
        yield admitted(address), made


@pytest.fixture
def wire(shared: tuple[Wire, Desk], home: Path) -> Wire:
    """A client of a desk at its beginning, in a folder of its own."""
    wire, made = shared
    made.clear()
    made.root = made.start = home.resolve()
    made.language = "nl"
    return wire


def at_export(wire: Wire) -> None:
    """Walk to the step where an export is chosen."""
    assert wire.post("/studie", {"path": "study.toml"}).headers["location"] == "/studie"
    assert wire.post("/levering", {"delivery": "stadsbank"}).headers["location"] == "/export"


# --- 1. only this computer ---------------------------------------------------------------------------


def test_it_listens_on_the_loopback_alone(wire: Wire) -> None:
    port = wire.port
    listening = [line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    six = Path("/proc/net/tcp6")
    listening += [line.split()[1] for line in six.read_text().splitlines()[1:]] if six.exists() else []
    assert [one for one in listening if one.endswith(f":{port:04X}")] == [f"0100007F:{port:04X}"]
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.2", port)):
        pass


# --- 2. one browser ------------------------------------------------------------------------------------


def test_the_token_opens_it_once(home: Path) -> None:
    with served(home) as (address, _made, _thread):
        parts = urlsplit(address)
        wire = Wire(parts.port or 0)
        assert wire.get("/open?token=another").status == 403
        assert wire.get("/studie").status == 403
        first = wire.get(f"{parts.path}?{parts.query}")
        assert first.status == 200
        flags = [part.strip().lower() for part in first.headers["set-cookie"].split(";")[1:]]
        assert sorted(flags) == ["httponly", "path=/", "samesite=strict"]
        assert wire.get(f"{parts.path}?{parts.query}").status == 403
        assert wire.get("/studie").status == 403
        assert wire.get("/studie", cookie=first.headers["set-cookie"].split(";")[0]).status == 200


def test_a_second_browser_is_refused(wire: Wire) -> None:
    assert wire.get("/studie").status == 200
    for cookie in (None, "", "linkage-desk=x", wire.headers["cookie"][:-1], "\x01;;="):
        assert wire.get("/studie", cookie=cookie).status == 403


def test_before_the_token_no_cookie_is_right(home: Path) -> None:
    with served(home) as (address, made, _thread):
        wire = Wire(urlsplit(address).port or 0)
        cookie = f"{made.session.cookie_name}={made.session.cookie}"
        assert wire.get("/studie", cookie=cookie).status == 403


def test_another_user_of_this_computer_is_refused(home: Path) -> None:
    """With the cookie, since a cookie for 127.0.0.1 goes to every port there."""
    with served(home) as (address, _made, _thread):
        wire = admitted(address)
        script = (
            "import http.client, os, sys, encodings.idna, email.parser\n"
            "if os.geteuid() == 0: os.setgid(65534); os.setuid(65534)\n"
            "link = http.client.HTTPConnection('127.0.0.1', int(sys.argv[1]))\n"
            "link.request('GET', '/studie', headers={'cookie': sys.argv[2]})\n"
            "print(os.geteuid(), link.getresponse().status)\n"
        )
        command = [sys.executable, "-c", script, str(wire.port), wire.headers["cookie"]]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/")
        user, status = map(int, done.stdout.split())
        assert (status == 200) == (user == os.geteuid())
    with served(home, same_user=lambda _ours, _theirs: False) as (address, _made, _thread):
        parts = urlsplit(address)
        assert Wire(parts.port or 0).get(f"{parts.path}?{parts.query}").status == 403


def test_the_owner_of_a_connection_is_read_from_the_table_of_the_kernel() -> None:
    table = (
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1\n"
        "   1: 0100007F:C000 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1001        0 2 1\n"
        "   2: 0100007F:1F90 0100007F:C000 01 00000000:00000000 00:00000000 00000000     0        0 3 1\n"
        "   3: 0200007F:C001 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 4 1\n"
    )
    assert owner_of(table, 0x1F90, 0xC000) == 1001
    assert owner_of(table, 0x1F90, 0xC001) is None
    assert owner_of("", 1, 2) is None


# --- 3. host, origin, forms -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["localhost:{port}", "127.0.0.1", "evil.example:{port}", "127.0.0.1:1", "[::1]:{port}"]
)
def test_another_host_is_refused(wire: Wire, host: str) -> None:
    """A name that was rebound to the loopback still says its own name."""
    assert wire.get("/studie", host=host.format(port=wire.port)).status == 403


def test_two_hosts_are_refused(wire: Wire) -> None:
    with socket.create_connection(("127.0.0.1", wire.port)) as link:
        own = f"Host: 127.0.0.1:{wire.port}\r\n"
        link.sendall(f"GET /studie HTTP/1.1\r\n{own}{own}Cookie: {wire.headers['cookie']}\r\n\r\n".encode())
        assert link.recv(100).split()[1] in (b"403", b"400")


@pytest.mark.parametrize(
    "change",
    [
        {"origin": None},
        {"origin": "http://evil.example"},
        {"origin": "http://127.0.0.1:1"},
        {"origin": "https://127.0.0.1:{port}"},
        {"origin": "null", "sec-fetch-site": None},
        {"origin": "null", "sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_a_form_of_another_page_is_refused(wire: Wire, change: dict[str, str | None]) -> None:
    headers = {name: value and value.format(port=wire.port) for name, value in change.items()}
    assert wire.post("/taal", {"language": "en"}, **headers).status == 403
    assert 'lang="nl"' in wire.get("/studie").text
    assert wire.post("/taal", {"language": "en"}, origin="null").status == 303
    assert 'lang="en"' in wire.get("/studie").text


@pytest.mark.parametrize("path", POSTS)
def test_every_form_needs_the_token_of_our_own_page(wire: Wire, path: str) -> None:
    for token in ("", "x", wire.token[:-1], wire.headers["cookie"].split("=")[1]):
        assert wire.post(path, {"token": token}, x_desk_token=token).status == 403
    assert wire.get("/studie").status == 200


def test_a_page_asked_for_by_another_site_is_refused(wire: Wire) -> None:
    for site in ("cross-site", "same-site", "twice"):
        assert wire.get("/studie", sec_fetch_site=site).status == 403
    for site in ("none", "same-origin", None):
        assert wire.get("/studie", sec_fetch_site=site).status == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH", "HEAD", "TRACE"])
def test_another_method_is_refused_and_nobody_else_may_read(wire: Wire, method: str) -> None:
    answer = wire.ask(method, "/studie", origin="http://evil.example")
    assert answer.status == 405
    assert not [name for name in answer.headers if name.startswith("access-control")]


# --- 4. headers -------------------------------------------------------------------------------------------


def test_every_answer_has_the_headers(wire: Wire) -> None:
    paths = ["/studie", "/static/desk.css", "/static/htmx.min.js", "/static/../web.py", "/nowhere", "/voortgang"]
    answers = [wire.get(path) for path in paths]
    answers += [wire.get("/studie", cookie=None), wire.post("/wissen"), wire.post("/wissen", {"token": ""})]
    assert {answer.status for answer in answers} == {200, 303, 403, 404}
    for answer in answers:
        assert {name: answer.headers.get(name.lower()) for name in HEADERS} == dict(HEADERS)
        assert "server" not in answer.headers
    assert HEADERS["Cache-Control"] == "no-store"
    assert "default-src 'none'" in POLICY
    assert "unsafe" not in POLICY
    assert "sandbox" in REPORT_POLICY


def test_pages_hold_no_script_or_style_of_their_own(wire: Wire) -> None:
    at_export(wire)
    for path in ("/studie", "/export"):
        text = wire.get(path).text
        assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+=|javascript:|https?://", text)


def test_the_policy_stops_a_script_in_the_page(home: Path) -> None:
    with opened(home) as desk, browsing() as browser:
        page = browser.new_page()
        page.goto(desk.address)
        page.wait_for_url("**/studie")
        stopped = page.evaluate(
            """() => new Promise(done => {
                document.addEventListener('securitypolicyviolation', event => done(event.violatedDirective));
                const script = document.createElement('script');
                script.textContent = 'window.broken = true';
                document.body.append(script);
            })"""
        )
        assert stopped == "script-src-elem"
        assert page.evaluate("window.broken") is None
        assert page.evaluate("fetch('http://127.0.0.1:9/').then(() => 'sent', () => 'stopped')") == "stopped"


# --- 5. files and memory -----------------------------------------------------------------------------------


def test_a_file_that_is_dragged_in_never_touches_a_disk(home: Path, desk: Running) -> None:
    """Half-way and afterwards: no open file with a name, and the text in no file of the temporary folder."""
    wire = admitted(desk.address)
    at_export(wire)
    text = (home / "klanten.csv").read_bytes() + f"{CANARY};;;\r\n".encode() * 20_000
    pid = desk.process.pid

    def half() -> Iterator[bytes]:
        yield text[:200_000]
        while "/memfd:linkage-desk (deleted)" not in names(pid):
            time.sleep(0.05)
        assert not on_disk(pid)
        yield text[200_000:]

    answer = wire.drop(half(), content_length=str(len(text)))
    assert (answer.status, answer.text) == (200, "/kolommen")
    assert not on_disk(pid)
    assert "/memfd:linkage-desk (deleted)" in names(pid)
    assert not [path for path in Path(tempfile.gettempdir()).glob("*") if path.is_file() and has(path, CANARY.encode())]
    assert sorted(path.name for path in home.iterdir()) == [
        "klanten.csv",
        "stadsbank.identity",
        "study.root",
        "study.toml",
    ]
    # And clearing clears: the memory goes back, and the desk is at its beginning.
    wire.post("/wissen")
    assert "/memfd:linkage-desk (deleted)" not in names(pid)
    assert wire.get("/kolommen").headers["location"] == "/studie"


def names(pid: int) -> set[str]:
    """What a process has open."""
    found = set()
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            found.add(str(path.readlink()))
    return found


def on_disk(pid: int) -> set[str]:
    """What a process has open on a disk, but for the program itself: it may be loading a module."""
    quiet = ("socket:", "pipe:", "anon_inode:", "/memfd:", "/dev/", "/proc/")
    others = {name for name in names(pid) if not name.startswith(quiet) and not Path(name).is_dir()}
    return {name for name in others if not name.endswith((".so", ".py", ".pyc"))}


def has(path: Path, text: bytes) -> bool:
    try:
        return text in path.read_bytes()
    except OSError:
        return False


def test_a_file_that_is_too_large_is_refused_whatever_it_says(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holder, "MOST_BYTES", 100_000)
    with served(home) as (address, made, _thread):
        wire = admitted(address)
        at_export(wire)
        assert wire.drop(b"x" * 100_001).status == 413

        def endless() -> Iterator[bytes]:
            for _ in range(40):
                yield b"x" * 10_000

        with contextlib.suppress(OSError, http.client.HTTPException):
            assert wire.drop(endless(), transfer_encoding="chunked").status == 400
        assert made.held is None
        assert wire.drop((home / "klanten.csv").read_bytes()).text == "/kolommen"


def test_a_form_that_is_too_large_or_of_another_kind_is_refused(wire: Wire) -> None:
    assert wire.post("/studie", {"path": "x" * web.MOST_FORM_BYTES}).status == 413
    for kind in ("multipart/form-data; boundary=x", "text/plain", "application/json"):
        assert wire.post("/studie", {"path": "study.toml"}, content_type=None, **{"Content-Type": kind}).status == 415
    many = {f"a{number}": "" for number in range(web.MOST_FIELDS + 1)}
    assert wire.post("/studie", many).status == 400


def test_files_outside_the_clerks_folder_cannot_be_chosen(home: Path, tmp_path: Path, wire: Wire) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "study.toml").write_bytes((home / "study.toml").read_bytes())
    (home / "link.toml").symlink_to(other / "study.toml")
    for path in (str(other / "study.toml"), "../other/study.toml", "link.toml", "/etc/passwd", "\x00", "~root/x"):
        wire.post("/studie", {"path": path})
        assert "Lees wat er is afgesproken" not in wire.get("/studie").text
    listed = wire.post("/bladeren", {"action": "/studie", "folder": str(tmp_path)}).text
    assert "study.toml" in listed
    assert "other" not in listed
    assert "link.toml" not in listed


def test_nothing_is_said_or_logged(home: Path) -> None:
    """Not on a screen, whatever happens: an address, a name, a passphrase."""
    with running(home) as desk:
        wire = admitted(desk.address)
        at_export(wire)
        wire.drop(f"{CANARY};{CANARY}\r\n1;2\r\n".encode())
        wire.post("/verzegelen", {"identity": CANARY})
        wire.get(f"/{CANARY}")
        wire.get("/studie", cookie=CANARY)
        assert wire.post("/sluiten").status == 200
        out, _ = desk.process.communicate(timeout=PATIENCE)
    assert out == "De balie is gesloten.\n"
    assert desk.process.returncode == 0


# --- 6. opening and stopping ---------------------------------------------------------------------------------


def test_the_token_is_not_in_the_list_of_processes(home: Path, tmp_path: Path) -> None:
    """The browser is given a file for its owner alone, in a folder for its owner alone; both go when the desk stops."""
    seen, runtime = tmp_path / "seen", tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    fake = tmp_path / "browser"
    fake.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {seen}.part && mv {seen}.part {seen}\n', "utf-8")
    fake.chmod(0o700)
    environment = {**os.environ, "BROWSER": f"{fake} %s", "XDG_RUNTIME_DIR": str(runtime)}
    command = [sys.executable, "-c", START, "desk", "--folder", str(home)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        while not seen.exists():
            assert process.poll() is None
            time.sleep(0.05)
        given = seen.read_text("utf-8").strip()
        assert given.startswith(f"file://{runtime}/linkage-desk-")
        file = Path(given.removeprefix("file://"))
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        line = Path(f"/proc/{process.pid}/cmdline").read_text()
        found = re.search(r"token=([\w-]+)", file.read_text("utf-8"))
        assert found
        assert found.group(1) not in given + line
        # A real browser that opens the file comes to the desk, though its cookie is a strict one.
        with browsing() as browser:
            page = browser.new_page()
            page.goto(given)
            page.wait_for_url("**/studie")
            assert page.inner_text("h1") == "Kies de studie"
            cookie = page.context.cookies()[0]
            assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
            assert page.evaluate("document.cookie") == ""
            # What htmx keeps until the tab closes is the path of the step, and no more.
            kept = page.evaluate("({...localStorage, ...sessionStorage})")
            assert set(kept.values()) <= {"/studie"}
            with page.expect_navigation():
                page.locator("button", has_text="Stoppen").click()
            assert page.inner_text("h1") == "De balie is gesloten"
        assert process.wait(PATIENCE) == 0
        assert list(runtime.iterdir()) == []
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate()


def test_it_stops_when_nobody_does_anything(home: Path) -> None:
    with served(home, idle_seconds=0.2) as (_address, _made, thread):
        thread.join(PATIENCE)
        assert not thread.is_alive()


def test_when_it_stops() -> None:
    session = Session(1, 100.0, idle_seconds=1800.0)
    assert not session.over(1900.0, busy=False)
    assert session.over(1901.0, busy=False)
    # A page that was opened and is gone gives no sign of life any more.
    assert session.token is not None
    assert session.redeem(session.token)
    session.seen = session.acted = 200.0
    assert not session.over(200.0 + CLOSED_AFTER_SECONDS, busy=False)
    assert session.over(201.0 + CLOSED_AFTER_SECONDS, busy=False)
    # Signs of life alone do not keep it open, and work that goes on is never cut off.
    session.seen = 5000.0
    assert session.over(5000.0, busy=False)
    assert not session.over(9000.0, busy=True)
    assert not session.over(9000.0 + CLOSED_AFTER_SECONDS, busy=True)


def test_secrets_are_long_and_each_its_own() -> None:
    one, two = Session(1, 0.0, 1.0), Session(1, 0.0, 1.0)
    secrets = {one.token, one.cookie, one.form_token, two.token, two.cookie, two.form_token}
    assert len(secrets) == 6
    assert min(len(str(secret)) for secret in secrets) >= 43
    assert not [secret for secret in secrets if str(secret) in repr(one) + repr(two)]


@pytest.mark.parametrize(
    ("face", "absent"),
    [
        ("linker", ("linkage.holder.encode", "linkage.holder.read", "linkage.holder.source", "linkage.desk.holder")),
        ("holder", ("linkage.linker", "linkage.engine", "linkage.desk.linker")),
        (
            "researcher",
            ("linkage.holder.encode", "linkage.holder.read", "linkage.linker", "linkage.transfer", "polars"),
        ),
    ],
)
def test_a_face_imports_the_room_of_its_own_role_alone(face: str, absent: tuple[str, ...]) -> None:
    code = f"import sys, linkage.desk.serve, linkage.desk.{face}; print(chr(10).join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert f"linkage.desk.{face}" in loaded
    assert not {name for name in absent if name in loaded}


@pytest.mark.parametrize(("role", "path"), [("linker", "/mappen"), ("researcher", "/uitgifte")])
def test_the_forms_of_the_other_faces_need_the_token_too(home: Path, role: str, path: str) -> None:
    made = Desk(Session(1, 0.0, 60.0), home, home)
    faces: dict[str, type[LinkerPages | ResearcherPages]] = {"linker": LinkerPages, "researcher": ResearcherPages}
    posts = {name: face(made, None).posts() for name, face in faces.items()}
    assert sorted(posts["linker"]) == ["/mappen", "/studie"]
    assert sorted(posts["researcher"]) == ["/uitgifte"]
    with served(home, face=lambda desk: faces[role](desk, None)) as (address, _desk, _thread):
        parts = urlsplit(address)
        wire = Wire(parts.port or 0)
        first = wire.get(f"{parts.path}?{parts.query}")
        wire.headers = {"cookie": first.headers["set-cookie"].split(";")[0], "origin": f"http://127.0.0.1:{parts.port}"}
        answer = wire.get(path)
        assert answer.status == 200
        assert {name: answer.headers.get(name.lower()) for name in HEADERS} == dict(HEADERS)
        for form in posts[role]:
            assert wire.post(form, {"token": "x"}).status == 403
