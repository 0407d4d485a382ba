"""Which version of the program this is: `make wheel` writes it into the wheel, from pyproject.toml and the tag.

``0.1.0`` is a release; ``0.1.0+g43a68f4`` was built from a commit that has no tag.
"""

from importlib.metadata import PackageNotFoundError, version


def our_version() -> str:
    """The program's version; empty where it was not installed."""
    try:
        return version("lianqin")
    except PackageNotFoundError:
        return ""
