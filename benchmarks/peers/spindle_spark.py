"""spindle-token on one core of Spark: encrypted tokens for each identifier, from a CSV with comma's to Parquet.

Run as: python spindle_spark.py encode FOLDER -
"""

import json
import os
import sys
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql.functions import coalesce, concat_ws, lit
from spindle_token import tokenize
from spindle_token.core import Token
from spindle_token.opprl import IdentityAttribute, OpprlV2

A_NUMBER, ADDRESS, HOUSEHOLD = IdentityAttribute("a-number"), IdentityAttribute("address"), IdentityAttribute("home")
RULES = {"a_number": A_NUMBER, "bsn": OpprlV2.ssn, "address": ADDRESS, "household": HOUSEHOLD}


def encode(folder: Path) -> int:
    """The register, its address put together as the words stand."""
    os.environ.update(PYSPARK_PYTHON=sys.executable, SPARK_LOCAL_IP="127.0.0.1")
    settings = {"spark.ui.enabled": "false", "spark.driver.host": "127.0.0.1", "spark.sql.shuffle.partitions": "1"}
    builder = SparkSession.builder.master("local[1]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    frame = spark.read.csv(str(folder / "comma.csv"), header=True)
    parts = [coalesce(frame[name], lit("")) for name in ("postcode", "house_number", "house_letter", "house_addition")]
    frame = frame.withColumn("address", concat_ws("|", *parts))
    columns = {A_NUMBER: "a_number", OpprlV2.ssn: "bsn", ADDRESS: "address", HOUSEHOLD: "household_number"}
    tokens = [Token(f"token_{name}", OpprlV2.protocol, [attribute.attr_id]) for name, attribute in RULES.items()]
    made = tokenize(frame, columns, tokens, (folder / "rsa.pem").read_bytes())
    target = str(folder / "out" / "spindle.parquet")
    made.select(*(token.name for token in tokens)).write.mode("overwrite").parquet(target)
    rows = spark.read.parquet(target).count()
    spark.stop()
    return rows


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"rows": encode(Path(sys.argv[2]))}) + "\n")
