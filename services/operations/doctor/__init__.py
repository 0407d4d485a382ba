"""``lianqin doctor``: what is wrong with Redis, the database, the clock and the ports, and what to do about it."""

from services.operations.doctor.examine import examine
from services.operations.doctor.finding import DoctorFinding

__all__ = ["DoctorFinding", "examine"]
