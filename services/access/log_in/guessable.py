"""How many guesses a password needs (zxcvbn; Wheeler, USENIX Security 2016), with what is guessed first in China. Pure.

zxcvbn brings the 30,000 most common passwords, keyboard runs, repeats, sequences, dates and letters written as digits
(P@ssw0rd). Added here: the person's name in pinyin, any word of two or more pinyin syllables, the field's own words.
"""

import re
from functools import cache
from itertools import product

# Fewer guesses than this are too few: ten thousand million, zxcvbn's best grade.
LEAST_GUESSES = 10**10
# The estimate takes quadratic time; whatever comes behind so many characters only makes more guesses.
_LOOKED_AT = 48
_READINGS = 8
_WORDS = tuple(
    "lianqin dalianqin zhihui zhihuizhongxin wangge jiedao shequ zhiban chengguan zhengfu gongan zhongguo "
    "woaini woaizhongguo huawei xiaomi tencent alibaba taobao weixin jiaotong zongzhi duban paidan "
    "5201314 1314520 520520 147258 159357 741852 admin administrator welcome letmein iloveyou guest".split()
)
_INITIALS = "zh ch sh b p m f d t n l g k h j q x r z c s y w".split()
_FINALS = (
    "iang iong uang ueng ang eng ing ong ian iao uan uai ai ei ui ao ou iu ie ue ve er an en in un vn ia ua uo "
    "a o e i u v".split()
)
_SYLLABLE = f"(?:(?:{'|'.join(_INITIALS)})(?:{'|'.join(_FINALS)})|an|ang|ai|ao|en|er|ou|e|a|o)"
_PINYIN = re.compile(f"{_SYLLABLE}{{2,4}}")


def is_guessable(password: str, user_id: str, name: str) -> bool:
    """Whether a guesser who knows the account and the name comes to it too soon."""
    return guesses(password, (*name_words(user_id, name), *_WORDS)) < LEAST_GUESSES


def guesses(password: str, words: tuple[str, ...] = ()) -> float:
    """How many guesses it takes about, when these words are tried first."""
    from zxcvbn import matching, scoring

    looked_at = password[:_LOOKED_AT]
    pinyin = [run for run in re.findall("[a-z]+", looked_at.casefold()) if _PINYIN.fullmatch(run)]
    # Not by its front door, which keeps the words in a dictionary of its module, for all threads.
    known = {**matching.RANKED_DICTIONARIES, "user_inputs": matching.build_ranked_dict([*words, *pinyin])}
    found = scoring.most_guessable_match_sequence(looked_at, matching.omnimatch(looked_at, known))
    return float(found["guesses"])


@cache
def name_words(user_id: str, name: str) -> tuple[str, ...]:
    """The account and the name, the name's pinyin in each reading, surname and given name apart, its initials."""
    from pypinyin import Style, pinyin

    found = [user_id.casefold(), name.casefold()]
    if any("\u4e00" <= c <= "\u9fff" for c in name):
        read = pinyin(name, style=Style.NORMAL, heteronym=True, errors="ignore")
        for syllables in list(product(*(one[:3] for one in read)))[:_READINGS]:
            found += [
                "".join(syllables),
                "".join(syllables[1:]),
                "".join((*syllables[1:], syllables[0])),
                "".join(syllable[0] for syllable in syllables),
                syllables[0],
            ]
    return tuple(dict.fromkeys(word for word in found if len(word) > 1))
