"""The address of Redis: one server, a Sentinel's master, a cluster; and what is said of any other."""

from dataclasses import fields
from inspect import getattr_static

import pytest
from redis.crc import key_slot

from services.platform.redis import Keys, connect
from services.platform.redis_address import RedisAddress, machines_of, parse_address

GOOD = {
    "redis://:secret@10.0.0.1:6379/0": RedisAddress("redis"),
    "rediss://one/0": RedisAddress("redis"),
    "redis+sentinel://a:26379,b,[::1]:5000/lianqin": RedisAddress(
        "redis+sentinel", (("a", 26379), ("b", 26379), ("::1", 5000)), "lianqin"
    ),
    "redis+sentinel://us%40er:p%2Ca@a/lianqin/3?sentinel_password=other": RedisAddress(
        "redis+sentinel", (("a", 26379),), "lianqin", 3, "us@er", "p,a", None, "other"
    ),
    "redis+cluster://:secret@a:7000,b,c/0": RedisAddress(
        "redis+cluster", (("a", 7000), ("b", 6379), ("c", 6379)), password="secret"
    ),
}
BAD = {
    "nonsense": "is no address",
    "http://a": "begins with http://",
    "redis://:secret@a,b": "names several hosts behind redis://",
    "redis+sentinel://:secret@a,b": "names Sentinels and no master",
    "redis+sentinel:///lianqin": "names no host",
    "redis+sentinel://a:b/lianqin": "names 'a:b', which is no host",
    "redis+sentinel://a/lianqin/x": "names database 'x'",
    "redis+sentinel://a/lianqin/1/2": "has more behind the hosts",
    "redis+sentinel://a/lianqin?timeout=3": "has timeout=…",
    "redis+cluster://a,b/1": "a Redis Cluster has number 0 alone",
    "redis+cluster://[::1/0": "which is no host",
}


@pytest.mark.parametrize("url", GOOD)
def test_an_address_is_read(url: str) -> None:
    assert parse_address(url) == GOOD[url]


@pytest.mark.parametrize("url", BAD)
def test_another_form_is_a_sentence_with_what_to_write(url: str) -> None:
    with pytest.raises(ValueError, match="LIANQIN_REDIS_URL") as caught:
        connect(url, "320499")
    assert BAD[url] in str(caught.value)
    assert "redis+sentinel://user:password@host1:26379" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_every_key_of_a_district_lies_in_one_slot_and_districts_in_several() -> None:
    """A cluster answers a MULTI, a script and a client that is bound to one node for the keys of one slot alone."""
    assert [field.name for field in fields(Keys)] == ["district"]
    slots = {code: {key_slot(key.encode()) for key in keys(code)} for code in ("320499", "320498", "x")}
    assert {code: len(found) for code, found in slots.items()} == {"320499": 1, "320498": 1, "x": 1}
    assert len(set.union(*slots.values())) == 3


def keys(code: str) -> list[str]:
    """All that the registry makes: its properties, and its functions of one name."""
    made = [name for name in vars(Keys) if not name.startswith("_") and name != "district"]
    is_plain = {name: isinstance(getattr_static(Keys, name), property) for name in made}
    assert len(made) >= 11
    return [getattr(Keys(code), name) if is_plain[name] else getattr(Keys(code), name)("x") for name in made]


@pytest.mark.parametrize(
    ("url", "machines"),
    [
        ("redis://u:p@r:6380/0", [("r", 6380)]),
        ("rediss://[::1]", [("::1", 6379)]),
        ("unix:///run/redis.sock", []),
        ("redis+cluster://c1,c2:7000", [("c1", 6379), ("c2", 7000)]),
        (
            "redis+sentinel://s1:26379,[::1]:5000/n",
            [("s1", 26379), ("::1", 5000), ("s1", 6379), ("::1", 6379)],
        ),
    ],
)
def test_every_machine_of_an_address_is_known(url: str, machines: list[tuple[str, int]]) -> None:
    assert list(machines_of(url)) == machines
