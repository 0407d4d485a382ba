"""The administrator's pages, all of them: each with what it needs of the shell and of its service."""

from flask import Flask

from dashboard.callbacks.admin.people import PeoplePage, register_people
from dashboard.callbacks.admin.shell import AdminShell, register_shell
from services.access.log_in.rules import LogInRules
from services.admin.people_reader import PeopleReader
from services.admin.people_service import People


def register_admin(server: Flask, shell: AdminShell, rules: LogInRules) -> None:
    """Add every page of /admin."""
    register_shell(server, shell)
    people = People(shell.engine, shell.record.log)
    register_people(server, PeoplePage(shell, people, PeopleReader(shell.engine, rules.needs_factor)))
