"""Why there is no photo to show: one code each, with words on every page (``[photo.fault]``). Pure."""

from typing import Literal, get_args

from services.platform.refusal import Refusal

PhotoFault = Literal[
    "not_allowed", "not_there", "moved", "too_large", "too_slow", "no_picture", "too_many_pixels", "away", "busy",
]  # fmt: skip
PHOTO_FAULTS: tuple[PhotoFault, ...] = get_args(PhotoFault)


class PhotoRefused(Refusal):
    """The photo cannot be had; ``code`` is one of PHOTO_FAULTS."""

    texts = "photo.fault."
    status = 404

    def __init__(self, code: PhotoFault, text: str) -> None:
        super().__init__(text, code)
        self.fault: PhotoFault = code
