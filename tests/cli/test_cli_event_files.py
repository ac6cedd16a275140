"""Reading files of events piece by piece: the same items whatever the form and the size of the pieces."""

from __future__ import annotations

import gzip
import io
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from floorwalker.cli import event_files
from floorwalker.cli.event_files import EventFile

ITEMS = [{"a": 1}, {"b": ["]", '}"{', {"c": "\\"}]}, {"d": "é\u2028\n"}, "text", 5, None, [], {}]


def read(path):
    with EventFile(path) as content:
        return list(content.items())


def contents(items):
    return [json.loads(item.content) if item.problem is None else item.problem for item in items]


def forms(values):
    """The same values in each form in which they may come."""
    lines = [json.dumps(value) for value in values]
    return {
        "lines": "\n".join(lines) + "\n",
        "no end": "\n".join(lines),
        "windows": "\r\n".join(lines) + "\r\n\r\n",
        "mark": "\ufeff" + "\n\n".join(lines),
        "document": json.dumps({"events": values}),
        "pretty": json.dumps({"count": 3, "events": values}, indent=2),
        "more after": json.dumps({"events": values, "next": {"events": [1]}}),
        "array": json.dumps(values, indent=1),
    }


@pytest.fixture(params=[1, 7, 64, 262_144])
def piece(request, monkeypatch):
    monkeypatch.setattr(event_files, "_CHUNK", request.param)
    return request.param


@pytest.mark.parametrize("form", sorted(forms([{}])))
@pytest.mark.parametrize("packed", [False, True])
def test_each_form_gives_the_same_items(tmp_path, piece, form, packed):
    # A document is known by its beginning, which has to be in the first piece.
    if piece < 64 and form in ("document", "pretty", "more after"):
        pytest.skip("the first piece does not show that it is a document")
    text = forms(ITEMS)[form].encode()
    path = tmp_path / "events"
    path.write_bytes(gzip.compress(text) if packed else text)
    items = read(path)
    assert contents(items) == ITEMS
    assert [item.end for item in items] == sorted({item.end for item in items})
    assert all(b"\n" not in item.content for item in items)


def test_a_key_called_events_within_an_event_makes_no_document(tmp_path):
    path = tmp_path / "events"
    lines = [{"metadata": {"events": [1, 2]}}, {"events": 5}]
    path.write_text("\n".join(map(json.dumps, lines)))
    assert contents(read(path)) == lines


def test_standard_input(monkeypatch):
    class Input:
        buffer = io.BytesIO(b'{"a": 1}\n{"a": 2}')

    monkeypatch.setattr("sys.stdin", Input)
    from pathlib import Path

    assert contents(read(Path("-"))) == [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize(
    ("data", "taken", "reason"),
    [
        (b'{"events": [{"a": 1}, {"b": ', 1, "ends within it"),
        (b'{"events": [{"a": 1}', 1, "ends before its list"),
        (b'{"events": [{"a": 1}]} {"events": [{"b": 2}]}', 1, "what follows the list"),
        (b"[{}] and so on", 1, "what follows the list"),
        (gzip.compress(b'{"a": 1}\n' * 5000)[:-8], 5000, "damaged from here on"),
        (gzip.compress(b'{"a": 1}\n') + b"rubbish", 1, "damaged from here on"),
        (b"\x1f\x8b\x08nothing", 0, "damaged from here on"),
        (b'{"events": [' + b'{"a": "' + b"x" * 1_100_000 + b'"}]}', 0, "too long"),
        (b'{"a": "' + b"x" * 1_100_000 + b'"}\n{"a": 1}\n', 1, "longer than"),
        (b'{"a": "' + b"x" * 1_100_000 + b'"}', 0, "longer than"),
        (b'[{"a": 1} } {"a": 2}]', 2, None),
    ],
)
def test_what_is_broken_is_said_and_what_came_before_is_taken(tmp_path, data, taken, reason):
    path = tmp_path / "events"
    path.write_bytes(data)
    items = read(path)
    problems = [item.problem for item in items if item.problem is not None]
    if reason is None:
        assert problems == []
    else:
        assert len(problems) == 1
        assert reason in problems[0]
    good = [item for item in items if item.problem is None and item.content != b"}"]
    assert len(good) == taken


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(sorted(forms([{}]))),
    st.lists(st.sampled_from(ITEMS[:5]), min_size=1, max_size=8),
    st.integers(0, 7),
    st.booleans(),
)
def test_reading_goes_on_behind_any_item(tmp_path, form, values, after, packed):
    text = forms(values)[form].encode()
    path = tmp_path / "events"
    path.write_bytes(gzip.compress(text) if packed else text)
    whole = read(path)
    with EventFile(path) as content:
        for _ in zip(range(min(after, len(whole))), content.items(), strict=False):
            pass
        place = content.place
    with EventFile(path) as content:
        assert content.skip_to(place)
        assert list(content.items()) == whole[min(after, len(whole)) :]
    changed = text.replace(text[:1], b" ", 1)
    path.write_bytes(gzip.compress(changed) if packed else changed)
    with EventFile(path) as content:
        assert place.offset == 0 or not content.skip_to(place)


@given(st.binary(max_size=300))
def test_no_bytes_lead_to_an_error(data):
    import tempfile
    from pathlib import Path

    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        for item in read(Path(file.name)):
            assert item.problem or item.content


def test_memory_stays_flat_on_a_long_document(tmp_path):
    import tracemalloc

    path = tmp_path / "events"
    with path.open("w") as file:
        file.write('{"events": [' + ",\n".join(['{"a": "' + "x" * 200 + '"}'] * 60_000) + "]}")
    tracemalloc.start()
    with EventFile(path) as content:
        count = sum(1 for _ in content.items())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 60_000
    assert peak < 6_000_000  # of a file of 13 million bytes
