"""Addresses of streams: what stands in the environment, and what nobody gets to see."""

from pathlib import Path

import pytest

from floorwalker.errors import InputError
from floorwalker.site import Site
from floorwalker.site.addresses import masked, resolve_source
from floorwalker.site.check import check_site_file

HERE = Path("/shop")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rtsp://admin:pa55@10.0.0.4:554/s1", "rtsp://***@10.0.0.4:554/s1"),
        ("rtsp://admin:p@ss/w?rd@10.0.0.4/s1", "rtsp://***@10.0.0.4/s1"),
        ("http://10.0.0.4/v?user=a&password=b&ch=1", "http://10.0.0.4/v?user=***&password=***&ch=1"),
        ("cannot open 'rtsp://a:b@h/x': timed out", "cannot open 'rtsp://***@h/x': timed out"),
        ("rtsp://10.0.0.4/s1", "rtsp://10.0.0.4/s1"),
    ],
)
def test_no_password_is_shown(text, shown):
    assert masked(text) == shown


def test_variables_stand_for_what_is_in_the_environment():
    source = "rtsp://${CAM_USER}:${CAM_PASS}@10.0.0.4/s1"
    assert resolve_source(source, {"CAM_USER": "u", "CAM_PASS": "p"}, HERE) == "rtsp://u:p@10.0.0.4/s1"
    with pytest.raises(InputError, match="needs CAM_PASS in the environment") as failure:
        resolve_source(source, {"CAM_USER": "secretuser"}, HERE)
    assert "secretuser" not in str(failure.value)


def test_a_file_lies_beside_the_site_file():
    assert resolve_source("door.mp4", {}, HERE) == "/shop/door.mp4"


@pytest.mark.parametrize("source", ["ftp://a:geheim@h/x", "udp://@239.0.0.1:1234", "   "])
def test_what_is_no_source_is_refused_without_showing_it(source, tmp_path):
    path = tmp_path / "site.toml"
    path.write_text(
        '[[store]]\nid = "S1"\ntimezone = "UTC"\n[[store.camera]]\nid = "C"\nresolution = [64, 48]\n'
        f'source = "{source}"\n'
    )
    (problem,) = check_site_file(path)
    assert "source" in problem.place
    assert "geheim" not in problem.message


def test_the_address_is_in_nothing_that_is_written_of_the_store():
    camera = {"id": "C", "resolution": (64, 48), "source": "rtsp://a:geheim@h/x"}
    site = Site.model_validate({"store": [{"id": "S1", "timezone": "UTC", "camera": [camera]}]})
    assert site.stores[0].cameras[0].source == "rtsp://a:geheim@h/x"
    assert "geheim" not in site.model_dump_json(by_alias=True)
    assert "geheim" not in repr(site)
