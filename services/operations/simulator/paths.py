"""Where the case system's pictures lie on its own address."""

MEDIA = "/media/"


def photo_path(case_id: str, number: int) -> str:
    """The ``number``-th picture of a case, from 1."""
    return f"{MEDIA}{case_id}/{number}.jpg"
