"""Which department leads a class of cases at the district: the first that names it in ``departments.csv``."""

from services.district.package import District


def lead_of(district: District, domain: str) -> str:
    """The department's code; the centre's own where none names the class."""
    return leads(district).get(domain, f"{district.code}-center")


def leads(district: District) -> dict[str, str]:
    """Every class that a department names → that department, as ``lead_of`` says it."""
    found: dict[str, str] = {}
    for row in district.tables.get("departments", ()):
        for domain in (row.get("domains") or "").split():
            found.setdefault(domain, row["code"])
    return found
