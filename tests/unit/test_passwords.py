"""What is a password, and how it is kept."""

import time
from statistics import median

import pytest
from argon2 import PasswordHasher
from hypothesis import given, settings
from hypothesis import strategies as st

from services import passwords
from services.passwords import LEAST, MOST, WHY, BadPassword, check


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
