"""What people do from the command line: publish one event, load a package, look after refused entries.

Everything raises OperationError (or NotConfigured, PackageError, WrongDistrict) with a sentence for the person.
"""

from services.dead_letters import dead_list, dead_retry, dead_show
from services.packages import check_district, load_district
from services.publishing import OperationError, publish

__all__ = [
    "OperationError",
    "check_district",
    "dead_list",
    "dead_retry",
    "dead_show",
    "load_district",
    "publish",
]
