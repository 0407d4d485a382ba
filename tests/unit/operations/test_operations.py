"""What a person does from the command line, as far as it needs no server."""

import io
import zipfile
from pathlib import Path

import pytest

from services.contract.parse import Refused
from services.district.load import PackageError
from services.operations import packages
from services.operations.local import URL_FILE, forget_redis, remember_redis, with_local_redis
from services.operations.packages import check_district, load_district
from services.platform.errors import NotConfigured, OperationError
from services.platform.settings import Settings
from services.projector.errands.publishing import check_entry, publish
from tests.tiny import CODE, NOON, case, entry, write_tiny_district


def test_checking_counts_everything_and_names_what_is_absent(tiny_folder: Path) -> None:
    said = check_district(tiny_folder)
    assert said.startswith(f"{CODE} 小试区 Tiny, package ")
    assert "8 grids (8 with an outline, 800 households)" in said
    assert "2 departments" in said
    assert "absent, so not drawn and not counted: people.csv" in said


def test_a_package_with_faults_is_loaded_nowhere(tmp_path: Path) -> None:
    (tmp_path / "district.toml").write_text('code = "1"\n')
    settings = Settings(data_dir=tmp_path / "var")
    with pytest.raises(PackageError, match=r"streets.geojson: is missing"):
        load_district(settings, tmp_path)
    assert not settings.data_dir.exists()


def test_a_package_is_loaded_without_redis_and_kept_in_the_store(tmp_path: Path, tiny_folder: Path) -> None:
    settings = Settings(data_dir=tmp_path / "var")
    said = load_district(settings, tiny_folder)
    assert f"in place at {tmp_path / 'var/district'}" in said
    assert "no Redis is known here" in said
    assert check_district(settings.district_dir) == check_district(tiny_folder)


def test_a_named_district_folder_is_not_copied_over(tmp_path: Path, tiny_folder: Path) -> None:
    settings = Settings(data_dir=tmp_path / "var", district=str(tmp_path / "elsewhere"))
    with pytest.raises(OperationError, match="LIANQIN_DISTRICT is"):
        load_district(settings, tiny_folder)


@pytest.mark.parametrize("can_exchange", [True, False])
def test_a_package_takes_the_place_of_the_old_one_whole(
    tmp_path: Path, can_exchange: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not can_exchange:
        monkeypatch.setattr(packages, "_exchange", lambda one, other: False)  # a system without renameat2
    target = tmp_path / "district"
    for number in range(3):
        source = tmp_path / f"new{number}"
        source.mkdir()
        (source / f"{number}.csv").write_text(str(number))
        packages.put_in_place(source, target)
        assert [p.name for p in target.iterdir()] == [f"{number}.csv"]
    assert {p.name for p in tmp_path.iterdir()} == {"district", "new0", "new1", "new2"}


def test_the_archive_of_a_package_is_the_same_bytes_each_time(tmp_path: Path) -> None:
    write_tiny_district(tmp_path)
    first = packages.archive(tmp_path)
    (tmp_path / "district.toml").touch()
    (tmp_path / ".hidden").touch()
    assert packages.archive(tmp_path) == first
    with zipfile.ZipFile(io.BytesIO(first)) as zipped:
        assert zipped.read("district.toml") == (tmp_path / "district.toml").read_bytes()
        assert zipped.namelist() == sorted(zipped.namelist())


def test_publishing_without_a_redis_says_which_setting_is_missing(tiny_folder: Path) -> None:
    with pytest.raises(NotConfigured, match="LIANQIN_REDIS_URL is not set and no demo runs"):
        publish(Settings(district=str(tiny_folder)), "case.reported", "/x", "", "{}")


def test_an_entry_is_looked_at_as_the_projector_will(tiny_folder: Path) -> None:
    from services.district.load import load

    tiny = load(tiny_folder)
    far = check_entry("1-0", entry(case(lon=100.0)), NOON, tiny)
    assert isinstance(far, Refused)
    assert far.reason == "outside_district"
    assert not isinstance(check_entry("1-0", entry(case()), NOON, tiny), Refused)


def test_a_file_of_a_demo_that_was_killed_is_not_believed(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    assert with_local_redis(settings) is settings
    for address in ("redis://127.0.0.1:1/0", "nonsense", "\xff"):
        (tmp_path / URL_FILE).write_text(address, "latin-1")
        assert with_local_redis(settings) is settings
    remember_redis(tmp_path, "redis://127.0.0.1:1/0")
    forget_redis(tmp_path)
    forget_redis(tmp_path)
    assert list(tmp_path.iterdir()) == []
