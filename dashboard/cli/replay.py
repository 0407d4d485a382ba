"""``lianqin replay``: a file of real cases through the stream, or the package that belongs to it. Parse, call."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from services.platform.settings import Settings

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add_commands(commands: "Commands", local: Callable[[argparse.ArgumentParser], None]) -> None:
    """Add it to the parser; ``local`` adds the options that say where the data lie."""
    text = "send a file of real cases through the stream"
    replay = commands.add_parser("replay", help=text, description=text)
    replay.set_defaults(command=_replay)
    replay.add_argument("file", type=Path)
    local(replay)
    pace = replay.add_mutually_exclusive_group()
    pace.add_argument("--speed", type=float, metavar="N", help="N times as fast as it was")
    pace.add_argument("--instant", action="store_true", help="all at once")
    replay.add_argument("--until", metavar="T", help="stop at T (RFC 3339) and let the clock stand there")
    replay.add_argument("--boundaries", type=Path, help="a folder of street outlines, for `--make-district`")
    forms = replay.add_mutually_exclusive_group()
    forms.add_argument("--form", default="", metavar="NAME", help="the file's form, where its columns do not tell it")
    forms.add_argument("--mapping", type=Path, metavar="FILE", help="a TOML file that describes the file's form")
    replay.add_argument("--make-district", type=Path, metavar="DIR", help="write the matching district package and end")


def _replay(options: argparse.Namespace, settings: Settings) -> int:
    from services.operations.replay.command import make_district, replay

    form, mapping = options.form, options.mapping
    if options.make_district is not None:
        return make_district(options.file, options.make_district, options.boundaries, say, form=form, mapping=mapping)
    return replay(
        options.file, settings, speed=options.speed, instant=options.instant, until=options.until, say=say, form=form,
        mapping=mapping,
    )  # fmt: skip


def say(text: str) -> None:
    """One line of progress, at once."""
    print(f"lianqin: {text}", flush=True)
