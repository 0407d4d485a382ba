"""What is personal in a case is set apart before the case is kept: in its body it stands masked, the rest is sealed.

The issue: «names, phones and ID numbers … kept encrypted». The contract asks it of ``reporter`` only; people write the
same things into descriptions, and a handler has a name as well.
"""

import re
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from services.contract.case import Case, Escalation, Part, Step, Whistle
from services.contract.personal import mask_name, mask_text
from services.contract.personal_own import NOBODY, Own, own_of

P = TypeVar("P", bound=Part)
LONGEST_NAME, LONGEST_REMEMBERED = 64, 500
TEXTS = ("title", "description", "address")
NAME_FIELDS = frozenset({"handler", "actor", "acknowledged_by"})
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
    """The case as it may be kept, and what was taken out of it: None when nothing was. Again it changes nothing.

    The people whom the event itself names are masked in its texts literally, before the patterns look at them.
    """
    reporter = case.reporter
    kept, texts = set_apart_of(case, people_of(case))
    if reporter is not None:
        kept = msgspec.structs.replace(kept, reporter=None)
    if not texts and reporter is None:
        return kept, None
    name, phone = (reporter.name, reporter.phone) if reporter is not None else (None, None)
    return kept, Personal(name, phone, texts)


def set_apart_of(case: Case, own: Own) -> tuple[Case, dict[str, str]]:
    """The case with its texts masked, ``own`` people first, and the originals by field. The same case: none was."""
    texts: dict[str, str] = {}
    changes: dict[str, Any] = {}
    for field in TEXTS:
        if (text := getattr(case, field)) and (shown := _text(text, own)) != text:
            changes[field], texts[field] = shown, text
    if (handler := case.handler) and (shown := mask_person(handler)) != handler:
        changes["handler"], texts["handler"] = shown, handler
    if case.step is not None and (step := _step(case.step, texts, own)) is not case.step:
        changes["step"] = step
    if case.escalations:
        passed = [_escalation(i, one, texts, own) for i, one in enumerate(case.escalations)]
        if any(new is not old for new, old in zip(passed, case.escalations, strict=True)):
            changes["escalations"] = passed
    if case.whistles:
        blown = [_whistle(i, one, texts, own) for i, one in enumerate(case.whistles)]
        if any(new is not old for new, old in zip(blown, case.whistles, strict=True)):
            changes["whistles"] = blown
    return (msgspec.structs.replace(case, **changes) if changes else case), texts


def people_of(case: Case) -> Own:
    """Everybody whom the event names in a field of its own: reporter, handler, who acted, who acknowledged."""
    names = [case.handler, *(passed.acknowledged_by for passed in case.escalations)]
    if case.step is not None:
        names.append(case.step.actor)
    names = [name for name in names if name and mask_person(name) != name]
    reporter = case.reporter
    if reporter is None:
        return own_of(names, ()) if names else NOBODY
    return own_of([reporter.name, *names], [reporter.phone])


def people_in(personal: Personal) -> Own:
    """The same people, from what is sealed."""
    names = [text for path, text in personal.texts.items() if path.rpartition(".")[2] in NAME_FIELDS]
    return own_of([personal.name, *names], [personal.phone])


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


def mask_field(path: str, text: str, own: Own = NOBODY) -> str:
    """A field's text as it may be shown; ``own``: the case's people, who are masked before the patterns."""
    is_name = path.rpartition(".")[2] in NAME_FIELDS
    return mask_person(text) if is_name else mask_text(own.mask(text))


@lru_cache(maxsize=4096)
def _person(name: str) -> str:
    return name if _NO_NAME.fullmatch(name) else mask_name(name)


def _text(text: str, own: Own) -> str:
    shown = own.mask(text)
    return _remembered(shown) if len(shown) <= LONGEST_REMEMBERED else mask_text(shown)


# An event carries the whole case: its texts come again and again.
_remembered = lru_cache(maxsize=4096)(mask_text)


def _step(step: Step, texts: dict[str, str], own: Own) -> Step:
    return _part(step, "step", ("reason", "note"), person="actor", texts=texts, own=own)


def _escalation(i: int, passed: Escalation, texts: dict[str, str], own: Own) -> Escalation:
    return _part(passed, f"escalations.{i}", ("reason",), person="acknowledged_by", texts=texts, own=own)


def _whistle(i: int, whistle: Whistle, texts: dict[str, str], own: Own) -> Whistle:
    return _part(whistle, f"whistles.{i}", ("result",), person="", texts=texts, own=own)


def _part(part: P, path: str, free: tuple[str, ...], *, person: str, texts: dict[str, str], own: Own) -> P:
    changes = {}
    for name in free:
        if (text := getattr(part, name)) and (shown := _text(text, own)) != text:
            changes[name], texts[f"{path}.{name}"] = shown, text
    if person and (name := getattr(part, person)) and (shown := mask_person(name)) != name:
        changes[person], texts[f"{path}.{person}"] = shown, name
    return msgspec.structs.replace(part, **changes) if changes else part
