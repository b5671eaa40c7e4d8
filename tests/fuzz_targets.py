"""Every kind of file that somebody else makes, with the function that reads it, for the fuzzer of `fuzz.py`."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pyreadstat
import rounds
import simulator
import xlsxwriter
from fuzz import AGREED_CANARIES, CANARIES, Target
from msoffcrypto.format.ooxml import OOXMLFile

from linkage import chain, errors, keys
from linkage.agreement.charter import CharterSigned, agreed_charter
from linkage.agreement.rounds import Commit, Reveal, committed
from linkage.holder import encode as holder_room
from linkage.holder.database import database, query_of
from linkage.holder.source import source
from linkage.keeping.destroyed import Destroyed, Item, closing, item_of
from linkage.keeping.shares import Plan, join, split, words_of
from linkage.keys.signed import read_signed, signed_file
from linkage.linker import ledger
from linkage.linker.quality import run as quality_room
from linkage.research import book
from linkage.research.others import read_others
from linkage.research.report.maps import load_areas
from linkage.research.run import open_research, tables_of
from linkage.study import load_study
from linkage.transfer.package import read_header
from linkage.words import explain, summarise
from linkage.words import inspect as manifest_in_words
from protocols import digest, load_protocol

HOLDER = "stadsbank"
PASSWORD = "Qx8Kanarie wachtwoord"
QUALITY = quality_room.NAME
COLUMNS = simulator.columns_of(HOLDER)
BUILT_IN = Path(__file__).parents[1] / "protocols" / "nji_2016"
MAKERS: dict[str, Callable[[Scene], Target]] = {}


class Scene:
    """A study that was played to its end, in a folder of its own; targets read from it what they need."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cast = simulator.minimal(folder)
        self.cast.encode_all()
        self.cast.link()
        self.study = self.cast.study()
        self.request = self.cast.request(HOLDER)

    def file(self, name: str, content: bytes) -> Path:
        """The content under that name, for its owner alone."""
        path = self.folder / name
        path.write_bytes(content)
        path.chmod(0o600)
        return path

    def target(self, name: str) -> Target:
        """The target of that name."""
        return MAKERS[name](self)


def _maker(make: Callable[[Scene], Target]) -> Callable[[Scene], Target]:
    MAKERS[make.__name__.strip("_")] = make
    return make


# --- exports at a holder ----------------------------------------------------------------------------

ROWS = [
    {"bsn": simulator.bsn(0), "debt_counselling": "ja", "budget_management": "nee", "debt": "12.345,67"},
    {"bsn": CANARIES[0], "postcode": "7607 AB", "house_number": CANARIES[1], "debt": "1"},
    {"bsn": simulator.bsn(1), "house_addition": CANARIES[2], "budget_management": "0", "debt": "0,10"},
]
LIKE_A_TABLE = (*(name.encode() for name in COLUMNS), b"7607AB", b"ja;nee", b"1.234,56", b"12-14", b'"a;b"', b";" * 20)


def _export(scene: Scene, name: str) -> Callable[[bytes], object]:
    def attempt(content: bytes) -> object:
        request = replace(scene.request, export=scene.file(name, content))
        return summarise(holder_room.preview(request, lambda done, total: None))

    return attempt


def csv_seeds() -> tuple[bytes, ...]:
    """The same rows with other separators, encodings and quotes."""
    text = simulator.csv_text(ROWS, COLUMNS)
    quoted = "\n".join(";".join(f'"{cell}"' for cell in line.split(";")) for line in text.splitlines())
    ways = (text.encode(), text.encode("utf-16"), text.encode("utf-8-sig"), quoted.encode())
    return (*ways, text.replace(",", ".").replace(";", ",").encode(), text.replace(";", "\t").encode("cp1252"))


def workbook(rows: list[dict[str, str]] = ROWS) -> bytes:
    """The rows as Excel writes them."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book_:
        sheet = book_.add_worksheet("Blad1")
        sheet.write_row(0, 0, COLUMNS)
        for number, row in enumerate(rows, start=1):
            sheet.write_row(number, 0, [row.get(name, "") for name in COLUMNS])
        sheet.write_formula(9, len(COLUMNS) + 1, "=NA()", None, "#N/A")  # beside the mapped columns
    return file.getvalue()


def parquet_seeds() -> tuple[bytes, ...]:
    """The rows with several encodings of pages."""
    frame = pl.DataFrame(
        [{name: row.get(name) for name in COLUMNS} for row in ROWS], schema=dict.fromkeys(COLUMNS, pl.String)
    )
    ways = []
    for compression in ("uncompressed", "zstd", "snappy"):
        file = io.BytesIO()
        frame.write_parquet(file, compression=compression)  # type: ignore[arg-type]
        ways.append(file.getvalue())
    return tuple(ways)


@_maker
def _csv(scene: Scene) -> Target:
    return Target("csv", csv_seeds(), _export(scene, "export.csv"), (errors.InputError,), LIKE_A_TABLE, plain=False)


@_maker
def _excel(scene: Scene) -> Target:
    return Target("excel", (workbook(),), _export(scene, "export.xlsx"), (errors.InputError,), plain=False)


@_maker
def _sheet(scene: Scene) -> Target:
    """A workbook of which the XML inside is changed, and the zip around it is whole."""
    from fuzz_bombs import member, zipped

    good = workbook()
    place = "xl/worksheets/sheet1.xml"
    attempt = _export(scene, "export.xlsx")
    tokens = (b'r="XFD1048576"', b'r="ZZZZ9"', b't="e"', b't="s"', b"<v>99999999</v>", b"&a;", b"<!DOCTYPE a>", b"]]>")
    return Target(
        "sheet",
        (member(good, place),),
        lambda content: attempt(zipped(good, {place: content})),
        (errors.InputError,),
        tokens,
        plain=False,
    )


@_maker
def _parquet(scene: Scene) -> Target:
    return Target("parquet", parquet_seeds(), _export(scene, "export.parquet"), (errors.InputError,), plain=False)


@_maker
def _spss(scene: Scene) -> Target:
    frame = pl.DataFrame(
        [{name: row.get(name) for name in COLUMNS} for row in ROWS], schema=dict.fromkeys(COLUMNS, pl.String)
    )
    seeds = []
    for compress in (False, True):
        path = scene.folder / f"seed-{compress}.sav"
        pyreadstat.write_sav(frame, str(path), compress=compress, variable_value_labels={"debt": {"1": CANARIES[1]}})
        seeds.append(path.read_bytes())
    return Target("spss", tuple(seeds), _export(scene, "export.sav"), (errors.InputError,), plain=False)


@_maker
def _protected(scene: Scene) -> Target:
    """A workbook with a password, which is given."""
    made = io.BytesIO()
    OOXMLFile(io.BytesIO(workbook())).encrypt(PASSWORD, made)

    def attempt(content: bytes) -> object:
        export = source(scene.file("export.xlsx", content), password=PASSWORD)
        return summarise(holder_room.preview(replace(scene.request, export=export), lambda done, total: None))

    fits = (errors.InputError, errors.SecretError)
    return Target("protected", (made.getvalue(),), attempt, fits, canaries=(*CANARIES, PASSWORD), plain=False)


@_maker
def _query(scene: Scene) -> Target:
    seeds = (b"select bsn, 'a;b' as x from k -- c\n;", b'with x as (select "delete", [set] from a) select * from x')
    tokens = (b"/*", b"*/", b"--", b"; drop table k", b"INTO x", b"[", b"`", b"exec")
    return Target("query", seeds, lambda raw: query_of(scene.file("q.sql", raw)), (errors.InputUnreadable,), tokens)


@_maker
def _connection(scene: Scene) -> Target:
    seed = f"# {CANARIES[1]}\nDriver=SQLite3;\nServer=a.b;UID=x;PWD={CANARIES[2]}\n".encode()
    fits = (errors.InputUnreadable, errors.SecretExposed)
    tokens = (b"DSN=x", b"=", b"[a]\n", b"#\n")
    return Target("connection", (seed,), lambda raw: database(str(scene.file("b.odbc", raw))), fits, tokens)


# --- agreements -------------------------------------------------------------------------------------


@_maker
def _study(scene: Scene) -> Target:
    text = (scene.folder / "study.toml").read_text(encoding="utf-8")
    told = text.replace("Proefstudie", AGREED_CANARIES[0]).replace('"Onderzoek"', f'"{AGREED_CANARIES[1]}"')
    tokens = tuple(line.encode() + b"\n" for line in text.splitlines() if len(line) < 80)
    return Target(
        "study",
        (text.encode(), told.encode()),
        lambda content: list(explain(load_study(scene.file("fuzzed.toml", content)))),
        (errors.StudyFault,),
        tokens,
        canaries=AGREED_CANARIES,
    )


@_maker
def _protocol(scene: Scene) -> Target:
    text = (BUILT_IN / "protocol.toml").read_text(encoding="utf-8").replace('name = "nji_2016"', 'name = "own"', 1)
    folder = _own_protocol(scene, "own-protocol", text, (BUILT_IN / "tariffs.csv").read_bytes())
    tokens = tuple(line.encode() + b"\n" for line in text.splitlines() if 0 < len(line) < 60)[:400]

    def attempt(content: bytes) -> object:
        (folder / "own.toml").write_bytes(content)
        return load_study(folder / "study.toml")

    return Target("protocol", (text.encode(),), attempt, (errors.StudyFault,), tokens, canaries=AGREED_CANARIES)


@_maker
def _tariffs(scene: Scene) -> Target:
    text = (BUILT_IN / "protocol.toml").read_text(encoding="utf-8").replace('name = "nji_2016"', 'name = "own"', 1)
    prices = (BUILT_IN / "tariffs.csv").read_bytes()
    folder = _own_protocol(scene, "own-tariffs", text, prices)

    def attempt(content: bytes) -> object:
        (folder / "tariffs.csv").write_bytes(content)
        return load_study(folder / "study.toml")

    tokens = (b"per-year", b"1E99999999", b"2014")
    return Target("tariffs", (prices,), attempt, (errors.StudyFault,), tokens, canaries=AGREED_CANARIES)


def _own_protocol(scene: Scene, name: str, text: str, prices: bytes) -> Path:
    folder = scene.folder / name
    folder.mkdir(exist_ok=True)
    (folder / "own.toml").write_text(text, encoding="utf-8")
    (folder / "tariffs.csv").write_bytes(prices)
    study = (scene.folder / "study.toml").read_text(encoding="utf-8").replace('"nji_2016"', '"own.toml"')
    agreed, own = digest(load_protocol("nji_2016")), digest(load_protocol("own.toml", folder))
    (folder / "study.toml").write_text(study.replace(agreed, own), encoding="utf-8")
    return folder


# --- keys and signed files --------------------------------------------------------------------------


def no_answer(name: str) -> None:
    """Nobody types a passphrase."""


LIKE_JSON = (
    b'{"body":',
    b'"signature":',
    b'"kind":"root"',
    b'"protection":{}',
    b"\\ud800",
    b"\\u0000",
    b"[[]]",
    b'"":""',
)


def _saved(scene: Scene, key: keys.secret_file.Key, name: str) -> bytes:
    path = scene.folder / name
    if not path.exists():
        keys.save(path, key, None)
    return path.read_bytes()


def _with_passphrase(plain: bytes) -> bytes:
    """With a passphrase that nobody types: the parameters are there to be mutated, without the slow derivation."""
    document = json.loads(plain)
    salt, commitment = "A" * 22 + "==", "A" * 43 + "="
    fixed = {"kdf": "argon2id", "iterations": 3, "lanes": 4, "memory_kib": 262_144}
    return json.dumps({**document, "protection": {**fixed, "salt": salt, "commitment": commitment}}).encode()


@_maker
def _secret(scene: Scene) -> Target:
    part = keys.Contribution("0" * 64, HOLDER, b"P" * 64)
    named = (scene.cast.root, scene.cast.holder_keys[HOLDER], scene.cast.linker, part)
    plain = tuple(_saved(scene, key, f"seed-{number}.key") for number, key in enumerate(named))

    def attempt(content: bytes) -> object:
        path = scene.file("fuzzed.key", content)
        document = keys.read_document(path)
        loaders = {
            "root": lambda: keys.load_root(path, scene.study.study.id, no_answer),
            "holder-identity": lambda: keys.load_holder(path, no_answer),
            "linker-identity": lambda: keys.load_linker(path, no_answer),
            "contribution": lambda: keys.load_contribution(path, "0" * 64, HOLDER, no_answer),
        }
        item_of(path, scene.study)
        return loaders[document["kind"]]()

    fits = (errors.SecretError, errors.StudyFault)
    return Target("secret", (*plain, *map(_with_passphrase, plain)), attempt, fits, LIKE_JSON)


def _signed(scene: Scene, kind: str) -> Target:
    table = rounds.table(scene.folder / "agreement")
    name = table.charter.names[0]
    makers = {"charter": table.assent, "commit": table.commit, "reveal": table.reveal}
    models = {"charter": CharterSigned, "commit": Commit, "reveal": Reveal}
    seeds = tuple(table.file(each, makers[kind](each)) for each in table.charter.names[:2])

    def attempt(content: bytes) -> object:
        found = read_signed(scene.file(f"fuzzed.{kind}", content), models[kind])
        if kind == "charter":
            return agreed_charter([found, *table.charters()[1:]], table.study)  # type: ignore[list-item]
        if kind == "commit":
            return committed([found, *table.commits()[1:]], table.charter)  # type: ignore[list-item]
        return table.agree(table.charter.names[2], [found, *table.reveals()[1:]])  # type: ignore[list-item]

    assert attempt(seeds[0]), name
    return Target(kind, seeds, attempt, (errors.CustodyError,), LIKE_JSON)


@_maker
def _charter(scene: Scene) -> Target:
    return _signed(scene, "charter")


@_maker
def _commit(scene: Scene) -> Target:
    return _signed(scene, "commit")


@_maker
def _reveal(scene: Scene) -> Target:
    return _signed(scene, "reveal")


@_maker
def _destroyed(scene: Scene) -> Target:
    body = Destroyed(
        format="household-linkage/destroyed/v1",
        study=str(scene.study.study.id),
        wave=1,
        agreement=scene.study.agreement,
        party=HOLDER,
        destroyed="2016-05-01",
        items=(Item(kind="root", id=scene.cast.root.key_id),),
    )
    seed = signed_file(body, scene.cast.holder_keys[HOLDER]).encode("utf-8")

    def attempt(content: bytes) -> object:
        return closing([read_signed(scene.file("fuzzed.destroyed", content), Destroyed)], scene.study)

    return Target("destroyed", (seed,), attempt, (errors.CustodyError,), LIKE_JSON)


@_maker
def _share(scene: Scene) -> Target:
    words = split(scene.cast.root, Plan(2, 3))

    def attempt(content: bytes) -> object:
        text = words_of(content.decode("utf-8", errors="replace"), "aandeel.txt")
        return join([("aandeel.txt", text), ("ander.txt", words[1])], scene.study)

    own = tuple(word.encode() for word in (*words[0].split(), "WOORDEN", "EINDE", "12.", "academic"))
    seeds = (words[0].encode(), f"WOORDEN\n{words[2]}\nEINDE".encode())
    return Target("share", seeds, attempt, (errors.ShareWrong, errors.WrongKey), own)


# --- what travels to the linker and the researcher --------------------------------------------------


@_maker
def _package(scene: Scene) -> Target:
    seed = (scene.folder / "inbox" / f"{HOLDER}.package").read_bytes()[:9000]

    def attempt(content: bytes) -> object:
        with scene.file("fuzzed.package", content).open("rb") as file:
            return list(manifest_in_words(read_header(file).manifest))

    return Target("package", (seed,), attempt, (errors.PackageError,), LIKE_JSON)


@_maker
def _geojson(scene: Scene) -> Target:
    square = [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]
    features = [
        {
            "type": "Feature",
            "properties": {"name": area, "code": CANARIES[1]},
            "geometry": {"type": kind, "coordinates": at},
        }
        for area, kind, at in (("Noord", "Polygon", square), ("Wijk 01 Zuid", "MultiPolygon", [square, square]))
    ]
    seed = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    real = (Path(__file__).parents[1] / "examples" / "almelo" / "wijken.geojson").read_bytes()[:20_000]
    tokens = (
        b"[[[]]]",
        b"1e308",
        b"-1e400",
        b"NaN",
        b'"geometry":null',
        b"[0,0,0,0,0]",
        b"SQLite format 3\0",
        *LIKE_JSON,
    )

    def attempt(content: bytes) -> object:
        return load_areas(scene.file("fuzzed.geojson", content), scene.study.study.areas)

    return Target("geojson", (seed, seed, real), attempt, (errors.ResearchError,), tokens)


@_maker
def _others(scene: Scene) -> Target:
    head, rows = "niveau;naam;gezinnen;huishoudens", ("gemeente;Enschede;10;100", f"provincie;{CANARIES[1]};20;200")
    text = "\r\n".join((head, *rows, "land;NL;1;2", ""))
    return Target(
        "others",
        (text.encode(), text.encode("utf-8-sig")),
        lambda content: read_others(scene.file("fuzzed.csv", content)),
        (errors.ResearchError,),
        (b"gemeente;x;1;2\n", b"land", "²".encode()),
    )


def _research(scene: Scene, name: str, tokens: tuple[bytes, ...], *, plain: bool) -> Target:
    folder = scene.folder / f"fuzzed-{name}"
    folder.mkdir(exist_ok=True)
    for path in ("households.parquet", "linkage.json", *([name] if name == QUALITY else [])):
        (folder / path).write_bytes((scene.folder / "research" / path).read_bytes())
    seed = (folder / name).read_bytes()

    def attempt(content: bytes) -> object:
        (folder / name).write_bytes(content)
        return tables_of(open_research(folder / "households.parquet", scene.study))

    return Target(name.split(".")[0], (seed,), attempt, (errors.ResearchError,), tokens, plain=plain)


@_maker
def _households(scene: Scene) -> Target:
    return _research(scene, "households.parquet", (), plain=False)


@_maker
def _linkage(scene: Scene) -> Target:
    return _research(scene, "linkage.json", (b'"rows":-1', b'"linked":{}', *LIKE_JSON), plain=True)


@_maker
def _quality(scene: Scene) -> Target:
    if not (scene.folder / "research" / QUALITY).exists():
        quality_room.run(scene.cast.link_request())
    return _research(scene, QUALITY, (b'"low":-1', b'"high":2', b'"rates":{}', *LIKE_JSON), plain=True)


@_maker
def _ledger(scene: Scene) -> Target:
    seed = (scene.folder / "research" / "ledger.jsonl").read_bytes()
    return Target(
        "ledger",
        (seed,),
        lambda content: ledger.read(scene.file("fuzzed.jsonl", content)),
        (errors.LedgerBroken,),
        LIKE_JSON,
    )


@_maker
def _releases(scene: Scene) -> Target:
    about = scene.study.study
    key = book.Key("families", "Noord", (("mvp", "yes"),), "")
    plain = {"study": str(about.id), "wave": 1, "reference_date": "2014-12-31", "released": "2016-05-01"}
    entry = book.Entry(
        chain.START,
        **plain,
        protocol_digest=digest(scene.study.protocol),
        tables=("5",),
        shown=((key, 12),),
        hidden=(key,),
    )  # type: ignore[arg-type]
    second = replace(entry, previous=chain.digest(entry), released="2016-06-01")
    return Target(
        "releases",
        (entry.line() + second.line(),),
        lambda content: book.read(scene.file("fuzzed-release.jsonl", content)),
        (errors.ReleaseLedgerBroken,),
        LIKE_JSON,
    )
