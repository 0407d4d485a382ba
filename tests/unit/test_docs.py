"""The pages say what the code does, and nothing of the machine that they were written on."""

import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from dashboard.cli.main import _parser
from dashboard.live.wire_types import REMEDY, files
from services.audit import ACTIONS
from services.board.lenses import DeskCase
from services.board.zone import RING, ROWS_A_PART, ScreenDelta, SnapshotPart
from services.cases import lifecycle_reference as lifecycle
from services.cases.deadline_steps import Kind
from services.cases.lifecycle import IRREGULARITIES
from services.cases.masking import WallCase
from services.contract import reference as contract
from services.contract.codes import DEAD_REASONS
from services.contract.commands import COMMANDS
from services.contract.others import BODIES
from services.district import reference
from services.district.package import LAYERS
from services.district.package_tables import TABLES
from services.district.policy import RULES
from services.indicators import reference as indicators
from services.indicators.case_frame import reference as case_frame
from services.indicators.reasons import WHY
from services.operations.simulator.order import REFUSALS
from tests.unit.test_house import CONTEXTS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])
TEXTS = ROOT / "dashboard/texts"


def _page(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def _keys(table: dict[str, Any], before: str = "") -> set[str]:
    found: set[str] = set()
    for key, value in table.items():
        found |= _keys(value, f"{before}{key}.") if isinstance(value, dict) else {before + key}
    return found


def _words(name: str) -> dict[str, Any]:
    return tomllib.loads((TEXTS / name).read_text("utf-8"))


def test_the_district_page_is_what_the_loader_reads() -> None:
    assert _page("district.md") == reference.page(), "run python -m services.district.reference > docs/district.md"


def test_the_indicators_page_is_what_the_definitions_say() -> None:
    assert _page("indicators.md") == indicators.page(), "run python -m services.indicators.reference"


def test_the_case_life_page_is_the_table_of_transitions() -> None:
    assert _page("case-life.md") == lifecycle.page(), "run python -m services.cases.lifecycle_reference"


def test_the_analysis_page_names_the_columns_of_the_case_frame() -> None:
    page = _page("analysis.md")
    assert page == case_frame.put_into(page), "run python -m services.indicators.case_frame.reference"


def test_the_audit_page_explains_every_action() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", _page("audit.md").split("<!-- test: actions -->")[1], re.MULTILINE)
    assert dict(rows) == ACTIONS


def test_every_reason_a_case_counts_for_has_its_words_on_the_screens() -> None:
    for name in ("zh-CN.toml", "en.toml"):
        words = _words(name)
        assert set(words["why"]) == set(WHY)
        assert set(words["irregular"]) == set(IRREGULARITIES)
        assert set(words["rule"]) == set(RULES)
        assert {*get_args(Kind)} <= words["deadline"].keys()


def test_every_column_and_layer_of_a_package_is_explained() -> None:
    assert set(reference.TABLE_WORDS) == set(TABLES)
    assert set(reference.LAYER_WORDS) == set(LAYERS)
    for name, columns in TABLES.items():
        assert set(reference.TABLE_WORDS[name][1]) == set(columns)


def test_the_contracts_page_names_every_type_command_and_reason() -> None:
    page = _page("contract.md")
    for name in (*BODIES, *COMMANDS):
        assert f"`{name}`" in page
    assert page == contract.put_into(page), "run python -m services.contract.reference"
    assert re.findall(r"^\| `(\w+)` \| .*$", page[page.index("What happens to a bad entry") :], re.MULTILINE) == list(
        DEAD_REASONS
    )


def test_the_three_publishers_write_the_same_attributes() -> None:
    page = _page("contract.md")
    for name in ("specversion", "id", "source", "type", "subject", "time", "datacontenttype", "data"):
        for language in ("python", "sh", "java"):
            block = page[page.index(f"```{language}") :].split("```")[1]
            assert re.search(rf"\b{name}\b", block), (name, language)


def test_the_protocols_page_has_the_rows_in_their_order_and_every_field_of_a_message() -> None:
    page = _page("protocol.md")
    order = page.split("<!-- test: fields -->")[1].strip().splitlines()[0].split()
    assert order == [field.encode_name for field in msgspec.structs.fields(WallCase)]
    order = page.split("<!-- test: desk fields -->")[1].strip().splitlines()[0].split()
    assert order == _fields(DeskCase)[len(_fields(WallCase)) :]
    for kind in (ScreenDelta, SnapshotPart):
        fields = ", ".join(field.encode_name for field in msgspec.structs.fields(kind))
        assert f"`{{{fields}}}`" in page
    assert f"(the last {RING})" in page
    assert f"{ROWS_A_PART:,} rows a part" in page


@pytest.mark.parametrize(("path", "text"), list(files().items()), ids=lambda given: given.rpartition("/")[2][:20])
def test_what_is_made_from_the_servers_structs_is_what_they_say(path: str, text: str) -> None:
    assert (ROOT / path).read_text("utf-8") == text, f"run {REMEDY}"


def test_a_desks_row_begins_with_the_walls() -> None:
    assert _fields(DeskCase)[: len(_fields(WallCase))] == _fields(WallCase)


def _fields(kind: type[msgspec.Struct]) -> list[str]:
    return [field.encode_name for field in msgspec.structs.fields(kind)]


@pytest.mark.parametrize("section", ["source", "feed", "process", "process_state", "around"])
def test_the_operations_page_explains_every_word_of_the_truth_bar(section: str) -> None:
    page = _page("operations.md")
    for name in ("zh-CN.toml", "en.toml"):
        for word in _words(name)[section].values():
            assert re.split(r" ?\{time\}| since", word)[0].strip() in page


def test_the_operations_page_explains_every_word_for_what_is_not_known() -> None:
    page = _page("operations.md")
    for name in ("zh-CN.toml", "en.toml"):
        word = _words(name)["word"]
        for key in (
            "offline",
            "refused",
            "clock_skew",
            "lost",
            "emptied",
            "unplaced",
            "irregular",
            "estimated",
            "absent",
            "virtual",
        ):
            assert word[key] in page


def test_every_command_that_a_page_names_is_one() -> None:
    actions = next(a for a in _parser()._actions if a.choices)
    assert actions.choices is not None
    for path in PAGES:
        text = path.read_text("utf-8")
        for name in re.findall(r"(?:`|^ {4}|bin/)lianqin ([a-z]+)", text, re.MULTILINE):
            assert name in actions.choices, f"{path.name} names `lianqin {name}`"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_links_to_what_is_there_and_names_no_path_of_its_writers_machine(path: Path) -> None:
    text = path.read_text("utf-8")
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (path.parent / link).exists(), link
    text = text.replace("/usr/local/sbin/lianqin-admin", "")  # where it belongs on a server
    assert not re.search(r"/(work|root|home|tmp)/|/usr/local|\.\./shared|pypi|npmjs|registry\.", text)


def test_both_languages_have_the_same_words() -> None:
    chinese, english = _keys(_words("zh-CN.toml")), _keys(_words("en.toml"))
    assert chinese == english


def test_the_contract_names_every_code_with_which_the_demos_case_system_refuses() -> None:
    told = _page("contract.md").partition("begins with one of these codes")[2].partition("\n\n")[0]
    assert set(re.findall(r"`([a-z_]+)`", told)) == set(REFUSALS)


def test_the_guide_names_files_and_folders_that_are_there_and_at_most_five_in_a_list() -> None:
    guide = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    named = re.findall(r"`((?:services|dashboard|tests|docs|bench)/[\w./-]+|[A-Z]+\.md)`", guide)
    assert len(named) > 30
    assert not [name for name in named if not (ROOT / name).exists()]
    called = re.findall(r"tests/\w+/\w+\.py", guide)
    assert not [name for name in called if not (ROOT / name).exists()]
    for name in re.findall(r"python -m ([a-z_.]+)", guide):
        assert name == "pytest" or (ROOT / f"{name.replace('.', '/')}.py").exists(), name
    assert "\n5. " in guide
    assert "\n6. " not in guide
    for module, names in {
        "services/indicators/definitions.py": ["_ALL"], "services/indicators/case_counts.py": ["MEASURES"],
        "services/projector/store/write.py": ["MODEL"], "dashboard/callbacks/dash_pages.py": ["register_dash_pages"],
        "dashboard/door/guards.py": ["PAGES"], "dashboard/cli/acts.py": ["WRITTEN_HERE", "HARMLESS"],
        "tests/attacks/test_on_the_audit.py": ["CALLS"], "services/contract/commands.py": ["COMMANDS"],
        "services/access/rights.py": ["RIGHTS"], "services/cases/actions.py": ["ORDER"],
        "services/operations/simulator/orders.py": ["_DEEDS"], "tests/integration/test_rights_matrix.py": ["DATA"],
        "services/district/cameras/reading.py": ["Format", "FORMATS", "_rows", "guess_format"],
        "tests/unit/test_house.py": ["SCRIPTS"],
    }.items():  # fmt: skip
        text = (ROOT / module).read_text("utf-8")
        for name in names:
            assert f"`{name}`" in guide, name
            assert re.search(rf"^(?:def )?{name}\b", text, re.MULTILINE), f"{module}: {name}"


def test_every_word_of_the_glossary_stands_where_it_says() -> None:
    rows = [
        line for line in _page("glossary.md").splitlines() if line.startswith("| ") and not line.startswith("| word")
    ]
    assert len(rows) > 60
    assert all(line.count("|") == 6 for line in rows)
    words = [line.split("|")[1].strip() for line in rows]
    assert len(set(words)) == len(words)
    for line in rows:
        for path in re.findall(r"`((?:services|dashboard)/[\w/.]+)`", line):
            assert (ROOT / path).exists(), path
        where = line.split("|")[5]
        path, *names = re.findall(r"`([^`]+)`", where)
        text = (ROOT / path).read_text("utf-8")
        for name in names:
            assert re.search(rf"^ *(?:class|def) {name}\b|^{name}\b", text, re.MULTILINE), f"{path}: {name}"


def test_the_architecture_page_has_the_folders_in_the_order_of_the_rule_and_names_files_that_are_there() -> None:
    page = _page("architecture.md")
    table = page.split("<!-- test: contexts -->")[1].split("\n\n")[0]
    rows = re.findall(r"^\| `((?:services|dashboard)/\w+)` \|(.*)\|(.*)\|$", table, re.MULTILINE)
    order = [name.removeprefix("services/") for name, _, _ in rows]
    assert order == list(CONTEXTS)
    for folder, holds, used in rows:
        for name in re.findall(r"`([\w/]+\.py)`", holds + used):
            assert (ROOT / folder / name).exists() or (ROOT / name).exists(), f"{folder}: {name}"
    for name in re.findall(r"`((?:services|dashboard|tests)/[\w/.-]+)`", page):
        assert (ROOT / name).exists(), name


def test_the_two_pages_of_the_installation_have_the_same_commands() -> None:
    """Those of the English one are run by tests/integration/test_install_page.py."""
    one, other = (
        re.findall(r"^```(?:sh|text)\n(.*?)^```$", _page(name), re.MULTILINE | re.DOTALL)
        for name in ("install.md", "install.zh-CN.md")
    )
    assert len(one) > 12
    assert one == other
