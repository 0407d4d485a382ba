"""Cases that live: random but plausible histories with every clock, rating, suspension, merge and correction."""

import random
from typing import Any

from services.platform.clock import to_rfc3339
from tests.tiny import NOON, case, entry, middle

HOUR, DAY = 3_600_000, 86_400_000
_WALK = ["filed", "dispatched", "acknowledged", "handling", "handled", "post_check", "closed"]
_TYPE = {"post_check": "case.checked", "reported": "case.reported", "suspended": "case.suspended"}


def lives(seed: int, cases: int = 40, *, rubbish: bool = True) -> list[dict[bytes, bytes]]:
    """Entries in the order of publishing: mostly in order, some late, some twice, some broken."""
    rng = random.Random(seed)
    told: list[tuple[float, dict[bytes, bytes]]] = []
    for number in range(cases):
        told += _life(f"L{number}", rng)
    told.sort(key=lambda item: item[0])
    found = [fields for _, fields in told]
    if rubbish:
        for _ in range(cases // 5):
            found.insert(rng.randrange(len(found)), {b"rubbish": str(rng.random()).encode()})
    return found


def _life(case_id: str, rng: random.Random) -> list[tuple[float, dict[bytes, bytes]]]:
    at = NOON - rng.randrange(1, 11 * 24) * HOUR - rng.randrange(HOUR)
    state: dict[str, Any] = {
        "channel": rng.choice(["GRID", "APP", "H12345", "H12345"]),
        "reported_at": to_rfc3339(at),
        "domain": rng.choice(["01", "04", "04", "99"]),
        "severity": rng.choice([4, 4, 4, 2]),
        **(middle(rng.randrange(4), rng.randrange(2)) if rng.random() < 0.9 else dict.fromkeys(middle(0, 0), ...)),
        **({"level": rng.choice(["grid", "street"])} if rng.random() < 0.9 else {}),
    }
    found: list[tuple[float, dict[bytes, bytes]]] = []
    version, status = 0, "reported"
    aside = random.Random(rng.randrange(1 << 30))  # what no figure of the roll-ups goes by
    walk = iter(_WALK)
    for _ in range(rng.randrange(2, 14)):
        version += rng.choice([1, 1, 1, 2])
        _bear(status, state, at, aside)
        kind = _TYPE.get(status, f"case.{status}")
        fields = entry(
            case(case_id, version, status, **state), kind if kind != "case.post_check" else "case.checked", at
        )
        late = 0 if rng.random() < 0.9 else rng.randrange(3 * DAY)
        found.append((at + late, fields))
        if rng.random() < 0.08:
            found.append((at + rng.randrange(DAY), fields))
        at = min(at + rng.randrange(1, 30) * HOUR, NOON - 1)
        if status == "closed" and rng.random() > 0.4:
            break
        status = _next(status, state, walk, at, rng)
        if status == "filed" and rng.random() < 0.3:
            walk = iter(_WALK[1:])
    return found


def _bear(status: str, state: dict[str, Any], at: int, rng: random.Random) -> None:
    """A campaign, supervisions and escalations, each of them sometimes told in part only."""
    if rng.random() < 0.1:
        state["campaign"] = rng.choice(["C1", "C2", " C2 ", "", None])
        if state["campaign"] is None:
            state.pop("campaign")
    if status not in {"reported", "closed"} and rng.random() < 0.15:
        seen: dict[str, Any] = {"kind": rng.choice(["overdue", "leader", "important"]), "at": to_rfc3339(at)}
        seen |= {"level": rng.randrange(1, 4)} if rng.random() < 0.8 else {}
        seen |= {"ended_at": to_rfc3339(at + rng.randrange(1, 80) * HOUR)} if rng.random() < 0.4 else {}
        if rng.random() < 0.1:
            seen.pop("at")
        state["supervisions"] = [*state.get("supervisions", []), seen]
    if rng.random() < 0.15:
        passed: dict[str, Any] = {"to": "D1", "at": to_rfc3339(at)}
        passed |= {"reason_code": rng.choice(["ping_pong", "repeat"])} if rng.random() < 0.8 else {}
        passed |= {"returned_at": to_rfc3339(at + HOUR)} if rng.random() < 0.4 else {}
        state["escalations"] = [*state.get("escalations", []), passed]


def _next(status: str, state: dict[str, Any], walk: Any, at: int, rng: random.Random) -> str:
    chance, moment = rng.random(), to_rfc3339(at)
    if status == "suspended":
        state["suspensions"][-1]["until"] = moment
    if chance < 0.05:
        state["merged_into"] = "L0" if rng.random() < 0.7 else None
    elif chance < 0.08:
        state["voided_at"] = moment
        return "voided"
    elif chance < 0.11:
        return "not_filed"
    elif chance < 0.2:
        ends = {"until": to_rfc3339(at + rng.randrange(1, 60) * HOUR)} if rng.random() < 0.4 else {}
        state.setdefault("suspensions", []).append({"from": moment, **ends})
        return "suspended"
    elif chance < 0.25:
        state["reworks"] = state.get("reworks", 0) + 1
        return "rework"
    elif chance < 0.3:
        state["extensions"] = state.get("extensions", 0) + 1
    elif chance < 0.34:
        state["appeal_exempt"] = True
    elif chance < 0.38:
        state |= middle(rng.randrange(4), rng.randrange(2))
    if state.get("merged_into") is None:
        state.pop("merged_into", None)
    found: str = next(walk, "closed" if status != "closed" else "handling")
    if found in {"filed", "dispatched", "acknowledged", "handled", "closed"} and rng.random() < 0.95:
        state[f"{found}_at"] = moment
    if found == "dispatched":
        state["lead_unit"] = rng.choice(["D1", "D2", "X"])
        state["dispatches"] = state.get("dispatches", 0) + 1
        start, hours = to_rfc3339(at), rng.randrange(-20, 200)
        clock = {"what": "close", "started_at": start, "deadline_at": to_rfc3339(at + hours * HOUR)}
        handle = {"what": "handle", "started_at": start, "deadline_at": to_rfc3339(at + hours * HOUR * 4 // 5)}
        state["clocks"] = rng.choice([[clock], [clock, handle], [clock, handle], []])
        if not state["clocks"] and rng.random() < 0.5:
            state["limit"] = {"value": rng.choice([2, 8, 5]), "unit": rng.choice(["UH", "WH", "WD", "UD"])}
    if found == "closed":
        state["highest_level"] = rng.choice(["grid", "street", "district"])
        if rng.random() < 0.6:
            state["rating"] = {
                "valid": rng.random() < 0.8,
                "contacted": True,
                "solved": rng.choice(["yes", "no"]),
                "satisfied": rng.choice(["yes", "fairly", "no"]),
                "at": moment,
            }
        if rng.random() < 0.2:
            state["on_time"] = rng.random() < 0.5
    elif status == "closed":
        state.pop("closed_at", None)
    return found
