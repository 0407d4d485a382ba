"""``lianqin …``, the front door: parse, one service call, print. The one module that may import both packages."""

import sys

if "web" in sys.argv[1:2]:
    # Before anything else is imported: gevent replaces what blocks (ARCHITECTURE.md, decision 7).
    from gevent import monkey

    monkey.patch_all()

import argparse
import contextlib
import dataclasses
import logging
import os
import threading
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from dashboard.cli.acts import leaves, write_down
from dashboard.cli.archive import add_commands as add_archive_commands
from dashboard.cli.backup import add_commands as add_backup_commands
from dashboard.cli.begun import PROCESSES, begun_and_ended
from dashboard.cli.coverage import add_commands as add_coverage_commands
from dashboard.cli.district import add_district_commands
from dashboard.cli.doctor import add_doctor
from dashboard.cli.early import add_commands as add_early_commands
from dashboard.cli.export import add_commands as add_export_commands
from dashboard.cli.parser import AnyOrder
from dashboard.cli.people import add_commands as add_people_commands
from dashboard.cli.replay import add_commands as add_replay_commands
from dashboard.cli.report import add_commands as add_report_commands
from dashboard.cli.store import add_commands as add_store_commands
from dashboard.cli.user import add_user_command
from services.platform.files import keep_to_ourselves
from services.platform.logs import begin_logging
from services.platform.settings import Settings, from_environment
from services.platform.stopping import stop_on_signals
from services.platform.version import our_version

if TYPE_CHECKING:
    from dashboard.app import Doors

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

Command = Callable[[argparse.Namespace, Settings], int]
HEADINGS = ("street", "community", "grid", "unit", "channel", "level", "domain")
HISTORY = "so many days of it, for example 400d (30d): the last 90 with every event, before them cases and figures"


def say(text: str) -> None:
    """One line of progress, at once."""
    print(f"lianqin: {text}", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 done, 1 something is wrong, 2 not called right."""
    parser = _parser()
    options = parser.parse_args(arguments)
    keep_to_ourselves()
    is_process = options.command_name in PROCESSES
    settings = Settings()
    begin_logging(settings.log, "warning")
    try:
        settings = _settings(options)
        begin_logging(settings.log, settings.log_level if is_process else "warning")
        if options.command not in {_demo, _web, _projector, _escalator, _surveyor, _alarms, _simulate}:
            from services.operations.local import with_local_key, with_local_redis

            settings = with_local_key(with_local_redis(settings))
        write_down(options, settings)
        command: Command = options.command
        with begun_and_ended(options.command_name) if is_process else contextlib.nullcontext():
            return command(options, settings)
    except BrokenPipeError:
        # Whoever read our lines (`| head`) has had enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # what is ours to say is said in a sentence, all else is raised as it is
        if not (lines := _in_words(error)):
            raise
        if is_process and settings.log == "json":
            logging.getLogger("lianqin").error("%s", "\n".join(lines))
        else:
            print(*lines, sep="\n", file=sys.stderr)
    return 1


def _in_words(error: Exception) -> list[str]:
    """What is wrong and what to do, line by line; nothing where the program itself has failed."""
    # Not imported at the start: gunicorn's arbiter keeps what it has imported for as long as it lives.
    from redis import RedisError
    from sqlalchemy.exc import SQLAlchemyError

    from services.district.load import PackageError
    from services.platform.errors import Waiting
    from services.platform.refusal import Refusal

    if isinstance(error, PackageError):
        faults = [f"  {fault}" for fault in error.faults]
        return [*faults, f"lianqin: the district package has {len(faults)} faults; nothing was loaded"]
    if isinstance(error, RedisError | SQLAlchemyError | OSError | Waiting):
        return [f"lianqin: {str(error).splitlines()[0]}; `lianqin doctor` says what is wrong"]
    return [f"lianqin: {error}"] if isinstance(error, Refusal | ValueError) else []


def _settings(options: argparse.Namespace) -> Settings:
    settings = from_environment()
    given = {name: getattr(options, name, None) for name in ("port", "host", "data_dir")}
    return dataclasses.replace(settings, **{name: value for name, value in given.items() if value is not None})


def _add(commands: "Commands", name: str, command: Command, help_text: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=help_text, description=help_text)
    parser.set_defaults(command=command)
    return parser


def _add_local(commands: "Commands", name: str, command: Command, help_text: str) -> argparse.ArgumentParser:
    """Add a command that may work on the store of a running demo."""
    parser = _add(commands, name, command, help_text)
    _local(parser)
    return parser


def _serving(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, help="where the web server listens (default 8050)")
    parser.add_argument("--host", help="the address it binds to (default 127.0.0.1)")
    parser.add_argument("--data-dir", type=Path, help="where the data lies (default var)")


def _local(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data-dir", type=Path, help="of a running `lianqin demo`: its Redis and store are used")


def _parser() -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = AnyOrder(
        prog="lianqin",
        description="The live command-center dashboard of a district's joint duty (大联勤). Start with: lianqin demo",
        epilog="Settings come from the environment (docs/settings.md): LIANQIN_REDIS_URL, LIANQIN_DATABASE_URL, "
        "LIANQIN_DISTRICT, LIANQIN_DATA_DIR, LIANQIN_DATA_KEY, LIANQIN_HOST, LIANQIN_HOSTS, LIANQIN_PORT.",
    )
    parser.add_argument("--version", action="version", version=f"lianqin {our_version()}")
    commands = parser.add_subparsers(required=True, metavar="command")
    _add_processes(commands)
    _add_events(commands)
    add_district_commands(commands, _local)
    add_coverage_commands(commands, _local)
    add_early_commands(commands, _local)
    add_user_command(partial(_add, commands), _local)
    dead = _add_local(commands, "dead", _dead, "look at refused entries, or try one again")
    dead.add_argument("action", choices=("list", "show", "retry"))
    dead.add_argument("entry", nargs="?", help="an entry id, for show and retry")
    add_people_commands(commands, _local)
    add_replay_commands(commands, _local)
    add_report_commands(commands, _local)
    add_export_commands(commands, _local)
    add_archive_commands(commands, _local)
    add_backup_commands(partial(_add, commands), _local)
    add_store_commands(commands, _local)
    _add_explaining(commands)
    for name, leaf in leaves(parser):
        leaf.set_defaults(command_name=name)
    return parser


def _add_processes(commands: "Commands") -> None:
    demo = _add(commands, "demo", _demo, "run everything on this machine with an invented district, until Ctrl-C")
    _serving(demo)
    demo.add_argument("--no-simulator", action="store_true", help="without the demo's case system: publish yourself")
    demo.add_argument("--history", default="30d", metavar="DAYS", help=HISTORY)
    demo.add_argument("--speed", type=float, default=1.0, metavar="N", help="let the clock run N times as fast")
    web = _add(commands, "web", _web, "run one web process")
    _serving(web)
    web.add_argument("--demo", action="store_true", help="say on the screen that the data are a demo's")
    _add(commands, "projector", _projector, "read the stream into the store, for ever")
    _add(commands, "escalator", _escalator, "propose and command what the escalation policy says; of several one leads")
    _add(commands, "surveyor", _surveyor, "keep up what cameras see and what they do not; of several one leads")
    _add(commands, "alarms", _alarms, "raise, climb and clear what calls for a person; of several one leads")


def _add_events(commands: "Commands") -> None:
    simulate = _add(commands, "simulate", _simulate, "run the demo's case system: a history once, then live")
    simulate.add_argument("--history", default="30d", metavar="DAYS", help=HISTORY)
    simulate.add_argument("--until-live", default="", metavar="T", help="where the history ends (RFC 3339)")
    simulate.add_argument("--pictures", type=int, default=0, metavar="PORT", help="serve its invented pictures there")
    publish = _add_local(commands, "publish", _publish, "publish one event: data as JSON from standard input or --data")
    publish.add_argument("type", help="for example case.reported")
    publish.add_argument("--source", default="/lianqin-cli")
    publish.add_argument("--subject", default="")
    publish.add_argument("--data", help="the event's data as JSON")
    rebuilding = _add_local(commands, "rebuild", _rebuild, "make the read model again from the history")
    rebuilding.add_argument("--archive", type=Path, metavar="DIR", help="the folder of the months taken out")


def _add_explaining(commands: "Commands") -> None:
    explain = _add_local(
        commands, "explain", _explain, "say why a figure is what it is: the cases in and out of the count"
    )
    explain.add_argument("what", choices=("indicator",))
    explain.add_argument("name", help="for example on_time_close_rate; docs/indicators.md lists them")
    explain.add_argument("--day", help="a counting day, 2026-11-23; default today")
    explain.add_argument("--until", metavar="DAY", help="the last day, for a span")
    for heading in HEADINGS:
        explain.add_argument(f"--{heading}", metavar="CODE")
    contract = _add(
        commands, "contract", _contract, "print the AsyncAPI document of the contract, or write it and the schemas"
    )
    contract.add_argument("folder", nargs="?", type=Path, help="write here instead of printing")
    add_doctor(partial(_add, commands), _local)


def _demo(options: argparse.Namespace, settings: Settings) -> int:
    from services.operations.demo import run_demo
    from services.operations.simulator.play import days_of

    days = days_of(options.history)
    return run_demo(settings, simulator=not options.no_simulator, speed=options.speed, days=days, say=say)


def _web(options: argparse.Namespace, settings: Settings) -> int:
    from dashboard.server import Server

    def make_doors() -> "Doors":
        from dashboard.app import Doors
        from services.district.doors import check_program, open_doors
        from services.district.package_watch_reader import PackageWatch

        try:
            check_program(settings)
            doors = open_doors(settings, migrate=False)
        except Exception as error:  # as in ``main``; gunicorn would print where in the program it was noticed
            if not (lines := _in_words(error)):
                raise
            print(*lines, sep="\n", file=sys.stderr, flush=True)
            sys.exit(3)  # gunicorn's word for: do not try again
        watch = PackageWatch(doors.engine, settings.district_dir, doors.district, doors.clock.now_ms)
        found = Doors(
            doors.engine,
            doors.redis,
            doors.clock,
            doors.district,
            hosts=(settings.host, *settings.hosts),
            is_outdated=lambda: watch.newer() is not None,
            settings=settings,
        )
        if not options.demo:
            return found
        from services.operations.simulator.play import filling

        return dataclasses.replace(found, demo=True, filling=lambda: filling(settings.data_dir))

    arbiter = os.getpid()
    try:
        Server(settings, make_doors).run()
    except SystemExit as end:
        if os.getpid() != arbiter:
            raise  # the worker's own end
        return int(bool(end.code))  # it has said in words why it cannot begin
    return 0


def _projector(_options: argparse.Namespace, settings: Settings) -> int:
    from services.district.calendar import holidays_missing
    from services.district.doors import open_doors
    from services.health.hearts import Hearts
    from services.keeping.worker import make_keeper
    from services.projector.bootstrap import make_ingest, make_projector
    from services.projector.errands.rebuild import rebuild_if_old
    from services.search.worker import make_indexer

    stop = stop_on_signals()
    doors = open_doors(settings)
    if missing := holidays_missing(doors.district, doors.clock.now_ms()):
        logging.getLogger("lianqin").warning("%s; see `lianqin doctor`", missing)
    with Hearts(doors.redis, doors.district.code, doors.district.digest, settings.metrics_dir) as hearts:
        heart = hearts.begin("projector")
        with heart.busy("makes the read model again", 3600):
            rebuild_if_old(doors.engine, make_ingest(doors), doors.clock.now_ms(), say)
        keeper = make_keeper(doors)
        keeper.make_months()
        threading.Thread(target=keeper.run, args=(stop,), daemon=True, name="keeper").start()
        threading.Thread(target=make_indexer(doors).run, args=(stop,), daemon=True, name="search").start()
        projector = make_projector(doors, pulse=heart)
        hearts.tell(projector.counts.figures)
        projector.run(stop)
    return 0


def _escalator(_options: argparse.Namespace, settings: Settings) -> int:
    from dashboard.cli.running import with_each_package
    from services.commands.escalation.worker import Escalator

    return with_each_package(
        settings,
        lambda d, hearts: Escalator(
            d.engine, d.redis, d.district, d.clock, pulse=hearts.begin("escalator", idle_limit_s=20)
        ),
    )


def _surveyor(_options: argparse.Namespace, settings: Settings) -> int:
    from dashboard.cli.running import with_each_package
    from services.coverage.worker import Surveyor

    return with_each_package(
        settings,
        lambda d, hearts: Surveyor(
            d.engine, d.redis, d.district, d.clock, hearts.begin("surveyor", idle_limit_s=120, silence_limit_s=20)
        ),
    )


def _alarms(_options: argparse.Namespace, settings: Settings) -> int:
    from dashboard.cli.running import with_each_package
    from services.duty.worker import keeper_of

    return with_each_package(settings, keeper_of)


def _simulate(options: argparse.Namespace, settings: Settings) -> int:
    from services.district.doors import open_doors
    from services.operations.simulator.play import days_of, play

    if options.pictures:
        from services.operations.simulator.media import serve_pictures

        serve_pictures(options.pictures)
    play(open_doors(settings), options.until_live, stop_on_signals().is_set, say, days_of(options.history))
    return 0


def _publish(options: argparse.Namespace, settings: Settings) -> int:
    from services.projector.errands.publishing import publish

    say(publish(settings, options.type, options.source, options.subject, options.data or sys.stdin.read()))
    return 0


def _rebuild(options: argparse.Namespace, settings: Settings) -> int:
    from services.district.doors import open_doors
    from services.projector.bootstrap import make_ingest
    from services.projector.errands.rebuild import rebuild

    doors = open_doors(settings)
    events = rebuild(doors.engine, make_ingest(doors), doors.clock.now_ms(), say, options.archive)
    say(f"made again from {events} entries")
    return 0


def _dead(options: argparse.Namespace, settings: Settings) -> int:
    from services.admin.errands.dead_letters import dead_list, dead_retry, dead_show

    if options.action != "list" and not options.entry:
        raise ValueError(f"dead {options.action} needs an entry id: see `lianqin dead list`")
    lines = {
        "list": lambda: dead_list(settings),
        "show": lambda: dead_show(settings, options.entry),
        "retry": lambda: dead_retry(settings, options.entry),
    }[options.action]()
    print("\n".join(lines))
    return 0


def _explain(options: argparse.Namespace, settings: Settings) -> int:
    from services.district.doors import open_doors
    from services.indicators.explain_errands import explain_indicator
    from services.indicators.figures_reader import Scope

    doors = open_doors(settings, migrate=False)
    first = _day(options.day) if options.day else doors.district.day_of(doors.clock.now_ms())
    scope = Scope(**{heading: getattr(options, heading) for heading in HEADINGS})
    for line in explain_indicator(doors, options.name, scope, first, _day(options.until) if options.until else first):
        print(line)
    return 0


def _day(text: str) -> int:
    """A date as yyyymmdd. Raises ValueError with what to write."""
    try:
        return int(date.fromisoformat(text).strftime("%Y%m%d"))
    except ValueError:
        raise ValueError(f"{text!r} is no day: write for example 2026-11-23") from None


def _contract(options: argparse.Namespace, _settings: Settings) -> int:
    from services.contract.asyncapi import document_text, write_schemas

    if options.folder is None:
        print(document_text(), end="")
    else:
        say(f"wrote {write_schemas(options.folder)} files to {options.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
