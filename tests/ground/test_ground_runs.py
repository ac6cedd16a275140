"""Recordings and runs name themselves by what they are."""

from dataclasses import replace
from datetime import UTC, datetime

from floorwalker.runs import Recording, Run, hash_configuration, hash_file
from floorwalker.settings import Settings

RECORDING = Recording("S", "C", datetime(2026, 3, 3, tzinfo=UTC), 60.0, "abc")


def test_recording_ids_depend_on_content_and_place():
    others = [
        replace(RECORDING, store_id="T"),
        replace(RECORDING, camera_id="D"),
        replace(RECORDING, content_hash="abd"),
    ]
    ids = {recording.recording_id for recording in [RECORDING, *others]}
    assert len(ids) == 4
    assert RECORDING.recording_id == replace(RECORDING).recording_id


def test_a_corrected_start_is_the_same_recording():
    corrected = replace(RECORDING, start_utc=datetime(2026, 3, 4, tzinfo=UTC))
    assert corrected.recording_id == RECORDING.recording_id


def test_runs_differ_by_configuration_only():
    run = Run("r", "0.1", "motion", hash_configuration({"a": 1, "b": 2}))
    assert run.run_id == replace(run, config_hash=hash_configuration({"b": 2, "a": 1})).run_id
    assert run.run_id != replace(run, config_hash=hash_configuration({"a": 1, "b": 3})).run_id


def test_hash_file_is_sha256(tmp_path):
    (tmp_path / "x").write_bytes(b"abc")
    assert hash_file(tmp_path / "x").startswith("ba7816bf8f01cfea414140de5dae2223")


def test_settings_come_from_the_environment_and_say_so(monkeypatch, tmp_path):
    monkeypatch.delenv("FLOORWALKER_DATABASE_URL", raising=False)
    monkeypatch.setenv("FLOORWALKER_HOME", str(tmp_path))
    settings = Settings(port=9)
    assert settings.resolved_database_url == f"sqlite:///{tmp_path}/floorwalker.db"
    assert [settings.origin(name) for name in ("home", "port", "host")] == [
        "environment",
        "command line",
        "default",
    ]
