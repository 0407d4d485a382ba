"""``python -m bench.peers --peer nodered --phase latency --json OUT``: measure one peer in one phase."""

import argparse
import json
import signal
import sys
from pathlib import Path
from typing import Any

from bench.harness import PHASES, RATES, measure
from bench.peers.targets import PEERS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__)
    parser.add_argument("--peer", choices=PEERS, required=True)
    parser.add_argument("--phase", choices=PHASES, required=True)
    parser.add_argument("--json", type=Path, help="write the result here as well")
    parser.add_argument("--cases", type=int, help="open cases before the page opens (default 500, big 10,000)")
    parser.add_argument("--seconds", type=float, help="how long each rate is held (default 30, 8 or 15)")
    parser.add_argument("--rates", type=int, nargs="+", default=RATES, help="the steps of the rate phase")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    options: dict[str, Any] = {} if asked.seconds is None else {"seconds": asked.seconds}
    if asked.phase == "rate":
        options["rates"] = asked.rates
    result = measure(PEERS[asked.peer], asked.phase, cases=asked.cases, **options)
    text = json.dumps(result, indent=1)
    if asked.json:
        asked.json.parent.mkdir(parents=True, exist_ok=True)
        asked.json.write_text(text + "\n")
    print(text)
    return 1 if "error" in result else 0


if __name__ == "__main__":
    sys.exit(main())
