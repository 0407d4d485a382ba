"""What the environment asks of a log-in: which roles need a second factor, how many sessions, how old a proof. Pure."""

from dataclasses import dataclass

from services.platform.clock import DAY_MS, MINUTE_MS
from services.platform.settings import Settings

# With LIANQIN_REAUTH_MINUTES=0 a proof serves one act, whose requests follow each other within this time.
ONE_ACT_MINUTES = 1
# What changes a second factor asks for a proof even where LIANQIN_REAUTH_MINUTES is «off».
FACTOR_MINUTES = 15


@dataclass(frozen=True, slots=True)
class LogInRules:
    """The settings of the log-in, as docs/settings.md names them."""

    second_factor: frozenset[str] = frozenset()
    sessions_most: int = 0
    password_days: int = 0
    password_classes: int = 0
    reauth_minutes: int | None = 15
    security_apart: bool = False

    def needs_factor(self, role: str) -> bool:
        """Whether this role must have a second factor."""
        return role in self.second_factor

    def is_password_old(self, password_at: int, now: int) -> bool:
        """Whether a password that was chosen then must be changed now."""
        return self.password_days > 0 and now - password_at > self.password_days * DAY_MS

    def proof_at_log_in(self, now: int) -> int:
        """What a log-in counts as: a proof, unless every act asks for its own."""
        return 0 if self.reauth_minutes == 0 else now

    def is_fresh(self, proved_at: int, now: int, *, always: bool = False) -> bool:
        """Whether a proof of then still counts; ``always`` asks for one where the setting asks for none."""
        minutes = self.reauth_minutes
        if minutes is None:
            if not always:
                return True
            minutes = FACTOR_MINUTES
        return 0 <= now - proved_at < (minutes or ONE_ACT_MINUTES) * MINUTE_MS


NO_RULES = LogInRules()


def rules_of(settings: Settings) -> LogInRules:
    """The rules that the settings give. Raises ValueError where secrets would be kept in the clear."""
    if settings.second_factor and not settings.data_key:
        raise ValueError(
            "LIANQIN_SECOND_FACTOR needs LIANQIN_DATA_KEY: the factors' secrets are kept encrypted or not at all "
            "(make a key with `lianqin key make`)"
        )
    return LogInRules(
        frozenset(settings.second_factor),
        settings.sessions,
        settings.password_days,
        settings.password_classes,
        settings.reauth_minutes,
        settings.security_apart,
    )


DEVICE_DAYS = 180
