"""A file holds no more than who asked for it may have, when it is made and when it is fetched."""

import csv
import io
import zipfile
from collections.abc import Iterator

import pytest
import redis
from sqlalchemy import Engine, update

from dashboard.papers.make import KINDS
from dashboard.papers.worker import PaperWorker
from services.access.rights import ROLES, Person, may
from services.cases import reader
from services.cases.case import CaseRow
from services.cases.masking import for_file
from services.contract.codes import SENSITIVE_DOMAINS
from services.district.package import District
from services.jobs import store as jobs
from services.jobs.tables import jobs as jobs_table
from services.platform import metadata
from services.platform.database import writing
from services.platform.sealing import Sealer
from services.projector.ingest import Ingest
from tests.accounts import set_account
from tests.doors import DUTY, PLACES, S1, S1C1, S2, WHO, House, Place, Who, house, told
from tests.tiny import NOON, case, entry, middle, numbered

pytestmark = pytest.mark.redis
LEADER = next(who for who in WHO if who.name == "leader")
CATEGORY = {"scheme": "local", "kind": "event", "major": "09", "minor": "0901", "name": "家庭矛盾"}
STREETS = ("", "S1", "S2")


@pytest.fixture
def home(sqlite_engine: Engine, redis_client: redis.Redis, tiny: District) -> Iterator[House]:
    with house(sqlite_engine, redis_client, tiny) as found:
        yield found


def text_of(kind: str, data: bytes) -> str:
    if kind != "xlsx":
        return data.decode("utf-8", "replace")
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        return "".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))


def ask(home: House, who: Who, kind: str, street: str) -> tuple[int, str]:
    body = {"kind": kind, "span": "2026-11", "street": street, "cases": True}
    answer = home.post(who, "/api/v1/papers", body)
    return answer.status_code, answer.json.get("id", "")


def made(home: House, who: Who, job: str) -> bytes:
    assert PaperWorker(home.engine, home.district, home.clock).work()
    answer = home.get(who, f"/api/v1/papers/{job}/file")
    assert answer.status_code == 200, answer.text
    return answer.data


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_for_every_role_holds_only_cases_that_the_table_gives(home: House, kind: str) -> None:
    for who in WHO:
        for street in STREETS:
            code, job = ask(home, who, kind, street)
            is_let = told(who, "export_report", Place(street, None))
            assert (code == 200) == is_let, (who.name, street, code)
            if not is_let or kind == "pdf":  # a paper of figures: no list of cases is in it
                with writing(home.engine) as connection:
                    jobs.drop_of(connection, who.name)
                continue
            text = text_of(kind, made(home, who, job))
            for place in PLACES:
                may_be = told(who, "export_cases", place) and (not street or place.street == street)
                assert not (place.case_id in text and not may_be), (who.name, street, place)
                if kind == "xlsx":
                    assert (place.case_id in text) == may_be, (who.name, street, place)


def test_the_queue_as_a_file_holds_only_cases_that_the_table_gives(home: House) -> None:
    for who in (DUTY, LEADER, S1, S1C1, S2):
        for street in STREETS:
            answer = home.get(who, f"/api/v1/cases.csv?street={street}")
            if answer.status_code != 200:
                assert not told(who, "export_cases", Place(street, None))
                continue
            rows = {row[0] for row in csv.reader(io.StringIO(answer.text))}
            for place in PLACES:
                expected = told(who, "export_cases", place) and (not street or place.street == street)
                assert (place.case_id in rows) == expected, (who.name, street, place)


@pytest.mark.parametrize(
    "change",
    [{"role": "leader"}, {"role": "street_staff", "street": "S1"}, {"is_disabled": True}, {"is_disabled": False}],
    ids=str,
)
def test_what_was_made_goes_when_the_account_changes(home: House, change: dict[str, object]) -> None:
    _, job = ask(home, DUTY, "xlsx", "")
    made(home, DUTY, job)
    set_account(home.engine, NOON, "duty", **change)
    with home.engine.connect() as connection:
        assert jobs.one(connection, job, "duty") is None


@pytest.mark.parametrize(
    ("who", "other"),
    [
        (DUTY, {"role": "street_staff", "street": "S1", "community": ""}),
        (DUTY, {"role": "leader"}),
        (S1, {"community": "C1"}),
        (S1C1, {"community": "C2"}),
        (S1, {"street": "S2"}),
    ],
    ids=str,
)
def test_a_job_that_stayed_is_judged_again_with_todays_person(home: House, who: Who, other: dict[str, str]) -> None:
    """As if the account had been changed past ``accounts``: by SQL, or by an older version."""
    _, job = ask(home, who, "xlsx", who.street)
    made(home, who, job)
    with writing(home.engine) as connection:
        connection.execute(
            update(metadata.metadata.tables["accounts"])
            .where(metadata.metadata.tables["accounts"].c.user_id == who.name)
            .values(**other)
        )
    for path in (f"/api/v1/papers/{job}", f"/api/v1/papers/{job}/file"):
        assert home.get(who, path).status_code == 403, path


def test_a_job_of_an_older_version_which_kept_no_person_is_neither_made_nor_given(home: House) -> None:
    _, job = ask(home, DUTY, "xlsx", "")
    with writing(home.engine) as connection:
        connection.execute(update(jobs_table).values(wanted='{"text":"2026-11","kinds":["xlsx"],"with_cases":true}'))
    assert PaperWorker(home.engine, home.district, home.clock).work()
    with home.engine.connect() as connection:
        found = jobs.one(connection, job, "duty")
    assert found is not None
    assert found.state == "failed"
    assert home.get(DUTY, f"/api/v1/papers/{job}/file").status_code == 403


@pytest.mark.parametrize("domain", sorted(SENSITIVE_DOMAINS))
def test_a_sensitive_case_has_class_community_and_grid_only_for_who_works_on_it(home: House, domain: str) -> None:
    more = {"category": CATEGORY, "domain": domain, "lead_unit": "某单位", **middle(0, 0)}
    batch = numbered([entry(case("SENSITIVE-1", 1, "handling", **more), "case.corrected", NOON)], NOON + 10_000)
    Ingest(home.engine, home.district, Sealer("")).apply(batch, NOON, batch[-1][0])
    home.web.follower.load()
    with home.engine.connect() as connection:
        row = reader.one_case(connection, "SENSITIVE-1")
    assert isinstance(row, CaseRow)
    for role in ROLES:
        for street, community in ((row.street, ""), (row.street, row.community), ("S2", "")):
            asking = Person("x", "x", role, street if role == "street_staff" else "", community)
            found = for_file(row, asking, home.district.units)
            assert (found is not None) == may(asking, "export_cases", row.street, row.community)
            if found is not None:
                is_told = role in {"duty_officer", "street_staff"}
                assert (bool(found.class_name), bool(found.community), bool(found.grid)) == (is_told,) * 3
    nobodys = for_file(row, None, home.district.units)
    assert nobodys is not None
    assert (nobodys.class_name, nobodys.community, nobodys.grid, nobodys.lead_unit) == ("", "", "", "")
    for who, is_told in ((LEADER, False), (DUTY, True)):
        _, job = ask(home, who, "xlsx", "")
        for text in (text_of("xlsx", made(home, who, job)), home.get(who, "/api/v1/cases.csv").text):
            assert "SENSITIVE-1" in text
            assert ("家庭矛盾" in text) == is_told, who.name
