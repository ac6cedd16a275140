from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from floorwalker.errors import InputError
from floorwalker.sales.pos import Till, read_pos
from floorwalker.site.till_format import TillFormat
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


def nobody(name):
    """Takes every store; of none is the time zone known."""
    return Till(name, None)


def kolkata(name):
    return Till(name, KOLKATA)


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
        "S/1,T9,2026-03-03T14:22:10Z,1\n"
        "..,T10,2026-03-03T14:22:10Z,1\n"
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
        (9, "store"),
        (10, "store"),
    ]
    assert pos.lines == 10


def test_a_sale_of_the_future_is_refused(tmp_path):
    path = written(
        tmp_path,
        "store_id,transaction_id,timestamp,basket_value_inr\n"
        "S1,T1,2026-03-03T14:25:00Z,1\n"
        "S1,T2,2026-03-03T14:25:01Z,1\n"
        "S1,T3,2036-03-03T14:22:10Z,1\n",
    )
    pos = read_pos(path, nobody, now_utc=datetime(2026, 3, 3, 14, 20, tzinfo=UTC))
    assert [sale.transaction_id for sale in pos.transactions] == ["T1"]
    assert [(problem.line, problem.code) for problem in pos.problems] == [(3, "future"), (4, "future")]


def test_sums_finer_than_hundredths_are_rounded_once_and_counted(tmp_path):
    rows = [("1", "0.105"), ("1", "0.105"), ("2", "0.125"), ("3", "0.375"), ("4", "0.120")]
    text = LINES + "".join(f"A,S1,{order},10-04-2026,16:55:36,{amount},,sales,0\n" for order, amount in rows)
    pos = read_pos(written(tmp_path, text), kolkata)
    assert {sale.transaction_id: sale.amount_minor for sale in pos.transactions} == {
        "1": 21,
        "2": 12,
        "3": 38,
        "4": 12,
    }
    assert pos.rounded == 2


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


GERMAN = TillFormat.model_validate(
    {
        "columns": {
            "transaction": "Bonnummer",
            "amount": "Betrag",
            "date": "Datum",
            "time": "Uhrzeit",
            "kind": "Art",
            "salesperson": "Verkäufer-Nr",
        },
        "line_items": True,
        "delimiter": ";",
        "encoding": "cp1252",
        "decimal": ",",
        "thousands": ".",
        "date_formats": ["%d.%m.%y"],
        "time_formats": ["%H:%M"],
        "return_words": ["Retoure"],
        "no_salesperson": ["-"],
    }
)


def german(tmp_path, *rows):
    path = tmp_path / "pos.csv"
    header = "Kunde;Telefon;Bonnummer;Datum;Uhrzeit;Betrag;Art;Verkäufer-Nr"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="cp1252")
    return path


def berlin(name):
    return Till(name, ZoneInfo("Europe/Berlin"), "EUR") if name == "B1" else None


def test_a_till_that_the_site_file_describes(tmp_path):
    path = german(
        tmp_path,
        "Müller;0170;7;03.03.26;15:22;1.234,50;Verkauf;12",
        "Müller;0170;7;03.03.26;15:21;0,50;Verkauf;-",
        "Müller;0170;7;03.03.26;16:00;4,50;RETOURE;12",
        "Ötken;0171;8;03.03.26;16:05;12.50;Verkauf;12",
    )
    pos = read_pos(path, berlin, forms=[GERMAN], store_of=lambda _: "B1")
    sold, back = pos.transactions
    assert (sold.amount_minor, sold.currency, sold.salespeople) == (123500, "EUR", ("12",))
    assert sold.time_us == to_us(datetime(2026, 3, 3, 14, 21, tzinfo=UTC))
    assert (back.kind, back.amount_minor, back.transaction_id) == ("return", -450, "7/return/-")
    # 12.50 is no German amount: read as one it would be 1250 euros.
    assert [(problem.line, problem.code) for problem in pos.problems] == [(5, "amount")]


def test_rows_of_stores_that_are_not_wanted_are_refused_one_by_one(tmp_path):
    path = written(
        tmp_path,
        "store_id,transaction_id,timestamp,basket_value_inr\n"
        "B1,T1,2026-03-03T14:22:10Z,1\n"
        "ST1009,T2,2026-03-03T14:22:10Z,1\n"
        "Asha Rao,T3,2026-03-03T14:22:10Z,1\n"
        "9876543210,T4,2026-03-03T14:22:10Z,1\n",
    )
    pos = read_pos(path, berlin)
    assert [sale.transaction_id for sale in pos.transactions] == ["T1"]
    assert [(problem.line, problem.code) for problem in pos.problems] == [(n, "store") for n in (3, 4, 5)]
    assert "'ST1009'" in pos.problems[0].message
    assert not any("Asha" in p.message or "98765" in p.message for p in pos.problems)


def test_an_order_that_gives_back_more_than_it_takes_is_a_return(tmp_path):
    path = written(
        tmp_path,
        LINES + "A,S1,1,10-04-2026,16:00:00,500,,sales,1\nA,S1,1,10-04-2026,16:00:00,-700,,sales,1\n",
    )
    (order,) = read_pos(path, kolkata).transactions
    assert (order.kind, order.amount_minor) == ("return", -20000)


def test_a_row_out_of_step_betrays_nobody(tmp_path):
    secrets = ("Asha Rao", "9876543210", "asha@example.org")
    name, number, mail = secrets
    rows = [
        f"{name},S1,100,{number},16:00:00,500,,sales,1",
        f"{name},S1,100,10-04-2026,{name},500,,sales,1",
        f"{name},S1,100,10-04-2026,16:00:00,{mail},,sales,1",
        f"{name},{number},100,10-04-2026,16:00:00,{name},,sales,1",
        f"{name},S1,100,10-04-2026,16:00:00,{number * 3},,sales,1",
        f"{name},S1,10\t0{name},10-04-2026,16:00:00,1,,sales,1",
        f"{name},S1,{number},{mail}",
    ]
    pos = read_pos(written(tmp_path, LINES + "\n".join(rows) + "\n"), kolkata)
    assert len(pos.problems) == len(rows)
    assert pos.transactions == ()
    headless = written(tmp_path, f"{name},{number},{mail}\n")
    with pytest.raises(InputError) as caught:
        read_pos(headless, kolkata)
    text = repr(pos) + str(caught.value)
    assert not any(secret in text for secret in (*secrets, "Asha", "Rao", number[:6]))
    assert "9999999999" in repr(pos)  # the shape of what stood where the date should be


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"transaction": "customer_id", "amount": "a", "timestamp": "t"}, "personal data"),
        ({"transaction": "t", "amount": "a", "timestamp": "t", "salesperson": "employee_name"}, "personal"),
        ({"transaction": "Telefon", "amount": "a", "timestamp": "t"}, "personal data"),
        ({"transaction": "t", "amount": "a"}, "timestamp"),
        ({"transaction": "t", "amount": "a", "timestamp": "t", "date": "d", "time": "c"}, "timestamp"),
    ],
)
def test_a_mapping_may_not_name_customers_and_must_tell_the_time_once(columns, reason):
    with pytest.raises(ValueError, match=reason):
        TillFormat.model_validate({"columns": columns})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"encoding": "klingon"}, "encoding"),
        ({"delimiter": "a"}, "between cells"),
        ({"decimal": ",", "thousands": ","}, "same sign"),
        ({"date_formats": ["%H:%M"]}, "tells no %d"),
        ({"date_formats": ["%d-%m-%Q"]}, "no form of a time"),
        ({"timestamp_format": "%d.%m.%Y"}, "tells no %H"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_mistakes_of_a_form_are_explained(change, reason):
    plain = {"columns": {"transaction": "n", "amount": "a", "timestamp": "t"}}
    with pytest.raises(ValueError, match=reason):
        TillFormat.model_validate(plain | change)


def test_a_mark_of_byte_order_and_quoted_line_ends_are_read(tmp_path):
    path = tmp_path / "pos.csv"
    path.write_bytes(
        b"\xef\xbb\xbfstore_id,transaction_id,timestamp,basket_value_inr,note\r\n"
        b'S1,T1,2026-03-03T14:22:10Z,1.5,"two\r\nlines"\r\n'
    )
    assert [sale.amount_minor for sale in read_pos(path, nobody).transactions] == [150]


def test_sales_that_come_late_change_their_days_and_no_others(tmp_path):
    from sqlalchemy import select

    from floorwalker.warehouse.schema import day_versions

    header = "store_id,transaction_id,timestamp,basket_value_inr\n"
    first = header + "S1,T1,2026-03-03T14:22:10Z,1\nS1,T2,2026-03-04T14:22:10Z,1\n"
    warehouse = Warehouse("sqlite://")

    def versions():
        with warehouse.database.read() as connection:
            return {row.day: row.version for row in connection.execute(select(day_versions))}

    warehouse.load_transactions(read_pos(written(tmp_path, first), nobody).transactions)
    before = versions()
    late = first + "S1,T0,2026-03-03T09:00:00Z,7\n"
    warehouse.load_transactions(read_pos(written(tmp_path, late), nobody).transactions)
    after = versions()
    third = to_us(datetime(2026, 3, 3, tzinfo=UTC)) // 86_400_000_000
    assert after[third] > before[third]
    assert after[third + 1] == before[third + 1]
    warehouse.close()
