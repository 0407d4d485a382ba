"""Papers are made by a worker: asked for, made once, fetched by who asked; stopped half-way there is no half."""

import io
from collections.abc import Iterator

import pypdf
import pytest
import redis
from sqlalchemy import Engine

from dashboard.papers import make
from dashboard.papers.made import put
from dashboard.papers.worker import PaperWorker
from services.district.package import District
from services.jobs import job
from services.jobs import store as jobs
from services.jobs.job import Job
from services.jobs.store import GONE_MS
from services.platform.clock import machine_ms
from services.platform.database import writing
from tests.doors import DUTY, S1, WHO, House, Who, house

pytestmark = pytest.mark.redis
LEADER = next(who for who in WHO if who.name == "leader")


@pytest.fixture
def home(engine: Engine, redis_client: redis.Redis, tiny: District) -> Iterator[House]:
    with house(engine, redis_client, tiny) as found:
        yield found


def worker(home: House) -> PaperWorker:
    return PaperWorker(home.engine, home.district, home.clock)


def ask(home: House, who: Who = LEADER, **more: object) -> str:
    answer = home.post(who, "/api/v1/papers", {"kind": "pdf", "span": "2026-11", **more})
    assert answer.status_code == 200, answer.text
    return str(answer.json["id"])


def state(home: House, job: str, who: Who = LEADER) -> str:
    return str(home.get(who, f"/api/v1/papers/{job}").json["state"])


@pytest.mark.parametrize("kind", ["pdf", "xlsx", "csv"])
def test_a_paper_is_asked_for_made_and_fetched_by_who_asked(home: House, kind: str) -> None:
    job = ask(home, kind=kind, cases=True)
    assert state(home, job) == "waiting"
    assert home.get(LEADER, f"/api/v1/papers/{job}/file").status_code == 404
    assert worker(home).work()
    assert not worker(home).work()
    assert state(home, job) == "done"
    answer = home.get(LEADER, f"/api/v1/papers/{job}/file")
    assert answer.data.startswith({"pdf": b"%PDF", "xlsx": b"PK", "csv": b"\xef\xbb\xbf"}[kind])
    assert f"2026-11.{kind}" in answer.headers["Content-Disposition"]
    for path in (f"/api/v1/papers/{job}", f"/api/v1/papers/{job}/file"):
        assert home.get(DUTY, path).status_code == 404


def test_a_streets_paper_is_of_the_street(home: House) -> None:
    assert home.post(S1, "/api/v1/papers", {"kind": "pdf", "span": "2026-11", "street": "S2"}).status_code == 403
    job = ask(home, S1, street="S1")
    worker(home).work()
    pdf = pypdf.PdfReader(io.BytesIO(home.get(S1, f"/api/v1/papers/{job}/file").data))
    assert home.district.streets["S1"].name in pdf.pages[0].extract_text()


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"kind": "exe"}, 400),
        ({"span": "2027-01"}, 400),
        ({"span": "x"}, 400),
        ({"street": "S9"}, 404),
        ({"unit": "x"}, 404),
    ],
)
def test_what_cannot_be_made_is_not_begun(home: House, more: dict[str, str], code: int) -> None:
    answer = home.post(LEADER, "/api/v1/papers", {"kind": "pdf", "span": "2026-11", **more})
    assert answer.status_code == code
    assert not worker(home).work()


def test_too_many_cases_are_said_in_words(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make, "MOST_CASES", 1)
    job = ask(home, kind="xlsx", cases=True, span="2026-11")
    worker(home).work()
    found = home.get(LEADER, f"/api/v1/papers/{job}").json
    assert found["state"] == "failed"
    assert "choose a shorter span" in found["said"]


def test_so_many_at_once_and_no_more(home: House) -> None:
    for _ in range(job.MOST_WAITING):
        ask(home)
    assert home.post(LEADER, "/api/v1/papers", {"kind": "pdf", "span": "2026-11"}).status_code == 429
    ask(home, DUTY)


def test_a_job_is_one_workers_and_one_that_is_gone_loses_it(home: House) -> None:
    job, now = ask(home), machine_ms()

    def take(at: int) -> Job | None:
        with writing(home.engine) as connection:
            return jobs.take(connection, at)

    first = take(now)
    assert first is not None and first.id == job
    assert take(now) is None
    assert take(now + GONE_MS) is None
    second = take(now + GONE_MS + 1)
    assert second is not None and second.tries == 2
    with writing(home.engine) as connection:
        jobs.done(connection, first, "late.pdf", b"late")  # it comes back after all: too late
        assert not jobs.at_it(connection, first, now, "")
        assert jobs.at_it(connection, second, now + GONE_MS + 2, "")
    assert state(home, job) == "running"
    assert take(now + 3 * GONE_MS) is None  # twice is enough
    assert state(home, job) == "failed"


def test_one_that_breaks_fails_and_the_next_is_made(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, well = ask(home), ask(home, kind="xlsx")

    def breaks(_html: str) -> bytes:
        raise RuntimeError("no font")

    monkeypatch.setattr(make, "as_pdf", breaks)
    both = worker(home)
    assert both.work() and both.work()
    assert (state(home, broken), state(home, well)) == ("failed", "done")


def test_a_file_is_put_down_whole_or_not_at_all(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path))
    put(folder / "a.pdf", b"one")
    monkeypatch.setattr("os.fsync", lambda _handle: (_ for _ in ()).throw(OSError("the disk is full")))
    with pytest.raises(OSError, match="full"):
        put(folder / "a.pdf", b"two")
    assert [path.name for path in folder.iterdir()] == ["a.pdf"]
    assert (folder / "a.pdf").read_bytes() == b"one"
