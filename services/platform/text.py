"""Text that people have typed: what of it is visible, and what a spreadsheet makes of it."""

import unicodedata

# Control and format characters (what turns text around among them), and halves of characters.
_CONTROL = {"Cc", "Cf", "Cs"}


_KEPT = {"\n", "\t"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def visible(text: str) -> str:
    """A person's text without control characters; line ends and tabs stay."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in plain if c in _KEPT or unicodedata.category(c) not in _CONTROL)


def safe(text: str) -> str:
    """Text that a spreadsheet takes for text: an apostrophe before what would begin a formula."""
    return f"'{text}" if text.lstrip().startswith(_FORMULA) or text.startswith(_FORMULA) else text
