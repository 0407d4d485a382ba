"""What a real stream also carries: entries that no reader can use, one of each kind in turn."""

from services.contract.entry import encode_entry
from services.operations.simulator.step import utc


def rubbish(number: int, now_ms: int) -> dict[bytes, bytes]:
    """The fields of a bad entry; each kind is refused for another reason (CONTRACT.md «Bad input»)."""
    case = {
        "case_id": f"X{number:06d}",
        "version": 1,
        "status": "reported",
        "channel": "SZCG",
        "reported_at": utc(now_ms).isoformat(),
    }
    event_id = f"rubbish-{now_ms}-{number}"

    def entry(kind: str, body: object) -> dict[bytes, bytes]:
        return encode_entry("/szcg", kind, body, now_ms, subject=case["case_id"], event_id=event_id)  # type: ignore[arg-type]  # of text

    which = number % 6
    if which == 0:
        return {**entry("case.reported", case), b"data": b'{"case_id":"X'}
    if which == 1:
        return entry("case.reported", {k: v for k, v in case.items() if k != "version"})
    if which == 2:
        return entry("case.reported", {**case, "status": "finished"})
    if which == 3:
        return entry("case.reported", {**case, "lon": 31.9, "lat": 89.9, "coord_sys": "WGS84"})
    if which == 4:
        return entry("vehicle.parked", {"plate": "none"})
    return {k: v for k, v in entry("case.reported", case).items() if k != b"specversion"}
