"""What is personal in a case is set apart before the case is kept: in its body it stands masked, the rest is sealed.

The issue: «names, phones and ID numbers … kept encrypted». The contract asks it of ``reporter`` only; people write the
same things into descriptions, and a handler has a name as well.
"""

import re
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from services.events.case import Case, Escalation, Part, Step, Whistle
from services.events.personal import mask_name, mask_text

P = TypeVar("P", bound=Part)
LONGEST_NAME, LONGEST_REMEMBERED = 64, 500
TEXTS = ("title", "description", "address")
# What a field of names holds besides: an account or a unit (zhang-3, U12), a post (派遣员, 值班长).
_NO_NAME = re.compile(
    r"(?a:[\w./:@-]*[\d_./:@-][\w./:@-]*)|"
    r".{0,6}(?:值班|派遣|受理|核查|回访|坐席|网格|管理|监督|巡查|巡逻|处置|操作|调度|审核|立案|结案|协管|执法|保洁|养护|维修|指挥)(?:员|长|岗|席|人员|队员?)"
    r"|.{0,12}(?:系统|平台|中心|部门|科室?|队|组|办公室|局|所|站|公司|热线)|system|robot",
    re.IGNORECASE,
)


class Personal(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is sealed beside a case: the reporter's name and phone, and by field the texts that stand masked in it.

    Rows of older versions hold the first two alone.
    """

    name: str | None = None
    phone: str | None = None
    texts: dict[str, str] = {}


decode_personal = msgspec.json.Decoder(Personal).decode
encode_personal = msgspec.json.Encoder().encode


def set_apart(case: Case) -> tuple[Case, Personal | None]:
    """The case as it may be kept, and what was taken out of it: None when nothing was. Again it changes nothing."""
    texts: dict[str, str] = {}
    changes: dict[str, Any] = {}
    for field in TEXTS:
        if (text := getattr(case, field)) and (shown := _text(text)) != text:
            changes[field], texts[field] = shown, text
    if (handler := case.handler) and (shown := mask_person(handler)) != handler:
        changes["handler"], texts["handler"] = shown, handler
    if case.step is not None and (step := _step(case.step, texts)) is not case.step:
        changes["step"] = step
    if case.escalations:
        passed = [_escalation(i, one, texts) for i, one in enumerate(case.escalations)]
        changes["escalations"] = passed
    if case.whistles:
        blown = [_whistle(i, one, texts) for i, one in enumerate(case.whistles)]
        changes["whistles"] = blown
    reporter = case.reporter
    if reporter is not None:
        changes["reporter"] = None
    if not changes:
        return case, None
    kept = msgspec.structs.replace(case, **changes)
    if not texts and reporter is None:
        return kept, None
    name, phone = (reporter.name, reporter.phone) if reporter is not None else (None, None)
    return kept, Personal(name, phone, texts)


def mask_person(name: str) -> str:
    """A name as it is shown: 王磊 → 王*; what is an account, a unit or a post stays."""
    if len(name) > LONGEST_NAME:
        return mask_name(name)
    return _person(name)


def texts_of(case: Case) -> dict[str, str]:
    """Every field that may hold something personal, but the reporter's, by its path."""
    found = {name: getattr(case, name) for name in (*TEXTS, "handler")}
    if case.step is not None:
        found |= {f"step.{name}": getattr(case.step, name) for name in ("actor", "reason", "note")}
    for i, passed in enumerate(case.escalations):
        found |= {f"escalations.{i}.reason": passed.reason, f"escalations.{i}.acknowledged_by": passed.acknowledged_by}
    found |= {f"whistles.{i}.result": whistle.result for i, whistle in enumerate(case.whistles)}
    return {path: text for path, text in found.items() if text}


def mask_field(path: str, text: str) -> str:
    """A field's text as it may be shown."""
    is_name = path.rpartition(".")[2] in {"handler", "actor", "acknowledged_by"}
    return mask_person(text) if is_name else mask_text(text)


@lru_cache(maxsize=4096)
def _person(name: str) -> str:
    return name if _NO_NAME.fullmatch(name) else mask_name(name)


def _text(text: str) -> str:
    return _remembered(text) if len(text) <= LONGEST_REMEMBERED else mask_text(text)


# An event carries the whole case: its texts come again and again.
_remembered = lru_cache(maxsize=4096)(mask_text)


def _step(step: Step, texts: dict[str, str]) -> Step:
    return _part(step, "step", ("reason", "note"), "actor", texts)


def _escalation(i: int, passed: Escalation, texts: dict[str, str]) -> Escalation:
    return _part(passed, f"escalations.{i}", ("reason",), "acknowledged_by", texts)


def _whistle(i: int, whistle: Whistle, texts: dict[str, str]) -> Whistle:
    return _part(whistle, f"whistles.{i}", ("result",), "", texts)


def _part(part: P, path: str, free: tuple[str, ...], person: str, texts: dict[str, str]) -> P:
    changes = {}
    for name in free:
        if (text := getattr(part, name)) and (shown := _text(text)) != text:
            changes[name], texts[f"{path}.{name}"] = shown, text
    if person and (name := getattr(part, person)) and (shown := mask_person(name)) != name:
        changes[person], texts[f"{path}.{person}"] = shown, name
    return msgspec.structs.replace(part, **changes) if changes else part
