"""The part of a page of docs/ that is made from the code: it stands between two markers with its name."""


def put_section(page: str, name: str, section: str) -> str:
    """The page with the section as it is now. Raises ValueError where a marker is missing."""
    begin, end = f"<!-- generated: {name} -->", f"<!-- end: {name} -->"
    before, rest = page[: page.index(begin)], page[page.index(end) :]
    return f"{before}{begin}\n{section}\n{rest}"
