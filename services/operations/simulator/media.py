"""The case system's own pictures: invented, drawn by code from the case's number, served from its own address."""

import hashlib
import io
import logging
import random
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from PIL import Image, ImageDraw, ImageFilter

from services.operations.simulator.paths import MEDIA

log = logging.getLogger(__name__)

_PATH = re.compile(rf"{re.escape(MEDIA)}([A-Za-z0-9_-]{{1,64}})/([1-9][0-9]?)\.jpg")
SIZE = (1280, 960)
_WALLS = ("#b9b2a4", "#a9b3b5", "#c2ad98", "#9fa8a0", "#b8a7a7")
_HEAPS = ("#6b5d4a", "#7d7463", "#4f5a52", "#8a7a5c", "#5c5560", "#94856d")


def draw(case_id: str, number: int) -> bytes:
    """A street with what is wrong (1), or without it (2 and on), as JPEG; the same case has the same street."""
    dice = random.Random(hashlib.sha256(case_id.encode()).digest())  # a picture, no secret
    width, height = SIZE
    picture = Image.new("RGB", SIZE, "#c9d6de")
    pen = ImageDraw.Draw(picture)
    left = 0
    while left < width:
        wide, top = dice.randint(180, 360), dice.randint(120, 330)
        pen.rectangle((left, top, left + wide - 6, 560), fill=dice.choice(_WALLS))
        for row in range(top + 30, 500, 80):
            for column in range(left + 26, left + wide - 50, 70):
                pen.rectangle((column, row, column + 32, row + 46), fill="#7f8f99")
        left += wide
    pen.rectangle((0, 560, width, 700), fill="#a7a59f")
    pen.rectangle((0, 700, width, height), fill="#6d6f71")
    for x in range(-60, width, 220):
        pen.polygon(((x, 842), (x + 120, 842), (x + 104, 858), (x - 16, 858)), fill="#e6e3d6")
    x, y = dice.randint(300, 900), dice.randint(600, 680)
    if number == 1:
        for _ in range(26):
            at, up, size = x + dice.gauss(0, 90), y - abs(dice.gauss(0, 40)), dice.randint(18, 58)
            corners = [(at + dice.randint(-size, size), up + dice.randint(-size, size // 2)) for _ in range(5)]
            pen.polygon(corners, fill=dice.choice(_HEAPS))
        pen.ellipse((x - 210, y + 20, x + 190, y + 64), outline="#5a5348", width=5)
    else:
        pen.ellipse((x - 160, y + 6, x + 150, y + 40), fill="#9d9b95")
    made = io.BytesIO()
    picture.filter(ImageFilter.GaussianBlur(1.1)).save(made, "JPEG", quality=84)
    return made.getvalue()


class _Pictures(BaseHTTPRequestHandler):
    timeout = 10

    def do_GET(self) -> None:
        """One picture; anything else is not there."""
        found = _PATH.fullmatch(self.path)
        if found is None:
            self.send_error(404)
            return
        body = draw(found[1], int(found[2]))
        self.send_response(200)
        self.send_header("Content-Type", "image/jpeg")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # as the base class names it
        """Into our log, where somebody who looks for it finds it."""
        log.debug(format, *args)


def serve_pictures(port: int) -> ThreadingHTTPServer:
    """Serve on this machine's port in a thread; ``server_close`` and ``shutdown`` end it."""
    server = ThreadingHTTPServer(("127.0.0.1", port), _Pictures)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="pictures", daemon=True).start()
    return server
