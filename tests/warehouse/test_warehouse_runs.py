from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from floorwalker.errors import InputError
from floorwalker.resolutions import Attribute, Resolution
from floorwalker.runs import Gap, Recording, Run


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


def test_a_run_adopts_its_events_that_came_without_it(warehouse, make_event, noon):
    recording, event = recording_of(noon), make_event(0, "mine")
    warehouse.add_events([event])
    warehouse.record_run(recording, run_of(recording), [event])
    warehouse.record_run(recording, run_of(recording, "2" * 32), [])
    assert visitors(warehouse, noon) == []


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
