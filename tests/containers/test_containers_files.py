"""What can be told of the image and of compose.yaml without an engine; scripts/check-containers does more."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VIDEO_ONLY = {"av", "opencv-python-headless", "openvino", "pyarrow"}
VIDEO_MODULES = ("av", "cv2", "onnx", "openvino", "pandas", "pyarrow", "chdb")


def _names(requirements):
    return {re.split(r"[\[<>=;~! ]", line)[0].lower() for line in requirements if line and line[0] != "#"}


def test_the_image_installs_what_serving_needs_at_the_locked_versions():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    needed = _names([*project["dependencies"], *extras["postgres"], *extras["clickhouse"]])
    listed = _names((ROOT / "docker" / "serving.txt").read_text().splitlines())
    assert listed == needed - VIDEO_ONLY
    assert listed <= _names((ROOT / "requirements.lock").read_text().splitlines())


def _without_video(*arguments):
    program = f"""
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {VIDEO_MODULES}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Absent())
sys.argv = ["floorwalker", *{arguments!r}]
from floorwalker.cli import main
main()
"""
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)


def test_without_the_video_parts_the_rest_of_the_program_works():
    told = _without_video("--help").stdout
    for command in ("serve", "ingest", "pos", "keys", "mart", "site", "config"):
        (line,) = re.findall(rf"^\s+{command}\s.*$", told, re.MULTILINE)
        assert "Not in this installation" not in line
    assert _without_video("serve", "--help").returncode == 0
    absent = _without_video("demo", "--minutes", "1")
    assert absent.returncode == 2
    assert "not installed here" in absent.stderr
    assert "Traceback" not in absent.stderr


def _entrypoint(*arguments):
    return subprocess.run(
        ["/bin/sh", ROOT / "docker" / "entrypoint", *arguments], capture_output=True, text=True
    )


def test_the_databases_password_is_made_once(tmp_path):
    assert _entrypoint("secrets", str(tmp_path)).returncode == 0
    password = (tmp_path / "db-password").read_text()
    assert re.fullmatch(r"[0-9a-f]{64}", password)
    assert (tmp_path / "pgpass").read_text() == f"*:*:*:*:{password}\n"
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    assert _entrypoint("secrets", str(tmp_path)).returncode == 0
    assert (tmp_path / "db-password").read_text() == password


def _fake_floorwalker(folder):
    """A `floorwalker` that makes a key and then tells how it was called."""
    program = folder / "floorwalker"
    program.write_text(
        '#!/bin/sh\nif [ "$1" = keys ]; then for last; do :; done; echo secret >"$last"; else echo "$@"; fi\n'
    )
    program.chmod(0o755)


def test_the_first_key_goes_to_a_file_and_nowhere_else(tmp_path, monkeypatch):
    _fake_floorwalker(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("FLOORWALKER_HOME", str(tmp_path))
    done = _entrypoint("serve", "--site", "x.toml")
    assert done.stdout == "serve --host 0.0.0.0 --port 8642 --site x.toml\n"
    assert (tmp_path / "admin.key").read_text() == "secret\n"
    assert (tmp_path / "admin.key").stat().st_mode & 0o777 == 0o600
    assert "secret" not in done.stdout + done.stderr
    # A start that ended after the key was made and before its file had its name loses nothing.
    (tmp_path / "admin.key").rename(tmp_path / "admin.key.new")
    _entrypoint("serve")
    assert (tmp_path / "admin.key").read_text() == "secret\n"


def test_the_image_runs_as_nobody_special_and_copies_only_what_is_there():
    text = (ROOT / "Dockerfile").read_text()
    joined = re.sub(r"\\\n\s*", " ", text)
    last_user = re.findall(r"^USER (.*)$", joined, re.MULTILINE)[-1]
    assert last_user == "10001:10001"
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for line in re.findall(r"^COPY (?!--from)(.*)$", joined, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert any(source == name or source.startswith(f"{name}/") for name in allowed), source
    assert os.access(ROOT / "docker" / "entrypoint", os.X_OK)


@pytest.fixture
def compose():
    yaml = pytest.importorskip("yaml")
    return yaml.safe_load((ROOT / "compose.yaml").read_text())


def test_compose_starts_in_order_and_starts_again(compose):
    services = compose["services"]
    assert services["api"]["depends_on"] == {"db": {"condition": "service_healthy"}}
    assert services["db"]["depends_on"] == {"secrets": {"condition": "service_completed_successfully"}}
    for name in ("api", "db"):
        assert services[name]["restart"] == "unless-stopped"
        assert services[name]["healthcheck"]["test"][0] == "CMD"
    used = {volume.split(":")[0] for service in services.values() for volume in service.get("volumes", ())}
    assert used == set(compose["volumes"])
    assert "build" in services["secrets"]  # else the first start would look for the image elsewhere
    assert re.fullmatch(r"postgres:\d+-\w+", services["db"]["image"])


def test_compose_opens_nothing_and_holds_no_password(compose):
    published = [port for service in compose["services"].values() for port in service.get("ports", ())]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)
    assert "ports" not in compose["services"]["db"]
    for name in ("api", "secrets"):
        service = compose["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
    said = (ROOT / "compose.yaml").read_text()
    assert not re.search(r"PASSWORD:|//\w+:[^@\s]+@", said)
