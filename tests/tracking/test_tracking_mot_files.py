from __future__ import annotations

import numpy as np
import pytest

from floorwalker.errors import InputError
from floorwalker.tracking.mot_files import MotTable, read_mot, sequence_fps, write_mot


def written(tmp_path, text):
    path = tmp_path / "det.txt"
    path.write_text(text)
    return path


def test_what_is_written_is_read_again(tmp_path):
    table = MotTable.of(
        [3, 1, 1], [2, 7, 1], [[0, 1, 10.25, 21], [5, 5, 9, 9], [-4, 2, 3, 8]], [0.5, 1, 0.25]
    )
    write_mot(tmp_path / "tracks.txt", table)
    again = read_mot(tmp_path / "tracks.txt")
    assert again.frame.tolist() == [1, 1, 3]
    assert again.track_id.tolist() == [1, 7, 2]
    assert again.xyxy.tolist() == [[-4, 2, 3, 8], [5, 5, 9, 9], [0, 1, 10.25, 21]]
    assert again.confidence.tolist() == [0.25, 1.0, 0.5]


def test_the_formats_of_the_field_are_understood(tmp_path):
    text = (
        "2,-1,10,20,30,40,0.9,-1,-1,-1\n\n# a remark\n1 -1 1.5 2 3 4\n"
        "5,4,1,1,2,2,1,7,0.5\n1,-1,9,9,1,1,0.5,\n"
    )
    table = read_mot(written(tmp_path, text))
    assert table.frame.tolist() == [1, 1, 2, 5]
    assert table.xyxy[0].tolist() == [1.5, 2.0, 4.5, 6.0]
    assert table.confidence.tolist() == [1.0, 0.5, 0.9, 1.0]
    assert table.category.tolist() == [-1, -1, -1, 7]


@pytest.mark.parametrize("box", ["nan,2,3,4", "1,2,inf,4", "1,2,-3,4", "1,2,3,0"])
def test_boxes_of_no_use_are_counted_not_kept(tmp_path, box):
    table = read_mot(written(tmp_path, f"1,-1,1,2,3,4,0.9\n1,-1,{box},0.9\n2,-1,{box},0.9\n"))
    assert len(table) == 1
    assert (table.skipped, table.first_skipped) == (2, 2)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("1,-1,1,2,3", "line 2: expected 'frame,id,left,top,width,height"),
        ("1,-1,1,2,3,wide", "line 2: could not convert"),
        ("1.5,-1,1,2,3,4", "line 2: expected a frame number"),
        ("nan,-1,1,2,3,4", "line 2: expected a frame number"),
        ("-2,-1,1,2,3,4", "line 2: expected a frame number"),
        ("1e30,-1,1,2,3,4", "line 2: expected a frame number"),
        ("1,one,1,2,3,4", "line 2: could not convert"),
        ("1,nan,1,2,3,4", "line 2: expected an id"),
        ('{"frame": 1}', "line 2: expected 'frame"),
    ],
)
def test_a_malformed_line_is_named(tmp_path, line, says):
    with pytest.raises(InputError, match=says):
        read_mot(written(tmp_path, f"1,-1,1,2,3,4,0.9\n{line}\n"))


def test_what_is_no_such_file_is_said(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_mot(tmp_path / "det.txt")
    with pytest.raises(InputError, match="got a folder"):
        read_mot(tmp_path)
    (tmp_path / "clip.mp4").write_bytes(b"\x00\xff\xfe\x80")
    with pytest.raises(InputError, match="is no text"):
        read_mot(tmp_path / "clip.mp4")


def test_an_empty_file_is_a_sequence_without_boxes(tmp_path):
    table = read_mot(written(tmp_path, "\n"))
    assert len(table) == 0
    assert table.xyxy.shape == (0, 4)
    write_mot(tmp_path / "tracks.txt", table)
    assert (tmp_path / "tracks.txt").read_text() == ""


def test_the_rate_comes_from_the_sequence_where_it_tells(tmp_path):
    folder = tmp_path / "det"
    folder.mkdir()
    assert sequence_fps(folder / "det.txt") is None
    (tmp_path / "seqinfo.ini").write_text("[Sequence]\nname=A\nframeRate=14\n")
    assert sequence_fps(folder / "det.txt") == 14.0
    (tmp_path / "seqinfo.ini").write_text("frameRate=often\n")
    assert sequence_fps(folder / "det.txt") is None


def test_the_public_detections_are_read(shared):
    table = read_mot(shared / "mot" / "Venice-2" / "det" / "det.txt")
    assert len(table) == 5466
    assert (table.frame.min(), table.frame.max()) == (1, 600)
    assert np.all(table.confidence >= 0.5)
