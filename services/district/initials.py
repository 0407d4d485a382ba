"""The initials of a name's pinyin: 区城市管理局 → qcsglj, so a long list is searched without a Chinese keyboard.

GB 2312 lays its first level (3,755 common characters) in the order of their pinyin; so the code says the initial. What
stands in the second level, in the order of radicals, is taken from a short list of characters that names of places and
offices have; others have none and are left out. Pure. Of a character with two readings the common one counts.
"""

from bisect import bisect_right

# The code with which each initial begins.
_BEGINS = (
    (0xB0A1, "a"), (0xB0C5, "b"), (0xB2C1, "c"), (0xB4EE, "d"), (0xB6EA, "e"), (0xB7A2, "f"), (0xB8C1, "g"),
    (0xB9FE, "h"), (0xBBF7, "j"), (0xBFA6, "k"), (0xC0AC, "l"), (0xC2E8, "m"), (0xC4C3, "n"), (0xC5B6, "o"),
    (0xC5BE, "p"), (0xC6DA, "q"), (0xC8BB, "r"), (0xC8F6, "s"), (0xCBFA, "t"), (0xCDDA, "w"), (0xCEF4, "x"),
    (0xD1B9, "y"), (0xD4D1, "z"),
)  # fmt: skip
_CODES, _LETTERS = zip(*_BEGINS, strict=True)
_END = 0xD7FA
_SECOND_LEVEL = {
    **dict.fromkeys("鹭泸漯潞", "l"), **dict.fromkeys("汀", "t"), **dict.fromkeys("衢岐淇祁", "q"),
    **dict.fromkeys("浔浠荥", "x"), **dict.fromkeys("圳嵊", "z"), **dict.fromkeys("璟泾暨", "j"),
    **dict.fromkeys("沭泗睢", "s"), **dict.fromkeys("邳郫", "p"), **dict.fromkeys("鄞黟", "y"),
    **dict.fromkeys("殡亳", "b"), **dict.fromkeys("涪沣", "f"), **dict.fromkeys("鄱", "p"),
}  # fmt: skip


def initials_of(name: str) -> str:
    """The initials in lower case; letters and digits stay, what has no known reading is left out."""
    return "".join(map(_initial, name.lower()))


def _initial(character: str) -> str:
    if character.isascii():
        return character if character.isalnum() else ""
    try:
        code = int.from_bytes(character.encode("gb2312"))
    except UnicodeEncodeError:
        return ""
    if not _CODES[0] <= code < _END:
        return _SECOND_LEVEL.get(character, "")
    return str(_LETTERS[bisect_right(_CODES, code) - 1])
