"""Text that people have typed: what of it is visible."""

import unicodedata

# Control and format characters (what turns text around among them), and halves of characters.
_CONTROL = {"Cc", "Cf", "Cs"}


_KEPT = {"\n", "\t"}


def visible(text: str) -> str:
    """A person's text without control characters; line ends and tabs stay."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in plain if c in _KEPT or unicodedata.category(c) not in _CONTROL)
