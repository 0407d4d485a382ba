"""``lianqin doctor``: what is wrong with Redis, the database, the clock and the ports, and what to do about it."""

from services.admin.doctor.examine_service import examine
from services.admin.doctor.finding import DoctorFinding

__all__ = ["DoctorFinding", "examine"]
