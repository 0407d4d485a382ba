"""What a desk's forms are drawn from: the fields of the commands that the person may send, and the units to choose."""

from typing import Any

import msgspec

from services.access.rights import Person, may
from services.contract.command_forms import command_forms
from services.district.initials import initials_of
from services.district.leads import leads
from services.district.package import District


def forms_of(person: Person, district: District) -> dict[str, Any]:
    """``forms``: type of command → its fields; ``initials``: unit → those of its name; ``leads``: class → its unit."""
    mine = {kind: fields for kind, fields in command_forms().items() if may(person, kind)}
    return {
        "forms": msgspec.to_builtins(mine),
        "initials": {code: initials_of(name) for code, name in district.units.items()},
        "leads": leads(district),
    }
