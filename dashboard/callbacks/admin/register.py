"""The administrator's pages, all of them: each with what it needs of the shell and of its service."""

from pathlib import Path
from typing import cast

from flask import Flask

from dashboard.callbacks.admin.package_pages import PackagePages, register_package
from dashboard.callbacks.admin.people import PeoplePage, register_people
from dashboard.callbacks.admin.policy import register_policy
from dashboard.callbacks.admin.shell import AdminShell, register_shell
from services.access.log_in.rules import LogInRules
from services.admin.package_service import PackageKeeper
from services.admin.people_reader import PeopleReader
from services.admin.people_service import People
from services.platform.offload import Offload


def register_admin(server: Flask, shell: AdminShell, rules: LogInRules, folder: Path) -> None:
    """Add every page of /admin. ``folder``: the district's package."""
    register_shell(server, shell)
    people = People(shell.engine, shell.record.log)
    register_people(server, PeoplePage(shell, people, PeopleReader(shell.engine, rules.needs_factor)))
    package = PackagePages(shell, PackageKeeper(shell.engine, folder, shell.clock.now_ms, cast(Offload, shell.offload)))
    register_package(server, package)
    register_policy(server, package)
