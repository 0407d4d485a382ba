"""A file's text: which encoding its bytes are in, whatever it says of itself.

Bytes that are valid UTF-8 beyond ASCII are UTF-8: text in another encoding is that only by rare accident. Then what
the file states counts, then GB 18030 (GBK and GB 2312 are parts of it), as much of the field still writes. A few bytes
that cannot be read do not cost the file: each becomes MARK, which no valid text holds, and the reader names its place.
"""

import codecs
import re
from typing import NamedTuple

from services.files.fault import FileFault, whole_file

# A lone surrogate: no decoder gives one, so that it stands for «here was something that cannot be read».
MARK = "\udc80"
_MARKED = "lianqin-mark"
_CHINESE = re.compile(r"(x-)?(gb|cp-?936|936|euc-?cn|ms936|windows-936|hz)", re.IGNORECASE)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# More NULs than this share: text of two bytes a character without its mark, or no text at all.
_NUL_SHARE = 0.1
# With more that cannot be read than this share of all that is beyond ASCII it is no text.
_BAD_SHARE = 0.1
_FEW_BAD = 3


class Text(NamedTuple):
    """``note`` is what there is to say of the encoding, '' where it is plain UTF-8; ``damaged`` counts the MARKs."""

    text: str
    encoding: str
    note: str
    damaged: int


def decode(data: bytes, stated: str = "") -> Text:
    """The text of a file; ``stated`` is the encoding that it names itself. Raises FileFault where it is no text."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            if encoding == "utf-8":
                return _of(data[len(mark) :].decode(encoding, _MARKED), encoding, "")
            wide = _of(data.decode(encoding, _MARKED), encoding, f"is in {encoding.upper()}, not UTF-8")
            if wide.damaged > _BAD_SHARE * len(wide.text):
                raise _no_text()
            return wide
    if data.count(0) > _NUL_SHARE * len(data):
        raise whole_file("is UTF-16 without a mark, or no text at all: it is full of NULs", "Save it as text in UTF-8")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return _guess(data, stated)
    own = _codec(stated)
    if not text.isascii() and stated and own != "utf-8":
        return Text(text, "utf-8", f"says that it is in {stated} and is in UTF-8: read as UTF-8", 0)
    return Text(text, "utf-8", "", 0)


def line_of(text: str, at: int) -> int:
    """The line, counted from 1, of a place in a text; lines end at CR, LF and both alone."""
    return text.count("\n", 0, at) + text.count("\r", 0, at) - text.count("\r\n", 0, at) + 1


def _guess(data: bytes, stated: str) -> Text:
    utf8 = _of(data.decode("utf-8", _MARKED), "utf-8", "")
    beyond = sum(map(len, re.findall(r"[^\x00-\x7f]+", utf8.text))) - utf8.damaged
    if 2 * utf8.damaged <= beyond:
        return utf8  # UTF-8 with a few broken characters: as GB 18030 all the others would be rubbish
    if b"\0" in data:
        raise _no_text()
    own = _codec(stated)
    for encoding in dict.fromkeys(filter(None, (own if own != "utf-8" else "", "gb18030"))):
        found = _of(data.decode(encoding, _MARKED), encoding, "")
        beyond = sum(map(len, re.findall(r"[^\x00-\x7f]+", found.text)))
        if found.damaged <= max(_BAD_SHARE * beyond, _FEW_BAD) and found.damaged <= utf8.damaged:
            shown = "GB 18030" if encoding == "gb18030" else encoding
            note = f"is in {shown}, not UTF-8" if own != encoding else ""
            if own == "utf-8" and stated:
                note = f"says that it is in {stated} and is in {shown}: read as {shown}"
            return found._replace(note=note)
    if utf8.damaged <= _FEW_BAD:
        return utf8
    raise _no_text()


def _no_text() -> FileFault:
    return whole_file("is neither UTF-8 nor GB 18030", "Save it as text in UTF-8")


def _of(text: str, encoding: str, note: str) -> Text:
    return Text(text.removeprefix("\ufeff"), encoding, note, text.count(MARK))


def _codec(stated: str) -> str:
    """Python's name of a stated encoding of one text; '' where there is none that we read."""
    if not stated:
        return ""
    if _CHINESE.match(stated):
        return "gb18030"
    try:
        found = codecs.lookup(stated).name
    except (LookupError, ValueError):
        return ""
    is_read = found in {"utf-8", "ascii", "big5", "big5hkscs", "cp950"} or found.startswith(("iso8859", "cp125"))
    return "utf-8" if found == "ascii" else found if is_read else ""


def _mark(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return MARK, max(error.end, error.start + 1)


codecs.register_error(_MARKED, _mark)
