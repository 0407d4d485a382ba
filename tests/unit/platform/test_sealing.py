"""The keys of LIANQIN_DATA_KEY: the first encrypts, all decrypt."""

import pytest
from cryptography.fernet import Fernet, InvalidToken

from services.platform.sealing import Sealer, keys_in, make_key, name_of


def test_the_first_key_encrypts_and_all_decrypt() -> None:
    old, new = make_key(), make_key()
    sealed = Sealer(old).seal(b"secret")
    assert sealed is not None
    both = Sealer(f" {new} , {old},")
    assert both.open(sealed) == b"secret"
    assert (both.key_of(sealed), Sealer(new).key_of(sealed)) == (1, None)
    again = both.again(sealed)
    assert Sealer(new).open(again) == b"secret"
    assert Fernet(new).extract_timestamp(again) == Fernet(old).extract_timestamp(sealed)
    with pytest.raises(InvalidToken):
        Sealer(old).open(again)


def test_without_a_key_nothing_is_kept_or_opened() -> None:
    none = Sealer("")
    assert not none
    assert none.seal(b"secret") is None
    for call in (none.open, none.again):
        with pytest.raises(ValueError, match="LIANQIN_DATA_KEY is not set"):
            call(b"")


@pytest.mark.parametrize(
    "text", ["short", f"{make_key()},short", f"{make_key()};{make_key()}"], ids=["short", "second", "semicolon"]
)
def test_what_is_no_key_is_said_with_the_remedy(text: str) -> None:
    with pytest.raises(ValueError, match="make one with `lianqin key make`") as error:
        Sealer(text)
    assert text not in str(error.value)


def test_a_key_given_twice_is_a_mistake() -> None:
    key = make_key()
    with pytest.raises(ValueError, match="names a key twice"):
        Sealer(f"{key},{key}")


def test_a_keys_name_is_short_and_says_nothing_of_it() -> None:
    key = make_key()
    assert len(name_of(key)) == 8
    assert name_of(key) not in key
    assert keys_in(f"{key}, b ,,") == (key, "b")
