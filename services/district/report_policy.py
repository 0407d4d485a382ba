"""``[reports]`` of policy.toml: which incidents are reported up, and by when (首报、续报; DOMAIN.md §5)."""

from dataclasses import dataclass

from services.platform.clock import HOUR_MS


@dataclass(frozen=True, slots=True)
class ReportPolicy:
    """Severities 1 up to ``severity`` need reports; 0 in ``follow_up_hours_…``: none of that severity."""

    severity: int = 2
    phone_minutes: float = 30
    written_minutes: float = 60
    follow_up_hours_1: float = 2
    follow_up_hours_2: float = 4
    follow_up_hours_3: float = 8
    follow_up_hours_4: float = 24

    def follow_up_ms(self, severity: int) -> int:
        """How long after the last report the next follow-up is due; 0: none is."""
        hours = (self.follow_up_hours_1, self.follow_up_hours_2, self.follow_up_hours_3, self.follow_up_hours_4)
        return int(hours[severity - 1] * HOUR_MS)
