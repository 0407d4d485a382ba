"""What a projector has taken in since its start, and how long that took. Pure; one thread counts, others read."""

from services.platform.metric import Metric, counter


class IngestCounts:
    """Counted after each commit."""

    def __init__(self) -> None:
        self.batches = self.accepted = self.refused = self.other = 0
        self.seconds = 0.0

    def committed(self, *, read: int, accepted: int, refused: int, seconds: float) -> None:
        """One batch of ``read`` entries: what of it was new, what was refused; the rest was known or said nothing."""
        self.batches += 1
        self.accepted += accepted
        self.refused += refused
        self.other += max(read - accepted - refused, 0)
        self.seconds += seconds

    def figures(self) -> list[Metric]:
        """For Prometheus: rates are made of these there."""
        name, about = "lianqin_ingest_entries", "entries of the stream that this process has dealt with, by outcome"
        return [
            counter(name, about, self.accepted, outcome="accepted"),
            counter(name, about, self.refused, outcome="refused"),
            counter(name, about, self.other, outcome="known"),
            counter("lianqin_ingest_commits", "batches that this process has committed", self.batches),
            counter("lianqin_ingest_commit_seconds", "time that their commits took", self.seconds, "seconds"),
        ]
