"""One-time passwords as RFC 6238 has them, the recovery codes beside them, and what a browser is called."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.door.devices import words_of
from services.access.log_in import factors_service as factors
from services.access.log_in import recovery, totp

RFC_SECRET = b"12345678901234567890"
# RFC 6238, appendix B, SHA-1: (Unix s, code of eight digits).
VECTORS = [
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
]


@pytest.mark.parametrize(("at", "code"), VECTORS)
def test_the_standards_own_codes_are_ours(at: int, code: str) -> None:
    step = totp.step_at(at * 1000)
    assert totp.code_at(RFC_SECRET, step, 8) == code
    assert totp.code_at(RFC_SECRET, step) == code[2:]
    assert totp.accepted_step(RFC_SECRET, code[2:], at * 1000, 0) == step


@given(st.integers(10, 10**8), st.integers(-4, 4), st.integers(0, 29_999))
def test_a_code_counts_one_step_away_and_no_further(step: int, away: int, ms: int) -> None:
    code = totp.code_at(RFC_SECRET, step + away)
    near = {totp.code_at(RFC_SECRET, step + n) for n in (-1, 0, 1)}
    found = totp.accepted_step(RFC_SECRET, code, step * 30_000 + ms, 0)
    assert (found is not None) == (code in near)


def test_a_code_counts_once_and_none_from_before_it() -> None:
    now = 1_795_000_000_000
    step = totp.step_at(now)
    codes = [totp.code_at(RFC_SECRET, step + n) for n in (-1, 0, 1)]
    assert len(set(codes)) == 3
    assert totp.accepted_step(RFC_SECRET, codes[1], now, step) is None
    assert totp.accepted_step(RFC_SECRET, codes[0], now, step) is None
    assert totp.accepted_step(RFC_SECRET, codes[2], now, step) == step + 1


def test_a_code_that_was_used_while_the_clock_was_ahead_locks_nobody_out() -> None:
    now = 1_795_000_000_000
    step = totp.step_at(now)
    for used in (step + 2, step + 10**6, (1 << 63) - 1):
        assert totp.accepted_step(RFC_SECRET, totp.code_at(RFC_SECRET, step), now, used) == step


@pytest.mark.parametrize(
    "typed", ["", "12345", "1234567", "abcdef", "１２３４５６７", "-12345", "+12345", "12 345", "²34567", "\x00"]
)
def test_what_is_no_code_is_refused(typed: str) -> None:
    assert totp.accepted_step(RFC_SECRET, totp.plain_code(typed), 59_000, 0) is None


def test_a_code_is_taken_as_people_type_it() -> None:
    for typed in ("287082", " 287 082 ", "287-082", "２８７０８２"):
        assert totp.plain_code(typed) == "287082"


def test_the_address_holds_the_secret_and_the_names() -> None:
    secret = totp.make_secret()
    assert len(secret) == 20
    text = base64.b32encode(secret).decode()
    address = factors.address_of(secret, "songtao", "联勤 示范区")
    assert address.startswith("otpauth://totp/%E8%81%94%E5%8B%A4%20")
    assert f":songtao?secret={text}&" in address
    assert "algorithm=SHA1&digits=6&period=30" in address
    assert totp.in_groups(secret).replace(" ", "") == text


def test_recovery_codes_are_ten_long_and_kept_as_hashes_of_the_account() -> None:
    codes = recovery.make_codes()
    assert len(set(codes)) == recovery.COUNT == 10
    assert all(recovery.could_be(code) and len(code.replace("-", "")) == 24 for code in codes)
    assert 31**24 > 2**112  # ASVS 6.5.2: as many bits as a plain hash needs
    typed = codes[0].upper().replace("-", " ")
    assert recovery.hash_of("a", typed) == recovery.hash_of("a", codes[0])
    assert recovery.hash_of("b", codes[0]) != recovery.hash_of("a", codes[0])
    assert not recovery.could_be("123456")


CHROME = "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36{}"


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (CHROME.format("Windows NT 10.0; Win64; x64", ""), "Chrome 141 · Windows"),
        (CHROME.format("Windows NT 10.0; Win64; x64", " Edg/141.0.0.0"), "Edge 141 · Windows"),
        (CHROME.format("X11; Linux x86_64; Kylin", ""), "Chrome 141 · 麒麟"),
        (CHROME.format("Windows NT 10.0", " QBCore/4.0 QQBrowser/9.0"), "QQ 9 · Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0", "Firefox 143 · Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) MicroMessenger/8.0.50", "微信 8 · iPhone"),
        ("", ""),
        ("curl/8", ""),
        ("<script>alert(1)</script>", ""),
        ("Chrome/99999999999", "Chrome"),
    ],
)
def test_a_browser_is_called_by_a_few_words(agent: str, words: str) -> None:
    assert words_of(agent) == words
