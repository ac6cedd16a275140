"""`floorwalker watch`: mistakes of the call are said in one line, before anything runs."""

SITE = """
[[store]]
id = "S1"
timezone = "UTC"
[[store.camera]]
id = "A"
resolution = [320, 240]
source = "rtsp://u:${WATCH_TEST_PASSWORD}@h/x"
[[store.camera]]
id = "B"
resolution = [320, 240]
source = "gone.mp4"
[[store.camera]]
id = "C"
resolution = [320, 240]
"""


def watch(run, tmp_path, *more):
    site = tmp_path / "site.toml"
    site.write_text(SITE)
    return run("watch", "--site", site, *more)


def test_a_password_that_is_not_set_is_asked_for(run, tmp_path):
    answer = watch(run, tmp_path, "--camera", "A")
    assert answer.code == 2
    assert "WATCH_TEST_PASSWORD" in answer.err


def test_a_file_that_is_not_there_is_said(run, tmp_path):
    answer = watch(run, tmp_path, "--camera", "B")
    assert answer.code == 2
    assert "camera B: no such video" in answer.err


def test_a_camera_without_a_source_is_said(run, tmp_path):
    answer = watch(run, tmp_path, "--camera", "C")
    assert answer.code == 2
    assert 'source = "rtsp://' in answer.err


def test_an_unknown_camera_and_a_wrong_detector_are_said(run, tmp_path, monkeypatch):
    assert "no camera 'X'" in watch(run, tmp_path, "--camera", "X").err
    monkeypatch.setenv("WATCH_TEST_PASSWORD", "geheim")
    answer = watch(run, tmp_path, "--camera", "A", "--detector", "nonsense")
    assert answer.code == 2
    assert "unknown detector" in answer.err
    assert "geheim" not in answer.err + answer.out
