"""Fetch the peers into ``var/`` (git-ignored), once: a venv for NiceGUI, a node folder for Node-RED."""

import shutil
import subprocess
import sys
from pathlib import Path

from bench.harness import ROOT

APPS = Path(__file__).parent / "apps"
VENV, NODE = ROOT / "var" / "bench-venv", ROOT / "var" / "bench-node"


def python() -> Path:
    """The Python that has NiceGUI."""
    program = VENV / "bin" / "python"
    wanted = (APPS / "requirements.txt").read_text()
    note = VENV / "installed.txt"
    if not note.is_file() or note.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        subprocess.run([program, "-m", "pip", "install", "--quiet", "-r", APPS / "requirements.txt"], check=True)
        note.write_text(wanted)
    return program


def node_folder() -> Path:
    """The folder whose node_modules hold Node-RED, its world map and ioredis."""
    wanted = (APPS / "nodered" / "package.json").read_text()
    if shutil.which("npm") is None:
        raise SystemExit("no npm on PATH: install Debian's npm")
    note = NODE / "installed.json"
    if not note.is_file() or note.read_text() != wanted:
        NODE.mkdir(parents=True, exist_ok=True)
        (NODE / "package.json").write_text(wanted)
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent"], cwd=NODE, check=True)
        note.write_text(wanted)
    return NODE
