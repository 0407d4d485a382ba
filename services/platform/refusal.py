"""The root of the errors that are told to whoever asked, in a page, an API's answer or a terminal."""

from typing import ClassVar


class Refusal(Exception):
    """What was asked for cannot be done. The text is for operators: it says why, and what to do.

    ``code`` is for programs. ``fields`` are values that the words name and an API's answer carries. ``text_key`` is
    where the pages' tables have the words (``handover.refused.nobody``), empty where operators alone are told.
    ``status`` is the number of an HTTP answer.
    """

    texts: ClassVar[str] = ""
    status: int = 409

    def __init__(self, text: str, code: str = "refused", **fields: object) -> None:
        super().__init__(text)
        self.code, self.fields = code, fields

    @property
    def text_key(self) -> str:
        """The key of the words in ``dashboard/texts``."""
        return f"{self.texts}{self.code}" if self.texts else ""
