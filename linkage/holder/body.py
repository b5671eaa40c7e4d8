"""The body of a package: Parquet with an exact schema and nothing beside the rows (docs/spec/package-v1.md, section 5).

Pseudonyms are FIXED_LEN_BYTE_ARRAY(16) marked as UUID, attributes INT32 or BOOLEAN; there is no text column, so
no name, number or remark can travel. No statistics, no key-value metadata but the Arrow schema, written in streaming.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import IO, Any, cast

import nanoarrow
import polars as pl
from polars.io.plugins import register_io_source

from linkage.errors import OutputError
from linkage.holder.minimise import wire_dtype
from linkage.study import WireColumn

ROW_GROUP_ROWS = 131_072


def body_schema(pseudonyms: tuple[str, ...], columns: tuple[WireColumn, ...]) -> dict[str, pl.DataType]:
    """The Polars types of a body, in order."""
    return {name: pl.Binary() for name in pseudonyms} | {column.name: wire_dtype(column) for column in columns}


def _arrow_schema(schema: dict[str, pl.DataType]) -> nanoarrow.Schema:
    uuid = nanoarrow.extension_type(nanoarrow.fixed_size_binary(16), "arrow.uuid")
    types = {pl.Binary(): uuid, pl.Int32(): nanoarrow.int32(), pl.Boolean(): nanoarrow.bool_()}
    return nanoarrow.struct({name: types[dtype] for name, dtype in schema.items()})


def write_body(
    file: io.RawIOBase,
    frames: Iterator[pl.DataFrame],
    schema: dict[str, pl.DataType],
    look: Callable[[pl.DataFrame], None] = lambda _: None,
) -> None:
    """Stream the frames, in their order, into one Parquet file; `look` sees each of them. Raises OutputError."""

    def source(with_columns: list[str] | None, *_unused: Any) -> Iterator[pl.DataFrame]:
        # Nothing is filtered or cut on the way to a file, so only the columns can be asked for.
        for frame in frames:
            look(frame)
            yield frame if with_columns is None else frame.select(with_columns)

    try:
        register_io_source(source, schema=schema, validate_schema=True).sink_parquet(
            cast(IO[bytes], file),
            compression="zstd",
            statistics=False,
            row_group_size=ROW_GROUP_ROWS,
            maintain_order=True,
            arrow_schema=_arrow_schema(schema),
            metadata={},
        )
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        raise OutputError("het pakket kan niet worden geschreven; maak ruimte op de schijf en begin opnieuw") from None
