"""Numbers in free text that lead to a person: phones, identity and bank cards, passports, plates, addresses of mail.

Every pattern is bounded, or begins only where a token begins: a text's length is what it costs. What must not be taken
for such a number stands in tests/unit/contract/test_personal_text.py: case numbers, grid codes, times, coordinates,
amounts.
"""

import re
from collections.abc import Callable

# Between the digits of one number: blanks and dashes, no line's end. Digits are plain here: the caller has seen to it.
_SEP = r"[^\S\n]?[-－–—‑−_]?[^\S\n]?"
_LOOSE = rf"[0-9](?:{_SEP}[0-9])"
_LAST = r"[0-9XxＸｘ]"
_SAYS = r"(?:号码|号|：|:|为|是|\s|[(（【\[]){0,4}"  # from the word to its number

_MOBILE = re.compile(rf"(?<![0-9])((?:(?:[+＋]|00)?86{_SEP})?)(1[3-9][0-9]{{9}})(?![0-9])")
_SPACED_MOBILE = re.compile(
    rf"(?<![0-9*])((?:[(（]?(?:[+＋]|00)?86[)）]?{_SEP})?)(1{_SEP}[3-9](?:{_SEP}[0-9]){{9}})(?![0-9])"
)
_DOTTED_MOBILE = re.compile(r"(?<![0-9*.])()(1[3-9][0-9]\.[0-9]{4}\.[0-9]{4})(?![0-9.])")
# How people part a mobile number; one digit at a time besides. «1500 2000 300» is taken for one.
_PARTS = {
    (3, 4, 4), (3, 8), (7, 4), (4, 3, 4), (4, 4, 3), (3, 3, 5), (3, 5, 3), (5, 6), (6, 5), (3, 2, 2, 2, 2),
    (3, 4, 2, 2), (3, 3, 3, 2), (11,), (1,) * 11,
}  # fmt: skip
_SPOKEN = re.compile(r"[一幺][三四五六七八九][零〇一二三四五六七八九幺两]{9}(?![零〇一二三四五六七八九幺])")
_LANDLINE = re.compile(
    rf"(?<![0-9*])([(（]?0(?:10|2[0-9]|[3-9][0-9]{{2}})[)）]?{_SEP})([2-8][0-9]{{2,3}}{_SEP}[0-9]{{1}}{_SEP}[0-9]{{3}})(?![0-9])"
)
_WORDED_PHONE = re.compile(
    rf"((?:电话|手机|座机|固话|联系方式|致电|拨打|来电|号码是|tel|phone|mobile){_SAYS}[+＋]?)({_LOOSE}{{6,}}+)",
    re.IGNORECASE,
)
_DATE = re.compile(r"(?:19|20)[0-9]{2}[-－–—‑]?(?:0?[1-9]|1[0-2])[-－–—‑]?(?:0?[1-9]|[12][0-9]|3[01])(?![0-9])")

_LONG = re.compile(rf"(?<![0-9])[0-9]{{14,18}}{_LAST}(?![0-9])")
_SPACED_LONG = re.compile(
    rf"(?<![0-9*])(?:[0-9]{{6}}{_SEP}[0-9]{{8}}{_SEP}[0-9]{{3}}{_LAST}|[0-9]{{6}}{_SEP}[0-9]{{4}}{_SEP}[0-9]{{4}}{_SEP}[0-9]{{3}}{_LAST}"
    rf"|[0-9]{{3}}{_SEP}[0-9]{{3}}{_SEP}[0-9]{{4}}{_SEP}[0-9]{{4}}{_SEP}[0-9]{{3}}{_LAST}"
    rf"|[0-9]{{4}}(?:{_SEP}[0-9]{{4}}){{3}}(?:{_SEP}[0-9]{{1,2}}{_LAST}|{_SEP}[0-9])?)(?![0-9])"
)
_WORDED_LONG = re.compile(
    rf"((?:身份证|证件|卡号|银行卡|账号|账户|帐号|帐户|社保卡|医保卡){_SAYS})({_LOOSE}{{9,18}}[Xx]?)(?![0-9])"
)
# Of the six digits that begin an identity number: provinces; of its date: year, month and day.
_IDENTITY = re.compile(r"[1-9][0-9]{5}(?:18|19|20)?[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9X]?")
_CARD = re.compile(r"(?:4|5|6|9|34|35|37)[0-9]+")
_IDENTITY_OLD, _IDENTITY_LENGTH = 15, 18

_DOCUMENT = re.compile(
    rf"((?:护照|通行证|回乡证|台胞证|居住证|居留证|军官证|士兵证|驾驶证|驾照|学生证|工作证)(?:字第|{_SAYS}))"
    r"([A-Za-z]{0,3}[0-9]{5,13})(?![0-9A-Za-z])"
)
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领"
_PLATE = re.compile(
    rf"([{_PROVINCES}][A-HJ-NP-Z]\s?[·•.-]?\s?)"
    r"([A-HJ-NP-Z0-9]{4,5}[A-HJ-NP-Z0-9挂学警港澳使领])(?![A-Z0-9])",
    re.IGNORECASE,
)
_MAIL = re.compile(r"(?<![\w.%+-])([A-Za-z0-9_.%+-]++)([@＠][A-Za-z0-9-]{1,63}\.[A-Za-z0-9])", re.ASCII)
_ACCOUNT = re.compile(
    r"((?:微信|(?<![a-z])(?:wechat|weixin|wx|vx|v信|qq)|支付宝|抖音|钉钉|飞书)(?:账号|帐号|号码|号|id|：|:|为|是|\s|加){0,4})"
    r"([a-z][a-z0-9_-]{4,31}|[0-9]{5,12})(?![\w*])",
    re.IGNORECASE | re.ASCII,
)

# What a rule needs at least, and begins with a plain character: most texts have none of it, and it costs little to see.
_SEVEN = re.compile(r"[0-9](?:[\s\-－–—‑−_.()（）]{0,4}[0-9]){6}")
_SPOKEN_HINT = re.compile(r"[一幺][三四五六七八九][零〇一二三四五六七八九幺两]")
_PLATE_HINT = re.compile(rf"[{_PROVINCES}][A-HJ-NP-Za-hj-np-z]")
_DOCUMENT_HINT = re.compile(r"护照|通行证|回乡证|台胞证|居[住留]证|军官证|士兵证|驾驶证|驾照|学生证|工作证")
_ACCOUNT_HINT = re.compile(r"微信|支付宝|抖音|钉钉|飞书")
_LATIN_ACCOUNT_HINT = re.compile(r"[wWvVqQ][eExX信qQ]")


def mask_numbers(text: str) -> str:
    """The numbers with their middle hidden: 138****5678, 110101********1234, 0519-****234, z***@qq.com, 苏D***45."""
    if "@" in text or "＠" in text:
        text = _MAIL.sub(lambda m: f"{m[1][0]}***{m[2]}", text)
    if _SEVEN.search(text):
        text = _mask_digits(text)
    if _SPOKEN_HINT.search(text):
        text = _SPOKEN.sub(lambda m: f"{m[0][:3]}****{m[0][-4:]}", text)
    if _DOCUMENT_HINT.search(text):
        text = _DOCUMENT.sub(lambda m: f"{m[1]}{m[2][0]}*****{m[2][-2:]}", text)
    if _ACCOUNT_HINT.search(text) or _LATIN_ACCOUNT_HINT.search(text):
        text = _ACCOUNT.sub(lambda m: f"{m[1]}{m[2][0]}***", text)
    if _PLATE_HINT.search(text):
        text = _replace(_PLATE, text, _plate)
    return text


def _mask_digits(text: str) -> str:
    text = _replace(_LONG, text, lambda m: _long(m[0]))
    text = _replace(_SPACED_LONG, text, lambda m: _long(_digits(m[0])))
    text = _WORDED_LONG.sub(lambda m: m[1] + _hidden(m[2], 4, 4 if len(_digits(m[2])) > 10 else 2), text)
    text = _MOBILE.sub(lambda m: m[1] + _hidden(m[2], 3, 4), text)
    text = _replace(_SPACED_MOBILE, text, _spaced_mobile)
    text = _DOTTED_MOBILE.sub(lambda m: _hidden(m[2], 3, 4), text)
    text = _LANDLINE.sub(lambda m: f"{m[1]}****{_digits(m[2])[-3:]}", text)
    return _replace(_WORDED_PHONE, text, lambda m: None if _DATE.match(m[2]) else f"{m[1]}****{_digits(m[2])[-3:]}")


def _long(digits: str) -> str | None:
    """15 to 19 digits in a row, or None: grid codes, case numbers and times may be as long."""
    n = len(digits)
    if n == _IDENTITY_LENGTH:
        return _hidden(digits, 6, 4)  # whatever its date: people mistype
    if digits[-1] in "XxＸｘ":
        return None
    plain = "".join(str(int(digit)) for digit in digits)
    if n == _IDENTITY_OLD:
        return _hidden(digits, 6, 3) if _IDENTITY.fullmatch(plain) else None
    return _hidden(digits, 4, 4) if _CARD.fullmatch(plain) and _luhn(plain) else None


def _luhn(digits: str) -> bool:
    """Whether the check digit of a bank card is right: nine of ten other numbers are not taken for one."""
    twice = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(twice)) % 10 == 0


def _spaced_mobile(found: re.Match[str]) -> str | None:
    groups = tuple(len(group) for group in re.findall(r"[0-9]+", found[2]))
    return found[1] + _hidden(found[2], 3, 4) if groups in _PARTS else None


def _plate(found: re.Match[str]) -> str | None:
    return f"{found[1]}***{found[2][-2:]}" if re.search(r"[0-9]", found[2]) else None


def _digits(text: str) -> str:
    return "".join(re.findall(_LAST, text))


def _hidden(text: str, first: int, last: int) -> str:
    digits = _digits(text)
    return digits[:first] + "*" * min(max(len(digits) - first - last, 4), 8) + digits[len(digits) - last :]


def _replace(pattern: re.Pattern[str], text: str, judge: Callable[[re.Match[str]], str | None]) -> str:
    """As ``sub``, but what ``judge`` leaves alone (None) is looked at again from its second character on."""
    parts, done, at = [], 0, 0
    while (found := pattern.search(text, at)) is not None:
        if (instead := judge(found)) is None:
            at = found.start() + 1
            continue
        parts += [text[done : found.start()], instead]
        done = at = found.end()
    return "".join(parts) + text[done:] if parts else text
