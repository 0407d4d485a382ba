"""A file is written whole or not at all (services.platform.whole_file)."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from services.platform.whole_file import partial_of, whole_file, write_whole

ROOT = Path(__file__).parents[3]
WRITER = """
import sys
from pathlib import Path
from services.platform.whole_file import whole_file
with whole_file(Path(sys.argv[1])) as file:
    file.write(b"new, and half")
    file.flush()
    print("half", flush=True)
    sys.stdin.read()
"""


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_the_new_content_has_the_name_and_nothing_lies_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old and longer")
    write_whole(path, b"new", is_flushed=True)
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a.json"]


def test_until_the_end_the_old_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    with whole_file(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("error", [ValueError("a bad row"), OSError("a full disk"), KeyboardInterrupt()])
def test_an_exception_in_the_middle_leaves_the_old_file_alone(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    with pytest.raises(type(error)), whole_file(path) as file:
        file.write(b"new, and half")
        raise error
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.json"]


def test_a_killed_process_leaves_the_old_file_and_the_next_writer_is_not_in_its_way(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    child = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdin is not None
    assert child.stdout.readline() == "half\n"
    child.send_signal(signal.SIGKILL)
    child.wait(30)
    child.stdout.close()
    child.stdin.close()
    assert path.read_bytes() == b"old"
    assert partial_of(path).read_bytes() == b"new, and half"
    write_whole(path, b"next")
    assert path.read_bytes() == b"next"
    assert os.listdir(tmp_path) == ["a.json"]


def test_a_private_file_is_nobody_elses_from_its_first_byte(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    partial_of(path).touch(mode=0o644)  # of a killed process
    with whole_file(path, is_private=True):
        assert mode_of(partial_of(path)) == 0o600
    assert mode_of(path) == 0o600


def test_two_writers_of_one_name_do_not_write_into_each_others_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    with whole_file(path, partial=tmp_path / ".1") as one, whole_file(path, partial=tmp_path / ".2") as two:
        one.write(b"one")
        two.write(b"two")
    assert path.read_bytes() == b"one"
    assert os.listdir(tmp_path) == ["a.json"]
