"""A photo of a case, by the case's right: ``/api/v1/photo``. Who opens one large is on the audit."""

from collections.abc import Callable
from dataclasses import dataclass

import flask
from flask import Flask, Response

from dashboard.door.access import allowed_case, refuse
from dashboard.door.bodies import as_json
from dashboard.texts import texts
from services.access.rights import Person
from services.board.readers.case import CaseReader
from services.cases.whose import may_photos
from services.photos.faults import PhotoRefused
from services.photos.service import Photos
from services.platform.offload import Offload

MOST_CHARS = 64


@dataclass(frozen=True, slots=True)
class PhotoPage:
    """What the address needs. ``look`` records that a person looked: (person, case, action)."""

    reader: CaseReader
    photos: Photos
    look: Callable[[Person, str, str], None]
    offload: Offload

    def photo(self) -> Response:
        """Answer the JPEG of ``photo`` (its key) of ``case``; ``size=small``: the small one. A fault is JSON, 404."""
        asked = flask.request.args
        case_id, key = asked.get("case", "")[:MOST_CHARS], asked.get("photo", "")[:MOST_CHARS]
        found = self.offload(lambda: self.reader.photos(case_id))
        if found is None:
            refuse(404, "no such case")
        row, photos = found
        asking = allowed_case("see_texts", row)
        if not may_photos(asking, row):
            allowed_case("see_sensitive", row)
        address = next((photo.address for photo in photos if photo.key == key), None)
        if address is None:
            refuse(404, "the case has no such photo")
        is_small = asked.get("size") == "small"
        self.look(asking, row.case_id, "see_case" if is_small else "see_photo")
        try:
            jpeg = self.photos.photo(address, is_small=is_small)
        except PhotoRefused as error:
            words = texts(asked.get("lang", ""))["photo"]["fault"][error.fault]
            return as_json({"fault": error.fault, "words": words}, 404)
        return Response(jpeg, mimetype="image/jpeg")


def register_photos(server: Flask, page: PhotoPage) -> None:
    """Add the address."""
    server.add_url_rule("/api/v1/photo", view_func=page.photo, methods=["GET"])
