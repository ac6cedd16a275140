from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from floorwalker.errors import InputError
from floorwalker.resolutions import Attribute, Resolution
from floorwalker.runs import Gap, Recording, Run
from floorwalker.warehouse import Warehouse
from floorwalker.warehouse.sweeping import Kind, sweep_store


def recording_of(noon, camera="C1"):
    return Recording("S1", camera, noon, 600.0, "ab" * 32, (Gap(1.0, 2.0, "black"),))


def run_of(recording, config="1" * 32):
    return Run(recording.recording_id, "0.1", "motion", config)


def visitors(warehouse, noon):
    view = warehouse.read("S1", noon - timedelta(days=1), noon + timedelta(days=1))
    return sorted(event.visitor_id for event in view.events)


def test_a_run_with_another_configuration_supersedes(warehouse, make_event, noon):
    recording = recording_of(noon)
    old, new = run_of(recording), run_of(recording, "2" * 32)
    old_events = [make_event(i, f"old{i}") for i in range(3)]
    warehouse.record_run(recording, old, old_events)
    warehouse.record_run(recording, new, [make_event(1, "new")])
    assert visitors(warehouse, noon) == ["new"]
    # Going back brings the old one back without its events being sent anew in another form.
    again = warehouse.record_run(recording, old, old_events)
    assert (again.inserted, again.duplicates) == (0, 3)
    assert visitors(warehouse, noon) == ["old0", "old1", "old2"]


def test_the_same_run_again_changes_nothing(warehouse, make_event, noon):
    recording = recording_of(noon)
    events = [make_event(i) for i in range(3)]
    said = [Resolution("S1", "VIS_1", Attribute.IS_STAFF, "true", "rule:x", 1.0, noon)]
    warehouse.record_run(recording, run_of(recording), events, said)
    before = warehouse.read("S1", noon - timedelta(days=1), noon + timedelta(days=1))
    assert warehouse.record_run(recording, run_of(recording), events, said).inserted == 0
    assert warehouse.read("S1", noon - timedelta(days=1), noon + timedelta(days=1)) == before
    assert warehouse.recordings("S1", noon, noon + timedelta(seconds=1)) == [recording]


def test_other_cameras_and_events_without_a_run_stay(warehouse, make_event, noon):
    first, second = recording_of(noon), recording_of(noon, "C2")
    warehouse.add_events([make_event(0, "http")])
    warehouse.record_run(second, run_of(second), [make_event(0, "other", camera_id="C2")])
    warehouse.record_run(first, run_of(first), [make_event(0, "a")])
    warehouse.record_run(first, run_of(first, "2" * 32), [])
    assert visitors(warehouse, noon) == ["http", "other"]


def test_no_run_switches_off_an_event_that_came_without_one(warehouse, make_event, noon):
    recording, event = recording_of(noon), make_event(0, "mine")
    warehouse.add_events([event])
    warehouse.record_run(recording, run_of(recording), [event, make_event(1, "its own")])
    warehouse.record_run(recording, run_of(recording, "2" * 32), [])
    assert visitors(warehouse, noon) == ["mine"]


def test_an_event_that_comes_after_its_run_counts_by_itself(warehouse, make_event, noon):
    recording, event = recording_of(noon), make_event(0, "mine")
    warehouse.record_run(recording, run_of(recording), [event, make_event(1, "its own")])
    report = warehouse.add_events([event])
    assert (report.inserted, report.duplicates) == (0, 1)
    warehouse.record_run(recording, run_of(recording, "2" * 32), [])
    assert visitors(warehouse, noon) == ["mine"]


def test_an_event_of_a_superseded_run_counts_once_it_comes_without_one(warehouse, make_event, noon):
    recording, event = recording_of(noon), make_event(0, "mine")
    warehouse.record_run(recording, run_of(recording), [event, make_event(1, "its own")])
    warehouse.record_run(recording, run_of(recording, "2" * 32), [])
    version = warehouse.versions()["S1"]
    assert (
        warehouse.add_events([make_event(0, "another", event_id=event.event_id)]).errors[0].code == "conflict"
    )
    assert (visitors(warehouse, noon), warehouse.versions()["S1"]) == ([], version)
    assert warehouse.add_events([event]).duplicates == 1
    assert visitors(warehouse, noon) == ["mine"]
    assert warehouse.versions()["S1"] > version
    version = warehouse.versions()["S1"]
    assert warehouse.add_events([event]).duplicates == 1
    assert warehouse.versions()["S1"] == version


def test_the_same_run_again_after_half_of_it_was_swept_changes_nothing(database_url, make_event, noon):
    warehouse = Warehouse(database_url, clock=lambda: noon + timedelta(days=5))
    recording = Recording("S1", "C1", noon + timedelta(hours=11), 7200.0, "ab" * 32)
    events = [make_event(11.5 * 3600, "before"), make_event(12.5 * 3600, "after midnight")]
    warehouse.record_run(recording, run_of(recording), events)
    list(sweep_store(warehouse.database, warehouse.store("S1"), {Kind.EVENTS: 4}, warehouse.now()))
    report = warehouse.record_run(recording, run_of(recording), events)
    assert (report.inserted, report.duplicates) == (0, 1)
    assert [fault.code for fault in report.errors] == ["expired"]
    assert visitors(warehouse, noon) == ["after midnight"]
    warehouse.close()


def test_a_run_is_recorded_whole_or_not_at_all(warehouse, make_event, noon):
    recording = recording_of(noon)
    event = make_event(0, "first")
    warehouse.record_run(recording, run_of(recording), [event])
    changed = msgspec.structs.replace(event, visitor_id="changed")
    with pytest.raises(InputError, match="other content"):
        warehouse.record_run(recording, run_of(recording, "2" * 32), [make_event(5, "fine"), changed])
    assert visitors(warehouse, noon) == ["first"]


def test_a_run_of_another_recording_is_refused(warehouse, noon):
    with pytest.raises(InputError, match="not of recording"):
        warehouse.record_run(recording_of(noon), run_of(recording_of(noon, "C2")), [])


def test_a_run_with_events_of_another_store_is_refused(warehouse, make_event, noon):
    recording = recording_of(noon)
    with pytest.raises(InputError, match="S2"):
        warehouse.record_run(recording, run_of(recording), [make_event(store_id="S2")])


def test_a_corrected_start_corrects_the_recording(warehouse, make_event, noon):
    first = recording_of(noon)
    later = noon + timedelta(hours=1)
    corrected = Recording("S1", "C1", later, 500.0, "ab" * 32, (Gap(3.0, 4.0, "truncated"),))
    warehouse.record_run(first, run_of(first), [make_event()])
    warehouse.record_run(corrected, run_of(corrected, "2" * 32), [make_event(3600)])
    assert warehouse.recordings("S1", noon, noon + timedelta(days=1)) == [corrected]
