"""A bare Debian within this one, to install on: its own systemd, network, /etc, /var, /opt and /srv; gone at the end.

Namespaces and overlays, so that the commands of a page run as they are written, on the ports and paths that they name.
What they would fetch is lent instead: Debian's packages and the locked requirements, which are here already.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from pathlib import Path
from time import monotonic, sleep

# What the machine has of its own; below lies this machine's.
OWN = ("/etc", "/var", "/opt", "/srv", "/usr/local")
# Debian's units that it knows; nothing else of this machine's is started there.
DEBIAN = ("redis-server.service", "postgresql@.service", "nginx.service")
TARGETS = ("sysinit", "basic", "multi-user", "timers", "network", "network-online", "shutdown")
NAMESPACES = ("--mount", "--net", "--pid", "--uts", "--ipc", "--cgroup")
PATH = "/run/stubs:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
# Debian's packages must be here; fetched is nothing.
APT = """#!/bin/sh
[ "$1" = update ] && exit 0
[ "$1" = install ] || exit 1
shift
for word; do case "$word" in -*) ;; *) dpkg -s "$word" >/dev/null || exit 1 ;; esac; done
"""
# The Python of the tests, where the machine's users may run it; a new environment sees the requirements that are here.
PYTHON = f"""#!/bin/sh
/opt/python/bin/python{sys.version_info[0]}.{sys.version_info[1]} "$@" || exit 1
[ "$1 $2" = "-m venv" ] || exit 0
echo "import sys; sys.path.insert(0, '/opt/lent')" >"$(echo "$3"/lib/python3*/site-packages)/lent.pth"
"""
# Of all hierarchies of cgroups it has systemd's own alone, and there a folder of its own: this one's stay as they are.
# That hierarchy limits nothing: MemoryMax is not in force.
CGROUP = "/sys/fs/cgroup/systemd/lianqin-machine-"
BEGIN = """set -eu
mount --make-rprivate /
mount -t tmpfs tmpfs {folder}
cd {folder}
mkdir run dev
for path in {own}; do
  mkdir -p .$path/upper .$path/work
  mount -t overlay overlay -o lowerdir=$path,upperdir={folder}$path/upper,workdir={folder}$path/work $path
done
cp -a /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty dev/
mkdir dev/shm dev/pts dev/mqueue
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mkdir -p run/units run/stubs run/postgresql /opt/lent /opt/packages /opt/python
chown postgres:postgres run/postgresql
for name in {debian}; do cp /lib/systemd/system/$name run/units/; done
for name in {targets}; do printf '[Unit]\\nDefaultDependencies=no\\n' >run/units/$name.target; done
mount --bind {packages} /opt/packages
mount --bind {python} /opt/python
echo /opt/python/lib >/etc/ld.so.conf.d/lent.conf
ldconfig -X
for path in /opt/packages/*; do
  case "${{path##*/}}" in lianqin*|__editable__*) ;; *) ln -s "$path" /opt/lent/ ;; esac
done
cp -r {given} /srv/lianqin
mount -t tmpfs tmpfs /etc/systemd/system
mount -t proc proc /proc
head -n 1 /proc/cgroups >cgroups
mount --bind cgroups /proc/cgroups
mount -t tmpfs tmpfs /sys/fs/cgroup
mkdir /sys/fs/cgroup/systemd
mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
mount --rbind dev /dev
mount --bind run /run
cd /
mount -t tmpfs -o mode=1777 tmpfs /tmp
exec env -i container=lxc PATH=/usr/sbin:/usr/bin:/sbin:/bin SYSTEMD_UNIT_PATH=/etc/systemd/system:/run/units \\
  SYSTEMD_GENERATOR_PATH=/run/none SYSTEMD_ENVIRONMENT_GENERATOR_PATH=/run/none \\
  SYSTEMD_PROC_CMDLINE="systemd.unified_cgroup_hierarchy=0 systemd.legacy_systemd_cgroup_controller=1" \\
  /lib/systemd/systemd --system --unit=multi-user.target --log-target=null --show-status=no
"""


def why_not() -> str:
    """Why there can be no such machine here; empty where there can."""
    needed = ("unshare", "nsenter", "nginx", "redis-server", "psql", "pg_lsclusters", "systemctl")
    if missing := [name for name in needed if not shutil.which(name)]:
        return f"not installed: {', '.join(missing)}"
    trying = ["unshare", *NAMESPACES, "--fork", "true"]
    if os.geteuid() or subprocess.run(trying, capture_output=True, check=False).returncode:
        return "no right to make namespaces: this needs root"
    if not Path(CGROUP).parent.is_dir():
        return "systemd's cgroups are not mounted where this expects them"
    return ""


def killed_with_parent() -> None:
    """For ``preexec_fn``: SIGKILL when the tests end, however they end; `unshare` hears no SIGTERM."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Machine:
    """It runs from ``start`` to ``stop``; the folder ``given`` lies there as /srv/lianqin."""

    def __init__(self, folder: Path, given: Path) -> None:
        self.folder, self.given = folder, given
        self.log = folder / "machine.log"
        self._cgroup = Path(f"{CGROUP}{os.getpid()}")
        self._process: subprocess.Popen[bytes] | None = None
        self._pid = 0

    def start(self) -> None:
        """Begin it and wait for its systemd."""
        own = self.folder / "own"
        own.mkdir()
        begin = BEGIN.format(
            folder=own,
            own=" ".join(OWN),
            packages=sysconfig.get_path("purelib"),
            python=sys.base_prefix,
            debian=" ".join(DEBIAN),
            targets=" ".join(TARGETS),
            given=self.given,
        )
        self._cgroup.mkdir()
        join = f'echo $$ >{self._cgroup}/cgroup.procs; exec "$@"'
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                ["sh", "-c", join, "join", "unshare", *NAMESPACES, "--fork", "--kill-child", "bash", "-c", begin],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=killed_with_parent,  # noqa: PLW1509  # one prctl
            )
        end = monotonic() + 30
        while not self._is_up():
            if monotonic() > end or self._process.poll() is not None:
                raise RuntimeError(f"the machine does not start: {self.log.read_text()[-2000:]}")
            sleep(0.2)
        for name, text in (("apt-get", APT), ("python3", PYTHON)):
            self.run(f"cat >/run/stubs/{name}; chmod 755 /run/stubs/{name}", given=text)

    def _is_up(self) -> bool:
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        if not children or Path(f"/proc/{children[0]}/comm").read_text().strip() != "systemd":
            return False
        self._pid = int(children[0])
        return self.run("systemctl is-active multi-user.target", check=False).strip() == "active"

    def inside(self, *only: str) -> list[str]:
        """The beginning of a command line that runs in it, or in some of its namespaces only."""
        return ["nsenter", "--target", str(self._pid), *(only or NAMESPACES)]

    def run(self, script: str, *, given: str | bytes = "", check: bool = True) -> str:
        """Run a script in it as root, as somebody types it; what it says. Raises AssertionError where it fails."""
        found = subprocess.run(
            [*self.inside(), "env", "-i", "HOME=/var", "LC_ALL=C.UTF-8", f"PATH={PATH}",
             "bash", "-euo", "pipefail", "-c", script],
            input=given if isinstance(given, bytes) else given.encode(), capture_output=True, check=False, timeout=400,
        )  # fmt: skip
        said, wrong = found.stdout.decode(), found.stderr.decode()
        if check and found.returncode:
            raise AssertionError(f"{found.returncode}: {said[-3000:]}\n{wrong[-3000:]}")
        return said

    def stop(self) -> None:
        """End it: its first process is killed, and with it all others."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
        end = monotonic() + 10  # the kernel lets go of a process a moment after its end
        while self._cgroup.exists() and monotonic() < end:
            folders = [path for path in self._cgroup.rglob("*") if path.is_dir()]
            for path in [*sorted(folders, key=lambda path: -len(path.parts)), self._cgroup]:
                with contextlib.suppress(OSError):
                    path.rmdir()
            sleep(0.1)
