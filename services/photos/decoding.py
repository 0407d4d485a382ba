"""A picture made anew: whatever came, a JPEG of at most 2,048 px goes on, without a word of what came with it.

Run it in a process of its own (``fetching_errands``): decoders are old C, and a picture may be made to hurt them.
"""

import io

from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from services.photos.faults import PhotoRefused
from services.photos.made import MadePhoto

MOST_PIXELS = 50_000_000
LONGEST_SIDE, SMALL_SIDE = 2048, 480
QUALITY, SMALL_QUALITY = 85, 78
# Pillow knows sixty kinds; a camera makes these.
KINDS = ("JPEG", "PNG", "WEBP")


def make_photo(raw: bytes) -> MadePhoto:
    """Decode, turn as the camera was held, reduce, encode anew. Raises PhotoRefused.

    No metadata goes on: place, time, maker's notes, comment, thumbnail and colour profile stay behind.
    """
    Image.MAX_IMAGE_PIXELS = None  # ours is the limit, asked before anything is decoded
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        with Image.open(io.BytesIO(raw), formats=KINDS) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise PhotoRefused("too_many_pixels", f"it has {opened.width} × {opened.height} pixels")
            opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG is decoded no larger than is needed
            bare = _bare(opened)
    except PhotoRefused:
        raise
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError) as error:
        # Pillow's decoders raise all of these for bytes that are no whole picture.
        raise PhotoRefused("no_picture", f"it is no JPEG, PNG or WebP: {type(error).__name__}") from error
    small = bare.copy()
    small.thumbnail((SMALL_SIDE, SMALL_SIDE))
    return MadePhoto(_jpeg(bare, QUALITY), _jpeg(small, SMALL_QUALITY), bare.width, bare.height)


def _bare(opened: Image.Image) -> Image.Image:
    """Only the pixels, upright, on white where they let something through."""
    has_palette = opened.mode in {"P", "PA"}  # reduced as they are, colours would be picked, not mixed
    reduced: Image.Image = opened.convert("RGBA") if has_palette else opened
    reduced.thumbnail((LONGEST_SIDE, LONGEST_SIDE), reducing_gap=2.0)
    turned = ImageOps.exif_transpose(reduced)
    has_alpha = "A" in turned.getbands() or "transparency" in turned.info
    plain = turned.convert("RGBA") if has_alpha else turned.convert("RGB")
    bare = Image.new("RGB", plain.size, "white")
    bare.paste(plain, mask=plain.getchannel("A") if has_alpha else None)
    return bare


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    made = io.BytesIO()
    picture.save(made, "JPEG", quality=quality, optimize=True)
    return made.getvalue()
