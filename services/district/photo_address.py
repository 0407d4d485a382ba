"""What an address that photos of cases may begin with looks like (``photos`` of district.toml). Pure."""

import re

_FOLDER = re.compile(
    r"https?://(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?)(?::[0-9]{1,5})?/(?:[A-Za-z0-9._~-]+/)*"
)
LONGEST = 300


def is_photo_address(text: object) -> bool:
    """Whether it is scheme, machine, port and folder, and nothing else; the folder ends with a slash."""
    if not isinstance(text, str) or len(text) > LONGEST or not _FOLDER.fullmatch(text):
        return False
    return not {".", ".."} & set(text.split("/"))
