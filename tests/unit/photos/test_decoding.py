"""A picture is made anew: small enough, upright, without a word of what came with it; anything else is refused."""

import io
import struct
import zlib

import pytest
from PIL import Image

from services.photos.decoding import LONGEST_SIDE, SMALL_SIDE, make_photo
from services.photos.faults import PhotoRefused

RED, BLUE = (200, 30, 30), (30, 30, 200)


def encoded(picture: Image.Image, kind: str, **more: object) -> bytes:
    made = io.BytesIO()
    picture.save(made, kind, **more)
    return made.getvalue()


def opened(raw: bytes) -> Image.Image:
    return Image.open(io.BytesIO(raw))


def test_a_photo_is_reduced_and_turned_and_says_nothing_of_its_camera() -> None:
    picture = Image.new("RGB", (3000, 1500), RED)
    picture.paste(BLUE, (0, 0, 1500, 1500))
    exif = Image.Exif()
    exif[0x0112] = 6  # hold it turned
    exif[0x010F] = "MAKER-OF-CAMERAS"
    exif.get_ifd(0x8825)[2] = (31.0, 12.0, 3.0)
    raw = encoded(picture, "JPEG", exif=exif, comment=b"SECRET-COMMENT", icc_profile=b"ICC" * 50)
    made = make_photo(raw)
    photo = opened(made.photo)
    assert (photo.format, photo.size) == ("JPEG", (LONGEST_SIDE // 2, LONGEST_SIDE))
    assert (made.width, made.height) == photo.size
    assert max(opened(made.small).size) == SMALL_SIDE
    top, bottom = photo.getpixel((500, 100)), photo.getpixel((500, 1900))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert top[2] > top[0]
    assert bottom[0] > bottom[2]
    for made_bytes in (made.photo, made.small):
        assert not opened(made_bytes).getexif()
        for word in (b"Exif", b"MAKER", b"SECRET", b"ICC", b"http"):
            assert word not in made_bytes
        assert set(opened(made_bytes).info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "1", "I;16"])
def test_every_kind_of_colour_becomes_one(mode: str) -> None:
    raw = encoded(Image.new(mode, (40, 20)), "PNG")
    assert opened(make_photo(raw).photo).mode == "RGB"


def test_what_lets_through_is_white() -> None:
    made = make_photo(encoded(Image.new("RGBA", (20, 20), (0, 0, 0, 0)), "WEBP"))
    pixel = opened(made.photo).getpixel((10, 10))
    assert isinstance(pixel, tuple)
    assert min(pixel) > 250


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def test_a_bomb_is_refused_by_its_head_before_anything_is_decoded() -> None:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    with pytest.raises(PhotoRefused) as caught:
        make_photo(bomb)
    assert caught.value.fault == "too_many_pixels"


WHOLE = encoded(Image.effect_noise((300, 300), 80), "JPEG")


@pytest.mark.parametrize(
    "raw",
    [b"", b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7", b"\xff\xd8\xff", WHOLE[:3000],
     encoded(Image.new("RGB", (9, 9)), "GIF"), encoded(Image.new("RGB", (9, 9)), "TIFF"), b"\x89PNG\r\n\x1a\n\0\0"],
    ids=["empty", "text", "svg", "pdf", "head", "half", "gif", "tiff", "png-head"],
)  # fmt: skip
def test_what_is_no_whole_picture_is_refused(raw: bytes) -> None:
    with pytest.raises(PhotoRefused) as caught:
        make_photo(raw)
    assert caught.value.fault == "no_picture"
