"""What is changed in the package in the browser: kept whole, followed by the processes, taken back byte for byte."""

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from dashboard.cli.main import main
from services.admin.changes import Author, ChangeRefused, PackageChange
from services.admin.package_service import PackageKeeper
from services.admin.toml_edit import set_value
from services.district.doors import load_present
from services.district.load import PackageError, load
from services.district.package import District
from services.district.package_watch_reader import PackageWatch
from services.operations.packages import load_district
from services.platform.clock import DAY_MS, machine_ms
from services.platform.errors import OperationError
from services.platform.settings import Settings
from tests.stores import fresh_engine
from tests.tiny import NOON, write_tiny_district

ZHOU = Author("zhou", "周敏")
POLICY = "# our own\ntarget_on_time = 0.9\n\n[escalation]\nreturns = 2\nreworks = 2\n"


class Time:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "district"
    found.mkdir()
    write_tiny_district(found)
    (found / "policy.toml").write_text(POLICY, "utf-8")
    return found


def keeper_of(engine: Engine, folder: Path, time: Time | None = None) -> PackageKeeper:
    return PackageKeeper(engine, folder, time or Time())


def set_policy(keeper: PackageKeeper, path: str, value: float, seen: int | None = None, from_ms: int = 0) -> int:
    present = keeper.present("policy.toml")["policy.toml"]
    text = set_value((present.newest or b"").decode(), path.split("."), value)
    change = PackageChange(
        "policy", path, {"policy.toml": text.encode()}, "试一试", present.number if seen is None else seen, from_ms
    )
    return keeper.save(ZHOU, change).number


def test_a_changed_target_is_followed_and_its_undo_gives_the_same_bytes(engine: Engine, folder: Path) -> None:
    keeper, before = keeper_of(engine, folder), load(folder)
    watch = PackageWatch(engine, folder, before, Time())
    assert watch.newer() is None
    number = set_policy(keeper, "target_on_time", 0.8)
    found = watch.newer()
    assert found is not None
    assert (found.policy.target_on_time, found.stored_mark) == (0.8, 1)
    assert watch.newer() is None
    assert load_present(engine, folder, NOON).digest == found.digest
    assert (folder / "policy.toml").read_text("utf-8") == POLICY
    undone = keeper.undo(ZHOU, number, "太低了")
    assert (undone.act, undone.undoes, undone.digest) == ("undo", number, before.digest)
    assert keeper.present("policy.toml")["policy.toml"].newest == POLICY.encode()
    after = watch.newer()
    assert after is not None
    assert after.digest == before.digest
    assert [(v.number, v.changes) for v in keeper.history(["policy.toml"])] == [
        (2, [("target_on_time", "80", "90")]),
        (1, [("target_on_time", "90", "80")]),
    ]


def test_a_file_that_was_not_there_is_gone_again_after_the_undo(engine: Engine, folder: Path) -> None:
    keeper = keeper_of(engine, folder)
    change = PackageChange("campaigns", "Z1", {"campaigns.csv": b"code,name\nZ1,\xe5\xa4\x9c\xe6\x9f\xa5\n"}, "夜查", 0)
    number = keeper.save(ZHOU, change).number
    assert keeper.whole().tables["campaigns"][0]["code"] == "Z1"
    keeper.undo(ZHOU, number, "不办了")
    assert keeper.present("campaigns.csv")["campaigns.csv"].newest is None
    assert "campaigns.csv" in keeper.whole().absent


def test_what_the_check_refuses_is_not_kept(engine: Engine, folder: Path) -> None:
    keeper = keeper_of(engine, folder)
    with pytest.raises(PackageError) as caught:
        set_policy(keeper, "target_on_time", 90)
    assert caught.value.faults[0].feature == "target_on_time"
    assert keeper.history() == []


def test_who_has_not_seen_the_newest_version_is_told_of_it(engine: Engine, folder: Path) -> None:
    keeper = keeper_of(engine, folder)
    set_policy(keeper, "target_on_time", 0.8)
    with pytest.raises(ChangeRefused) as caught:
        set_policy(keeper, "escalation.returns", 3, seen=0)
    assert caught.value.code == "stale"
    assert caught.value.by is not None
    assert (caught.value.by.name, caught.value.by.changes[0][0]) == ("周敏", "target_on_time")


def test_one_change_is_taken_back_and_a_later_one_stays(engine: Engine, folder: Path) -> None:
    keeper = keeper_of(engine, folder)
    first = set_policy(keeper, "target_on_time", 0.8)
    second = set_policy(keeper, "escalation.reworks", 5)
    keeper.undo(ZHOU, first, "误改")
    policy = keeper.whole().policy
    assert (policy.target_on_time, policy.escalation.reworks) == (0.9, 5)
    third = set_policy(keeper, "escalation.reworks", 6)
    with pytest.raises(ChangeRefused) as caught:
        keeper.undo(ZHOU, second, "误改")
    assert (caught.value.code, caught.value.by and caught.value.by.number) == ("conflict", third)
    keeper.back_before(ZHOU, first, "全部不要")
    assert keeper.present("policy.toml")["policy.toml"].newest == POLICY.encode()


def test_tomorrows_value_holds_from_tomorrow_on_and_what_builds_on_it_too(engine: Engine, folder: Path) -> None:
    time = Time()
    keeper = keeper_of(engine, folder, time)
    watch = PackageWatch(engine, folder, load(folder), time)
    number = set_policy(keeper, "target_on_time", 0.8, from_ms=NOON + DAY_MS)
    set_policy(keeper, "escalation.returns", 3)
    present = keeper.present("policy.toml")["policy.toml"]
    assert (present.in_force, [v.number for v in present.pending]) == (POLICY.encode(), [number + 1, number])
    assert watch.newer() is None
    time.now += DAY_MS
    found = watch.newer()
    assert found is not None
    assert (found.policy.target_on_time, found.policy.escalation.returns, found.stored_mark) == (0.8, 3, 2)


def test_tomorrows_value_taken_back_today_never_holds(engine: Engine, folder: Path) -> None:
    time = Time()
    keeper = keeper_of(engine, folder, time)
    number = set_policy(keeper, "target_on_time", 0.8, from_ms=NOON + DAY_MS)
    assert keeper.undo(ZHOU, number, "不改了").effective_at == NOON
    time.now += DAY_MS
    assert keeper.whole().digest == load(folder).digest


@pytest.fixture
def loading(tmp_path: Path, sqlite_engine: Engine, folder: Path) -> tuple[Settings, Path, PackageKeeper]:
    """A district in place, and a copy of its package that is the next one."""
    url = sqlite_engine.url.render_as_string(hide_password=False)
    found = Settings(database_url=url, data_dir=tmp_path)
    following = tmp_path / "next"
    shutil.copytree(folder, following)
    return found, following, PackageKeeper(sqlite_engine, folder, machine_ms)


def test_a_new_package_keeps_what_it_has_not_touched(loading: tuple[Settings, Path, PackageKeeper]) -> None:
    where, following, keeper = loading
    set_policy(keeper, "target_on_time", 0.8)
    (following / "departments.csv").write_text("code,name\nD9,新单位\n", "utf-8")
    assert "policy.toml: changed in the browser (version 1), kept over the package's" in load_district(where, following)
    whole = keeper.whole()
    assert (whole.policy.target_on_time, [*whole.units]) == (0.8, ["D9"])


def test_a_new_package_that_has_touched_the_same_file_is_refused_whole(
    loading: tuple[Settings, Path, PackageKeeper],
) -> None:
    where, following, keeper = loading
    set_policy(keeper, "target_on_time", 0.8)
    (following / "policy.toml").write_text("target_on_time = 0.7\n", "utf-8")
    (following / "departments.csv").write_text("code,name\nD9,新单位\n", "utf-8")
    before = keeper.whole().digest
    with pytest.raises(OperationError, match=r"policy.toml was changed in the browser by 周敏 \(version 1\).*--over"):
        load_district(where, following)
    assert keeper.whole().digest == before
    load_district(where, following, over=True)
    whole = keeper.whole()
    assert (whole.policy.target_on_time, [*whole.units], whole.digest) == (0.7, ["D9"], load(following).digest)
    assert [(v.act, v.number) for v in keeper.history()] == [("load", 2), ("change", 1)]


def test_after_an_undo_the_next_packages_file_counts(loading: tuple[Settings, Path, PackageKeeper]) -> None:
    where, following, keeper = loading
    keeper.undo(ZHOU, set_policy(keeper, "target_on_time", 0.8), "误改")
    (following / "policy.toml").write_text("target_on_time = 0.7\n", "utf-8")
    load_district(where, following)
    assert keeper.whole().digest == load(following).digest


def test_what_the_new_package_and_the_kept_change_make_together_is_checked(
    loading: tuple[Settings, Path, PackageKeeper],
) -> None:
    where, following, keeper = loading
    row = b"from,until,shift,name,seat\n2026-11-23T08:00:00+08:00,2026-11-23T20:00:00+08:00,d,w,S2\n"
    keeper.save(ZHOU, PackageChange("roster", "", {"roster.csv": row}, "排班", 0))
    streets = json.loads((following / "streets.geojson").read_text("utf-8"))
    streets["features"][1]["properties"]["code"] = "S3"
    (following / "streets.geojson").write_text(json.dumps(streets), "utf-8")
    for name in ("communities", "grids"):
        (following / f"{name}.geojson").unlink()
    with pytest.raises(PackageError, match="seat 'S2' is unknown"):
        load_district(where, following)
    assert "S2" in load(where.district_dir).streets


def test_the_command_line_lists_shows_and_takes_back(
    loading: tuple[Settings, Path, PackageKeeper],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    redis_url: str,
) -> None:
    where, _, keeper = loading
    for name, value in (("REDIS_URL", redis_url), ("DATABASE_URL", where.database_url), ("DATA_DIR", where.data_dir)):
        monkeypatch.setenv(f"LIANQIN_{name}", str(value))
    set_policy(keeper, "target_on_time", 0.8)
    assert main(["district", "versions"]) == 0
    assert "  周敏  change  policy.toml  试一试\n" in capsys.readouterr().out
    assert main(["district", "show", "1"]) == 0
    assert "target_on_time: '90' → '80'" in capsys.readouterr().out
    assert main(["district", "undo", "1"]) == 1
    assert main(["district", "undo", "1", "--reason", "太低了"]) == 0
    assert keeper.present("policy.toml")["policy.toml"].newest == POLICY.encode()
    assert main(["district", "undo", "1", "--reason", "太低了"]) == 1
    assert "nothing to undo" in capsys.readouterr().err


def test_an_empty_reason_and_no_difference_are_refused(engine: Engine, folder: Path) -> None:
    keeper = keeper_of(engine, folder)
    for reason, content, code in ((" ", b"target_grid = 0.7\n", "reason"), ("试试", POLICY.encode(), "same")):
        with pytest.raises(ChangeRefused, match=code):
            keeper.save(ZHOU, PackageChange("policy", "x", {"policy.toml": content}, reason, 0))
    with pytest.raises(ChangeRefused, match="unknown"):
        keeper.undo(ZHOU, 7, "没有的")


def bytes_of(keeper: PackageKeeper) -> dict[str, bytes | None]:
    return {name: one.newest for name, one in keeper.present("policy.toml", "campaigns.csv", "roster.csv").items()}


CONTENTS = {
    "policy.toml": [b"target_grid = 0.7\n", b"target_grid = 0.7\r\n", b"\xef\xbb\xbftarget_grid = 0.75 # \n", None],
    "campaigns.csv": [b"code,name\nZ1,a\n", b"code,name\r\nZ1,a\r\nZ2,b", b'code,name\n"Z1","a"\n\n', None],
    "roster.csv": [b"from,until,shift,name\n", None],
}
EDITS = st.lists(
    st.tuples(st.sampled_from(sorted(CONTENTS)), st.integers(0, 3), st.booleans(), st.integers(0, 2)), max_size=6
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EDITS)
def test_any_changes_and_their_undo_restore_the_package_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, tiny: District, edits: list[tuple[str, int, bool, int]]
) -> None:
    """Newest first by «undo», whatever came into force when; and once more by «back to before» the first."""
    place = tmp_path_factory.mktemp("any")
    folder = place / "district"
    folder.mkdir()
    write_tiny_district(folder)
    engine, time = fresh_engine(place / "store.db"), Time()
    keeper = keeper_of(engine, folder, time)
    before, made = bytes_of(keeper), []
    for file, which, is_later, hours in edits:
        content = CONTENTS[file][which % len(CONTENTS[file])]
        number = keeper.present(file)[file].number
        change = PackageChange("any", "", {file: content}, "随便改", number, NOON + DAY_MS if is_later else 0)
        try:
            made.append(keeper.save(ZHOU, change))
        except ChangeRefused as error:
            assert error.code == "same"
        time.now += hours * DAY_MS // 4
    for version in reversed(made):
        keeper.undo(ZHOU, version.number, "撤销")
    assert bytes_of(keeper) == before
    first = {version.files[0]: version.number for version in reversed(made)}
    for number in first.values():
        try:
            keeper.back_before(ZHOU, number, "撤到这之前")
        except ChangeRefused as error:
            assert error.code == "same"
    assert bytes_of(keeper) == before
    time.now += 2 * DAY_MS
    assert keeper.whole().digest == tiny.digest
    engine.dispose()
