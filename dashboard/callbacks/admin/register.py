"""The administrator's pages, all of them: each with what it needs of the shell and of its service."""

from typing import Any, NamedTuple, cast

import redis
from flask import Flask

from dashboard.callbacks.admin.areas import register_areas
from dashboard.callbacks.admin.notices import NoticesPage, register_notices
from dashboard.callbacks.admin.package_pages import PackagePages, register_package
from dashboard.callbacks.admin.people import PeoplePage, register_people
from dashboard.callbacks.admin.policy import register_policy
from dashboard.callbacks.admin.shell import AdminShell, register_shell
from dashboard.callbacks.admin.system import SystemPage, register_system
from dashboard.callbacks.admin.tables import register_tables
from dashboard.callbacks.admin.upload import register_upload
from services.access.log_in.rules import LogInRules
from services.admin.dead_letters_service import StreamOut
from services.admin.package_service import PackageKeeper
from services.admin.people_reader import PeopleReader
from services.admin.people_service import People
from services.admin.system_service import SystemState
from services.admin.upload_service import Uploads
from services.board.follower import Follower
from services.board.sources import source_rows
from services.duty.desk_notices_service import DeskNotices
from services.platform.clock import machine_ms
from services.platform.offload import Offload
from services.platform.settings import Settings


class SystemDoors(NamedTuple):
    """What the page of the system needs beside the shell; ``follower`` has the board, on which the sources are."""

    client: redis.Redis
    settings: Settings
    follower: Follower
    notices: DeskNotices


def register_admin(server: Flask, shell: AdminShell, rules: LogInRules, system: SystemDoors) -> None:
    """Add every page of /admin. The settings name the folder of the district's package."""
    register_shell(server, shell)
    people = People(shell.engine, shell.record.log, system.settings.once_hours)
    register_people(server, PeoplePage(shell, people, PeopleReader(shell.engine, rules.needs_factor)))
    state = SystemState(shell.engine, system.client, system.settings, shell.district)
    stream = StreamOut(system.client, shell.district, shell.clock.now_ms)
    register_notices(server, NoticesPage(shell, system.notices))
    register_system(server, SystemPage(shell, state, stream, shell.record.log, lambda: _sources(shell, system)))
    folder, offload = system.settings.district_dir, cast(Offload, shell.offload)
    keeper = PackageKeeper(shell.engine, folder, shell.clock.now_ms, offload)
    package = PackagePages(shell, keeper)
    register_package(server, package)
    register_policy(server, package)
    register_areas(server, package)
    register_tables(server, package)
    register_upload(server, package, Uploads(shell.engine, keeper, shell.district.code, offload))


def _sources(shell: AdminShell, system: SystemDoors) -> list[list[Any]]:
    return source_rows(system.follower.board, shell.district.sources, machine_ms())
