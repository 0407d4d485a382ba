"""What the browser reads of a typed date and time is what is sent: one form, by the district's clock."""

import json
import shutil
import subprocess
from pathlib import Path

FIELD = Path(__file__).parents[3] / "dashboard/assets/modules/desk/moment-field.js"
SCRIPT = """
const {typedMoment, typedTime, zoned, asTyped} = await import(process.argv[1]);
const {moments, times} = JSON.parse(await new Response(process.stdin).text());
const sent = text => { const at = typedMoment(text); return at && zoned(at, "Asia/Shanghai"); };
const shown = asTyped(1795600800000, "Asia/Shanghai");
process.stdout.write(JSON.stringify([moments.map(sent), times.map(typedTime), shown]));
"""
MOMENTS = {
    "2026-11-25 18:00": "2026-11-25T18:00:00+08:00", " 2026/1/5 9:05 ": "2026-01-05T09:05:00+08:00",
    "2026-11-25T18:00": "2026-11-25T18:00:00+08:00", "２０２６－１１－２５ １８：００": "2026-11-25T18:00:00+08:00",
    "2028-02-29 00:00": "2028-02-29T00:00:00+08:00", "2026-02-29 00:00": None, "2026-11-25": None,
    "11/25/2026 06:00 PM": None, "2026-13-01 08:00": None, "2026-11-25 24:00": None, "2026-11-25 18:60": None,
    "明天": None, "": None,
}  # fmt: skip
TIMES = {"14:05": [14, 5], "9：05": [9, 5], "24:00": None, "2 PM": None, "14:5": None}


def test_a_typed_moment_is_read_in_one_form_and_what_is_none_is_none() -> None:
    node = shutil.which("node")
    assert node is not None
    given = json.dumps({"moments": list(MOMENTS), "times": list(TIMES)}).encode()
    call = [node, "--input-type=module", "-e", SCRIPT, str(FIELD)]
    done = subprocess.run(call, input=given, capture_output=True, check=False, timeout=20)
    assert done.returncode == 0, done.stderr.decode()
    moments, times, shown = json.loads(done.stdout)
    assert dict(zip(MOMENTS, moments, strict=True)) == MOMENTS
    assert dict(zip(TIMES, times, strict=True)) == TIMES
    assert shown == "2026-11-25 18:00"
