"""The doctor says what is wrong and what to do, and never faints, whatever it finds."""

import dataclasses
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from services.admin.doctor import machine_reader as machine_side
from services.admin.doctor.examine_service import examine
from services.admin.doctor.finding import DoctorFinding
from services.admin.doctor.stream_reader import _server
from services.operations.embedded import free_port
from services.platform.settings import Settings
from tests.tiny import write_tiny_district


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "var", port=free_port())


def _by_subject(findings: list[DoctorFinding], subject: str) -> list[DoctorFinding]:
    return [finding for finding in findings if finding.subject == subject]


def test_a_finding_reads_as_word_subject_what_remedy() -> None:
    assert str(DoctorFinding("ok", "disk", "9 GiB free")) == "ok     disk: 9 GiB free"
    assert str(DoctorFinding("wrong", "Redis", "is down.", "Start it")) == "wrong  Redis: is down. Start it"
    assert DoctorFinding("wrong", "a", "b", "c").is_wrong
    assert not DoctorFinding("note", "a", "b").is_wrong


def test_a_machine_with_nothing_on_it_yet_has_notes_and_nothing_wrong_and_stays_untouched(settings: Settings) -> None:
    findings = examine(settings)
    assert [f for f in findings if f.is_wrong] == []
    assert {f.subject for f in findings if f.word == "note"} == {"district", "Redis", "database", "data key"}
    assert not settings.data_dir.exists()


def test_every_wrong_finding_says_what_to_do(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var/lianqin.db").write_text("this is no database, however long one looks at it")
    broken = dataclasses.replace(
        settings,
        redis_url=f"redis://127.0.0.1:{free_port()}/0",
        district=str(tmp_path / "nowhere"),
        data_key="too short",
        port=70_000,
    )
    findings = examine(broken)
    wrong = [f for f in findings if f.is_wrong]
    assert {f.subject for f in wrong} == {"Redis", "database", "district", "data key", "web port"}
    assert all(f.remedy for f in wrong)


def test_an_address_that_is_none_is_a_finding_and_no_traceback(settings: Settings) -> None:
    findings = examine(dataclasses.replace(settings, redis_url="nonsense", database_url="nonsense://"))
    assert {f.subject for f in findings if f.is_wrong} == {"Redis", "database"}


def test_each_fault_of_a_package_is_a_finding_up_to_twenty(settings: Settings, tmp_path: Path) -> None:
    write_tiny_district(tmp_path)
    (tmp_path / "categories.csv").write_text(
        "scheme,kind,major,minor,name,condition,value,unit,domain\n"
        + "".join(f"s,event,1,{minor},n,c,2,UH,77\n" for minor in range(30))
    )
    faults = _by_subject(examine(dataclasses.replace(settings, district=str(tmp_path))), "district")
    assert len(faults) == 21
    assert "domain '77'. Write 01" in str(faults[0])
    assert "10 more faults" in faults[-1].what


def test_a_port_that_somebody_holds_is_wrong(settings: Settings) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", settings.port))
        holder.listen()
        holder.settimeout(0)
        (finding,) = machine_side.port_findings(settings)
    assert finding.is_wrong
    assert "LIANQIN_PORT" in finding.remedy


def test_a_web_server_open_to_all_is_noted(settings: Settings) -> None:
    words = [f.word for f in machine_side.port_findings(dataclasses.replace(settings, host="0.0.0.0"))]
    assert words == ["ok", "note"]


def test_a_good_key_is_ok(settings: Settings) -> None:
    key = Fernet.generate_key().decode()
    assert [f.word for f in machine_side.key_findings(dataclasses.replace(settings, data_key=key))] == ["ok"]
    both = dataclasses.replace(settings, data_key=f"{Fernet.generate_key().decode()}, {key}")
    assert [f.word for f in machine_side.key_findings(both)] == ["ok", "note"]


GOOD = {"redis_version": "7.2.4", "aof_enabled": 1, "maxmemory_policy": "noeviction", "used_memory": 1, "maxmemory": 0}


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"redis_version": "6.2.1"}, "version 6.2.1. Run Redis or Valkey 7 or newer"),
        ({"aof_enabled": 0}, "CONFIG SET appendonly yes"),
        ({"maxmemory_policy": "allkeys-lru"}, "CONFIG SET maxmemory-policy noeviction"),
        ({"role": "slave"}, "a read-only replica"),
        ({"used_memory": 95, "maxmemory": 100}, "95% of maxmemory is used"),
    ],
)
def test_a_redis_that_may_lose_the_stream_is_wrong(more: dict[str, object], says: str) -> None:
    assert not [f for f in _server(GOOD) if f.is_wrong]
    (finding,) = [f for f in _server(GOOD | more) if f.is_wrong]
    assert says in str(finding)


def test_a_check_that_fails_is_itself_a_finding() -> None:
    from services.admin.doctor.examine_service import _safely

    def breaks() -> Iterator[DoctorFinding]:
        yield DoctorFinding("ok", "x", "half way")
        raise RuntimeError("no such thing\nsecond line")

    assert [str(f) for f in _safely("x", breaks)] == [
        "ok     x: half way",
        "wrong  x: could not be looked at: RuntimeError: no such thing. See what the message names",
    ]
