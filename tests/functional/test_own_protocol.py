"""A study with a protocol of its own: what it leaves out is not missed."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import polars as pl
import simulator

from linkage.holder import encode as holder_room
from protocols import digest, load_protocol

NUMBER = ', { kind = "household-number" }'


def test_a_register_without_household_numbers_is_linked_by_address(tmp_path: Path) -> None:
    cast = simulator.minimal(tmp_path)
    nji = resources.files("protocols") / "nji_2016"
    text = (nji / "protocol.toml").read_text(encoding="utf-8")
    assert NUMBER in text
    own = text.replace(NUMBER, "").replace('name = "nji_2016"', 'name = "own"', 1)
    own = own.replace('by = "register-number-else-address"', 'by = "address"')
    (tmp_path / "tariffs.csv").write_bytes((nji / "tariffs.csv").read_bytes())
    (tmp_path / "own.toml").write_text(own, encoding="utf-8")
    agreed = {
        'protocol = "nji_2016"': 'protocol = "own.toml"',
        digest(load_protocol("nji_2016")): digest(load_protocol("own.toml", tmp_path)),
        'household_number = "household_number"\n': "",
    }
    cast.write_study("", agreed)
    cast.write_study(holder_room.root_block(cast.study(), cast.root), agreed)
    cast.encode_all()
    households = pl.read_parquet(cast.link().households)
    assert sorted(households.select("adults", "minors").iter_rows()) == [(1, 0), (1, 1)]
