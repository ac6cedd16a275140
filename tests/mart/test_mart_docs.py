"""The page on BI says what is so: its examples run on both engines, its list of columns is the views'."""

from __future__ import annotations

import json
import re
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from floorwalker.cli import app
from floorwalker.mart.views import VIEWS

DOCS = Path(__file__).resolve().parents[2] / "docs"
BLOCKS = re.findall(r"```sql\n(.*?)```", (DOCS / "bi.md").read_text(), re.DOTALL)
EXAMPLES = [block for block in BLOCKS if "SELECT" in block and "GRANT" not in block]


def _placed(statement):
    """The views where this test's mart has them."""
    return re.sub(r"\b(v_\w+)\b", r"{m}.\1", statement.strip().rstrip(";"))


def test_the_list_of_columns_is_printed_by_the_program():
    assert (DOCS / "bi-views.md").read_text() == CliRunner().invoke(app, ["mart", "describe"]).stdout
    told = json.loads(CliRunner().invoke(app, ["mart", "describe", "--json"]).stdout)
    assert [view["view"] for view in told] == [view.name for view in VIEWS]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: text.splitlines()[0][3:30])
def test_examples_give_the_same_on_both_engines(two_days, make_mart, example):
    two_days.shopper(
        "NYC", "VIS_ALONE", datetime(2026, 3, 6, 18, tzinfo=UTC)
    )  # no sale: to be read with care
    answers = []
    for engine in ("clickhouse", "postgres"):
        mart = make_mart(engine)
        two_days.sync(mart.sink())
        mart.query(_placed(example))  # as it stands, whatever the day is on which this runs
        names, rows = mart.query(_placed(example).replace("current_date - 28", "'2026-02-01'"))
        assert rows
        answers.append((names, [[_number(value) for value in row] for row in rows]))
    assert answers[0] == answers[1]


def _number(value):
    return (
        value
        if isinstance(value, (str, bool, type(None))) or not hasattr(value, "__float__")
        else round(float(value), 6)
    )


def test_the_dashboards_queries_run_on_both_engines(two_days, make_mart):
    dashboard = json.loads((DOCS / "bi" / "grafana-store.json").read_text())
    queries = [target["rawSql"] for panel in dashboard["panels"] for target in panel["targets"]]
    queries += [
        variable["query"] for variable in dashboard["templating"]["list"] if variable["type"] == "query"
    ]
    assert len(queries) >= 10
    for engine in ("clickhouse", "postgres"):
        mart = make_mart(engine)
        two_days.sync(mart.sink())
        between = "BETWEEN toDateTime('2026-03-01 00:00:00') AND toDateTime('2026-03-31 00:00:00')"
        if engine == "postgres":
            between = "BETWEEN '2026-03-01T00:00:00Z' AND '2026-03-31T00:00:00Z'"
        for query in queries:
            timed = re.sub(r"\$__timeFilter\((\w+)\)", rf"\1 {between}", query).replace("$store", "IND")
            assert mart.query(_placed(timed))[1], query


def test_a_user_made_as_the_page_says_reads_and_changes_nothing(two_days, make_mart):
    psycopg = pytest.importorskip("psycopg")
    mart = make_mart("postgres")
    two_days.sync(mart.sink())
    role = f"bi_{uuid.uuid4().hex}"
    (grants,) = [block for block in BLOCKS if block.startswith("-- postgresql")]
    address = mart.url.replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as owner:
        owner.execute(re.sub(r"\bbi\b", role, grants))
        try:
            with psycopg.connect(address.replace("floorwalker@", f"{role}@"), autocommit=True) as reader:
                assert reader.execute("SELECT count(*) FROM v_days").fetchone() == (4,)
                for statement in (
                    "DELETE FROM fact_days",
                    "CREATE TABLE mine (x int)",
                    "SELECT * FROM public.x",
                ):
                    with pytest.raises(psycopg.Error):
                        reader.execute(statement)
        finally:
            owner.execute(f"DROP OWNED BY {role}")
            owner.execute(f"DROP ROLE {role}")
