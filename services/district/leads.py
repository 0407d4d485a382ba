"""Which department leads a class of cases at the district: the first that names it in ``departments.csv``."""

from services.district.package import District


def lead_of(district: District, domain: str) -> str:
    """The department's code; the centre's own where none names the class."""
    for row in district.tables.get("departments", ()):
        if domain in (row.get("domains") or "").split():
            return row["code"]
    return f"{district.code}-center"
