"""A projector in a process of its own that kills itself (SIGKILL) at the nth passing of a named step.

python -m tests.faults.driver REDIS_URL DATABASE_URL DISTRICT_DIR CONSUMER STEP NTH
"""

import os
import signal
import sys
from pathlib import Path

from services.district.load import load
from services.platform.clock import SetClock
from services.platform.database import open_engine
from services.platform.redis import connect
from services.platform.sealing import Sealer
from services.platform.stopping import stop_on_signals
from services.projector import worker as loop
from services.projector.ingest import Ingest
from services.projector.stream import EventStream
from services.projector.worker import Projector
from tests.tiny import NOON


def main() -> None:
    redis_url, database_url, folder, consumer, step, nth = sys.argv[1:]
    left = [int(nth)]

    def checkpoint(passed: str) -> None:
        if passed == step:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    loop.BATCH = loop.BATCH_BEHIND = 10  # some 45 batches: enough for twenty kills at the third passing
    district = load(Path(folder))
    engine = open_engine(database_url)
    stream = EventStream(connect(redis_url), district.code, consumer)
    projector = Projector(
        stream,
        engine,
        Ingest(engine, district, Sealer("")),
        SetClock(NOON),
        checkpoint=checkpoint,
        claim_idle_ms=1000,
        chores_every_s=0.3,
    )
    projector.run(stop_on_signals())


if __name__ == "__main__":
    main()
