"""What is a password, and how it is kept."""

import time
from statistics import median

import pytest
from argon2 import PasswordHasher
from hypothesis import given, settings
from hypothesis import strategies as st

from services.access import passwords
from services.access.passwords import LEAST, MOST, WHY, BadPassword, check


def why(password: str, user_id: str = "zhoumin", name: str = "周敏") -> str:
    try:
        check(password, user_id, name)
    except BadPassword as bad:
        assert str(bad) == WHY[bad.code]
        return bad.code
    return ""


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "short"), ("elevenchars", "short"), ("a" * 129, "long"),
        ("password1234", "common"), ("PASSWORD1234", "common"), ("ｐａｓｓｗｏｒｄ１２３４", "common"),
        ("qwertyuiop12", "common"), ("aaaaaaaaaaaaaaa", "common"), ("121212121212", "common"),
        ("lianqin123456", "common"), ("zhihuizhihui", "common"), ("admin-admin-admin", "common"),
        ("zhoumin likes tea", "name"), ("my ZHOUMIN 77 tea", "name"), ("three green herons", ""),
        ("三只绿鹭在浅滩上站着不动", ""), ("correct horse battery", ""), ("        x7 kq p wv", ""),
        ("k7mq-p2vx-9dtc-hw4e", ""),
    ],
)  # fmt: skip
def test_length_and_blocked_words_alone_decide(password: str, code: str) -> None:
    assert why(password) == code


@pytest.mark.parametrize(
    "password",
    [
        "q1w2e3r4t5y6", "qazwsxedcrfv", "Huawei@12345", "P@ssword1234", "woaini1314520", "abcdefghijkl",
        "minzhou19850101", "Aa123456.Aa123456.", "1qaz@WSX3edc", "zaq12wsxcde3", "147258369147", "lkjhgfdsaqwe",
        "Nanjing@2026", "Chengdu028028!", "Zhongguo@1949", "5201314woaini", "iloveyou1314", "asdf1234asdf1234",
        "Passw0rd2026!", "Spring2026!!!", "13812345678a", "zhangsan19850101", "19850101zhangsan", "Gongwu@2026!",
        "Dalianqin2026#", "sunshine-princess", "dragon monkey1", "cba987654321", "Q1W2E3R4T5Y6",
        "ｑ１ｗ２ｅ３ｒ４ｔ５ｙ６",
    ],
)  # fmt: skip
def test_what_is_guessed_first_is_no_password(password: str) -> None:
    """Of the common ones, of keyboards, of dates and runs, of the field and of China."""
    assert why(password, "duty", "周敏") == "common"


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("周敏", "zhoumin19850101"),
        ("周敏", "minzhou@1985"),
        ("单雄信", "shanxiongxin1"),
        ("单雄信", "danxiongxin88"),
        ("欧阳锋", "Ouyangfeng2026"),
        ("周敏", "ZhouMin123456"),
    ],
)
def test_a_name_in_pinyin_with_a_date_behind_it_is_guessed(name: str, password: str) -> None:
    assert why(password, "duty", name) == "common"


def test_kinds_of_characters_are_asked_for_only_where_a_setting_says_so() -> None:
    plain = "three green herons"
    check(plain, "zhoumin")
    for classes, password in ((2, plain), (3, "Three green herons"), (4, "Three green herons 7")):
        check(password, "zhoumin", classes=classes)
        with pytest.raises(BadPassword, match="CLASSES"):
            check(plain, "zhoumin", classes=classes + 1) if classes < 3 else check(plain, "zhoumin", classes=classes)


def test_ten_thousand_common_passwords_are_known() -> None:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    assert len(FREQUENCY_LISTS["passwords"]) >= 10_000


def test_the_persons_name_is_no_part_of_a_password() -> None:
    assert why("李小明李小明李小明三只鹭", name="李小明") == "name"
    assert why("敏敏敏三只绿鹭在浅滩上站着", name="敏") == ""  # one letter is in too much to forbid


@given(st.text(min_size=LEAST, max_size=MOST))
@settings(deadline=None)
def test_no_text_breaks_the_rules(password: str) -> None:
    assert why(password) in {"", *WHY}


def test_a_made_password_is_taken_and_each_is_another() -> None:
    made = {passwords.make() for _ in range(200)}
    assert len(made) == 200
    assert {why(one) for one in made} == {""}


@given(st.text(min_size=1, max_size=40))
@settings(max_examples=5, deadline=None)
def test_what_was_hashed_is_right_and_anything_else_is_wrong(password: str) -> None:
    kept = passwords.hashed(password)
    assert kept.startswith("$argon2id$")
    assert passwords.is_right(kept, password)
    assert not passwords.is_right(kept, password + "x")
    assert not passwords.is_right(kept, "")


def test_a_letter_typed_in_two_ways_is_the_same_letter() -> None:
    kept = passwords.hashed("café 三只绿鹭")
    assert passwords.is_right(kept, "cafe\u0301 三只绿鹭")
    assert passwords.is_right(passwords.hashed("ＡＢＣ三只绿鹭在浅滩上"), "ABC三只绿鹭在浅滩上")


@pytest.mark.parametrize("kept", ["", "plain", "$argon2id$broken", "$2b$12$abcdefghijklmnopqrstuv"])
def test_what_is_no_hash_lets_nobody_in(kept: str) -> None:
    assert not passwords.is_right(kept, "anything")
    assert not passwords.is_right(kept, kept)


def test_a_password_beyond_the_longest_is_never_right() -> None:
    """Nobody makes us hash a megabyte, and what was cut off does not count as the same."""
    kept = passwords.hashed("a" * MOST)
    assert passwords.is_right(kept, "a" * MOST)
    assert not passwords.is_right(kept, "a" * (MOST + 1))
    assert not passwords.is_right(kept, "a" * 1_000_000)


def test_an_account_that_is_not_there_costs_the_time_of_one_that_is() -> None:
    kept = passwords.hashed("three green herons")
    passwords.is_right("", "warm")

    def cost(hashed: str) -> float:
        times = []
        for _ in range(5):
            start = time.thread_time()
            passwords.is_right(hashed, "wrong password")
            times.append(time.thread_time() - start)
        return median(times)

    assert 0.3 < cost("") / cost(kept) < 3


def test_a_hash_with_weaker_parameters_is_made_anew() -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash("three green herons")
    assert passwords.is_right(weak, "three green herons")
    assert passwords.is_old(weak)
    assert not passwords.is_old(passwords.hashed("three green herons"))
