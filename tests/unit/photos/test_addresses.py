"""Which address a photo may come from: what the package names, and no trick that a text can play."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.district.photo_address import is_photo_address
from services.photos.addresses import address_of, is_never, key_of
from services.photos.faults import PhotoRefused

ALLOWED = ("http://10.1.2.3:8080/media/", "https://cases.example.cn/photos/")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://10.1.2.3:8080/media/C1/1.jpg", "http://10.1.2.3:8080/media/C1/1.jpg"),
        ("/media/C1/1.jpg", "http://10.1.2.3:8080/media/C1/1.jpg"),
        ("https://cases.example.cn/photos/a.jpg?v=2", "https://cases.example.cn:443/photos/a.jpg?v=2"),
        ("https://CASES.example.cn:443/photos/a.jpg", "https://cases.example.cn:443/photos/a.jpg"),
        ("/media/井盖.jpg", "http://10.1.2.3:8080/media/%E4%BA%95%E7%9B%96.jpg"),
    ],
)
def test_an_address_of_the_package_is_taken_apart(text: str, expected: str) -> None:
    assert str(address_of(text, ALLOWED)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "photo.jpg",
        "file:///etc/passwd",
        "gopher://10.1.2.3:8080/media/1",
        "HTTP://10.1.2.3:8080/media/1.jpg",
        "//10.1.2.3:8080/media/1.jpg",
        "http://10.1.2.3/media/1.jpg",
        "http://10.1.2.3:80800/media/1.jpg",
        "https://10.1.2.3:8080/media/1.jpg",
        "http://10.1.2.4:8080/media/1.jpg",
        "http://10.1.2.3:8080/mediaX/1.jpg",
        "http://10.1.2.3:8080/media/../admin",
        "http://10.1.2.3:8080/media/%2e%2e/admin",
        "http://10.1.2.3:8080/media/..%2fadmin",
        "http://10.1.2.3:8080/media/%5c..%5cadmin",
        "http://10.1.2.3:8080/media//evil",
        "http://10.1.2.3:8080@evil.example/media/1.jpg",
        "http://evil.example#@10.1.2.3:8080/media/1.jpg",
        "http://10.1.2.3:8080\\@evil.example/media/1.jpg",
        "http://10.1.2.3:8080/media/1.jpg\r\nX: y",
        "http://10.1.2.3:8080/media/1.jpg\n",
        "http://10.1.2.3:8080/media/%0d%0aX",
        "http://10.1.2.3:8080/media/%zz",
        "http://167838211:8080/media/1.jpg",
        "http://0x0a010203:8080/media/1.jpg",
        "http://10.1.2.3。:8080/media/1.jpg",
        "http://10.1.2.3:٨٠٨٠/media/1.jpg",
        "/admin",
        "/media/\udc80",
        "http://10.1.2.3:8080/media/" + "a" * 2000,
    ],
    ids=ascii,
)
def test_anything_else_is_not_fetched(text: str) -> None:
    with pytest.raises(PhotoRefused) as caught:
        address_of(text, ALLOWED)
    assert caught.value.fault == "not_allowed"


def test_without_an_address_in_the_package_nothing_is_fetched() -> None:
    with pytest.raises(PhotoRefused):
        address_of("/media/C1/1.jpg", ())
    with pytest.raises(PhotoRefused):
        address_of("http://example.cn/1.jpg", ())


@given(st.text(max_size=60))
def test_whatever_the_text_is_the_machine_is_one_of_the_packages(text: str) -> None:
    for prefix in ("", "http://10.1.2.3:8080/media/", "http://10.1.2.3:8080", "/media/", "https://"):
        try:
            found = address_of(prefix + text, ALLOWED)
        except PhotoRefused:
            continue
        assert (found.scheme, found.host, found.port) in {
            ("http", "10.1.2.3", 8080),
            ("https", "cases.example.cn", 443),
        }
        assert found.path.startswith(("/media/", "/photos/"))
        assert ".." not in found.path.split("/")


@pytest.mark.parametrize(
    ("ip", "never"),
    [
        ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("::ffff:127.0.0.1", True), ("::127.0.0.1", True),
        ("169.254.169.254", True), ("fe80::1", True), ("fe80::1%eth0", True), ("100.100.100.200", True),
        ("64:ff9b::7f00:1", True), ("64:ff9b::a9fe:a9fe", True), ("2002:7f00:1::", True), ("fd00:ec2::254", True),
        ("0.0.0.0", True), ("0.1.2.3", True), ("::", True), ("224.0.0.1", True), ("ff02::1", True), ("240.0.0.1", True),
        ("255.255.255.255", True), ("no address", True),
        ("10.1.2.3", False), ("192.168.1.9", False), ("172.16.0.1", False), ("fd12::9", False), ("8.8.8.8", False),
        ("::ffff:10.1.2.3", False), ("2400:3200::1", False),
    ],
)  # fmt: skip
def test_which_machines_are_never_asked(ip: str, never: bool) -> None:
    assert is_never(ip) is never


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("http://10.1.2.3:8080/media/", True),
        ("https://cases.example.cn/", True),
        ("https://[fd12::9]:8443/m/", True),
        ("http://10.1.2.3:8080/media", False),
        ("http://10.1.2.3:8080/media/?x=/", False),
        ("http://u:p@10.1.2.3/media/", False),
        ("http://10.1.2.3/a/../", False),
        ("ftp://10.1.2.3/media/", False),
        ("", False),
    ],
)
def test_what_the_package_may_name(text: str, good: bool) -> None:
    assert is_photo_address(text) is good
    if good:  # and what it may name is understood where photos are fetched
        assert address_of(f"{text}1.jpg", [text]).path.endswith("/1.jpg")


def test_a_key_is_the_address_s_and_says_nothing_of_it() -> None:
    assert key_of("/a") == key_of("/a") != key_of("/b")
    assert len(key_of("\udc80")) == 32
