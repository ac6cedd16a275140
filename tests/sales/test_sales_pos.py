from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from floorwalker.errors import InputError
from floorwalker.sales.pos import read_pos
from floorwalker.warehouse import Warehouse
from floorwalker.warehouse.records import to_us

KOLKATA = ZoneInfo("Asia/Kolkata")
LINES = (
    "customer_name,store_id,order_id,order_date,order_time,total_amount,return_id,invoice_type,"
    "salesperson_id\n"
)


def written(tmp_path, text):
    path = tmp_path / "pos.csv"
    path.write_text(text, encoding="utf-8")
    return path


def nobody(_store):
    return None


def kolkata(_store):
    return KOLKATA


def test_four_columns(tmp_path):
    path = written(
        tmp_path,
        "store_id, transaction_id, timestamp, basket_value_inr\n"
        "S1,T1,2026-03-03T14:22:10Z,274.36\n"
        "S1,T2,2026-03-03T19:52:10+05:30,0.1\n",
    )
    pos = read_pos(path, nobody)
    assert [(sale.transaction_id, sale.amount_minor) for sale in pos.transactions] == [
        ("T1", 27436),
        ("T2", 10),
    ]
    assert {sale.time_us for sale in pos.transactions} == {
        to_us(datetime(2026, 3, 3, 14, 22, 10, tzinfo=UTC))
    }


def test_lines_of_one_order_are_one_sale_in_local_time(tmp_path):
    path = written(
        tmp_path,
        LINES
        + "Asha,S1,100,10-04-2026,16:55:36,0.10,,sales,971\n"
        + "Asha,S1,100,10-04-2026,16:55:36,0.20,,sales,0\n"
        + "Ravi,S1,101,10-04-2026,17:00:00,5,,sales,\n",
    )
    first, second = read_pos(path, kolkata).transactions
    assert (first.amount_minor, first.salespeople) == (30, ("971",))
    assert first.time_us == to_us(datetime(2026, 4, 10, 11, 25, 36, tzinfo=UTC))
    assert second.salespeople == ()


def test_a_return_is_a_transaction_of_its_own(tmp_path):
    path = written(
        tmp_path,
        LINES + "A,S1,100,10-04-2026,16:00:00,500,,sales,1\nA,S1,100,10-04-2026,18:00:00,200,R7,return,1\n",
    )
    sale, back = read_pos(path, kolkata).transactions
    assert (sale.kind, sale.amount_minor, back.kind, back.amount_minor) == ("sale", 50000, "return", -20000)
    assert back.transaction_id != sale.transaction_id


def test_names_of_customers_are_never_read(tmp_path):
    path = written(tmp_path, LINES + "Asha Rao,S1,100,10-04-2026,16:00:00,500,,sales,1\n")
    assert "Asha" not in repr(read_pos(path, kolkata))


def test_each_bad_line_is_told_with_its_number_and_the_others_are_taken(tmp_path):
    path = written(
        tmp_path,
        "store_id,transaction_id,timestamp,basket_value_inr\n"
        "S1,T1,2026-03-03T14:22:10,1\n"
        "S1,T2,noon,1\n"
        "S1,T3,2026-03-03T14:22:10Z,much\n"
        "S1,T4,2026-03-03T14:22:10Z,NaN\n"
        "S1,T5,2026-03-03T14:22:10Z\n"
        "S1,,2026-03-03T14:22:10Z,1\n"
        ",T7,2026-03-03T14:22:10Z,1\n"
        "\n"
        "S1,T8,2026-03-03T14:22:10Z,1\n",
    )
    pos = read_pos(path, nobody)
    assert [sale.transaction_id for sale in pos.transactions] == ["T8"]
    assert [(problem.line, problem.code) for problem in pos.problems] == [
        (2, "zone"),
        (3, "timestamp"),
        (4, "amount"),
        (5, "amount"),
        (6, "columns"),
        (7, "id"),
        (8, "store"),
    ]
    assert pos.lines == 8


@pytest.mark.parametrize("text", ["", "a,b,c\n1,2,3\n", "\n"])
def test_another_file_is_refused_with_what_was_expected(tmp_path, text):
    with pytest.raises(InputError, match="transaction_id"):
        read_pos(written(tmp_path, text), nobody)


def test_a_picture_is_refused(tmp_path):
    (tmp_path / "x.csv").write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(InputError, match="UTF-8"):
        read_pos(tmp_path / "x.csv", nobody)
    with pytest.raises(InputError, match="no such file"):
        read_pos(tmp_path / "y.csv", nobody)


def test_loading_twice_changes_nothing_and_a_changed_sale_is_a_conflict(tmp_path):
    header = "store_id,transaction_id,timestamp,basket_value_inr\n"
    warehouse = Warehouse("sqlite://")
    first = read_pos(written(tmp_path, header + "S1,T1,2026-03-03T14:22:10Z,1\n"), nobody).transactions
    assert warehouse.load_transactions(first).inserted == 1
    assert warehouse.load_transactions(first).duplicates == 1
    changed = read_pos(written(tmp_path, header + "S1,T1,2026-03-03T14:22:10Z,2\n"), nobody).transactions
    assert warehouse.load_transactions(changed).conflicts == ("T1",)
    day = datetime(2026, 3, 3, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC)
    assert [sale.amount_minor for sale in warehouse.read("S1", *day).transactions] == [100]
    warehouse.close()


def test_a_real_day_of_a_shop(shared):
    path = shared / "store-intelligence-challenge" / "pos_transactions_ST1008_2026-04-10_redacted.csv"
    pos = read_pos(path, kolkata)
    assert (pos.lines, len(pos.transactions), pos.problems) == (101, 24, ())
    assert sum(sale.amount_minor for sale in pos.transactions) == 3433171
    first, last = pos.transactions[0], pos.transactions[-1]
    assert first.time_us == to_us(datetime(2026, 4, 10, 6, 45, 5, tzinfo=UTC))
    assert last.time_us == to_us(datetime(2026, 4, 10, 16, 9, 55, tzinfo=UTC))
    assert {name for sale in pos.transactions for name in sale.salespeople} == {
        "971",
        "1178",
        "1190",
        "523",
        "737",
    }


def test_a_repeated_row_is_counted_and_never_summed(tmp_path):
    path = written(
        tmp_path,
        "store_id,transaction_id,timestamp,basket_value_inr\n"
        "S1,T1,2026-03-03T14:22:10Z,100\n"
        "S1,T1,2026-03-03T14:22:10Z,100.00\n"
        "S1,T1,2026-03-03T14:22:10Z,50\n"
        "S1,T1,2026-03-03T14:30:00Z,100\n"
        "S2,T1,2026-03-03T14:30:00Z,7\n",
    )
    pos = read_pos(path, nobody)
    assert [(sale.store_id, sale.amount_minor) for sale in pos.transactions] == [("S1", 10000), ("S2", 700)]
    assert pos.repeated == 1
    assert [(problem.line, problem.code) for problem in pos.problems] == [(4, "conflict"), (5, "conflict")]


@pytest.mark.parametrize("text", ["{}\n1,2\n", "store_id,transaction_id,timestamp,basket_value_inr\n{}\n"])
def test_an_endless_field_is_refused_wherever_it_stands(tmp_path, text):
    with pytest.raises(InputError, match="not CSV after 0 lines"):
        read_pos(written(tmp_path, text.format("x" * 140_000)), nobody)
