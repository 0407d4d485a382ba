"""A command's words and options in any order are one command."""

import itertools
import tomllib
from pathlib import Path

import pytest

from dashboard.cli.main import _parser

WORDS = {
    "user": ([["add", "wang"]], [["--role", "leader"], ["--name", "王磊"], ["--password-stdin"]]),
    "dead": ([["show", "1-0"]], [["--data-dir", "var"]]),
    "district": ([["generate", "folder"]], [["--seed", "7"], ["--data-dir", "var"]]),
    "explain": ([["indicator", "on_time_close_rate"]], [["--day", "2026-11-23"], ["--street", "S1"]]),
    "publish": ([["case.reported"]], [["--source", "/x"], ["--data", "{}"]]),
}


@pytest.mark.parametrize("command", WORDS)
def test_options_stand_before_between_and_behind_the_words(command: str) -> None:
    parser = _parser()
    (words,), options = WORDS[command]
    expected = vars(parser.parse_args([command, *words, *itertools.chain(*options)]))
    for places in itertools.product(range(len(words) + 1), repeat=len(options)):
        line = [command]
        for at in range(len(words) + 1):
            line += itertools.chain(*(option for option, place in zip(options, places, strict=True) if place == at))
            line += words[at : at + 1]
        assert vars(parser.parse_args(line)) == expected, line


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text("utf-8"))["project"]
    with pytest.raises(SystemExit) as ended:
        _parser().parse_args(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.strip().partition("+")[0] == f"lianqin {project['version']}"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("user add wang li", "unrecognized arguments: li"),
        ("user add --rolle leader wang", "--rolle"),
        ("user fly wang", "invalid choice"),
        ("user --role boss add wang", "invalid choice"),
        ("district", "required: action"),
        ("user", "required: action"),
    ],
)
def test_what_is_wrong_is_said(line: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        _parser().parse_args(line.split())
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_an_optional_word_may_be_left_out() -> None:
    assert (_parser().parse_args(["user", "list"]).id, _parser().parse_args(["contract"]).folder) == ("", None)
