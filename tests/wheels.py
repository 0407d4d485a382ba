"""The wheel that `make wheel` makes, and an environment with nothing but it and what it needs."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


def make_wheel(folder: Path) -> Path:
    """Run what `make wheel` runs, into ``folder``; the wheel."""
    subprocess.run(["bash", ROOT / ".ci/wheel", folder, sys.executable], check=True, capture_output=True, cwd=ROOT)
    (found,) = folder.glob("lianqin-*.whl")
    return found


def as_version(wheel: Path, version: str) -> Path:
    """The same program as another version, beside it; what the tests upgrade to."""
    name, old, *rest = wheel.name.split("-")
    to = wheel.with_name("-".join([name, version, *rest]))
    before, after = f"{name}-{old}.dist-info/", f"{name}-{version}.dist-info/"
    with zipfile.ZipFile(wheel) as source, zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as target:
        for one in source.infolist():
            data = source.read(one)
            if one.filename == f"{before}METADATA":
                data = data.replace(f"\nVersion: {old}\n".encode(), f"\nVersion: {version}\n".encode())
            elif one.filename == f"{before}RECORD":  # a file without its hash is not checked
                lines = data.decode().replace(before, after).splitlines()
                data = "\n".join(f"{line.split(',')[0]},," for line in lines).encode() + b"\n"
            target.writestr(one.filename.replace(before, after), data)
    return to


def lend_requirements(environment: Path) -> None:
    """Let an environment see the packages of this one: what the lock names is there, and nothing is fetched.

    Our own source folder is not lent: a .pth file within a folder that a .pth file names is not read.
    """
    (packages,) = environment.glob("lib/python3*/site-packages")
    (packages / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")


def install(wheel: Path, environment: Path) -> Path:
    """Make an empty environment with the wheel in it; its `lianqin`."""
    venv.create(environment, symlinks=True)
    lend_requirements(environment)
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", environment / "bin/python", "install", "--quiet", "--no-index",
         "--no-deps", "--no-compile", "--ignore-installed", wheel], check=True, capture_output=True, env=apart(),
    )  # fmt: skip
    return environment / "bin/lianqin"


def apart(**more: str) -> dict[str, str]:
    """This process' environment without the way to the source folder, and ``more``."""
    return {**{name: value for name, value in os.environ.items() if name != "PYTHONPATH"}, **more}
