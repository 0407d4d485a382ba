"""Redis behind Sentinels, and a Redis Cluster, on loopback: real servers, gone with the test."""

import contextlib
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import redis
from redis.crc import key_slot

from services.operations.embedded import die_with_parent, free_port, server_binaries

NAME = "lianqin"
DOWN_AFTER_MS = 1000


class Server:
    """One server with settings of its own in ``folder``; ``more`` are its arguments."""

    def __init__(self, folder: Path, settings: list[str], *more: str, port: int | None = None) -> None:
        self.port = port or free_port()
        folder.mkdir(parents=True, exist_ok=True)
        self._config = folder / "server.conf"
        self._config.write_text(
            "\n".join([f"port {self.port}", "bind 127.0.0.1", f"dir {folder}", f"logfile {folder / 'log'}", *settings])
        )
        self._more = more
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            [str(server_binaries()[0]), str(self._config), *self._more],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=die_with_parent,  # noqa: PLW1509  # one prctl
        )
        end = monotonic() + 10
        while not _answers(self.port):
            assert monotonic() < end, self._config.with_name("log").read_text()
            sleep(0.02)

    @property
    def client(self) -> Any:
        return redis.Redis(port=self.port, socket_timeout=3)

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            if how is signal.SIGKILL:
                self._process.wait()
                self._process = None

    def freeze(self) -> None:
        self.kill(signal.SIGSTOP)

    def thaw(self) -> None:
        self.kill(signal.SIGCONT)


class SentinelSet:
    """A master, a replica, and three Sentinels that agree by two."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        data = ["appendonly yes", "repl-diskless-sync-delay 0", "repl-ping-replica-period 1"]
        self.first = Server(folder / "first", data)
        self.second = Server(folder / "second", [*data, f"replicaof 127.0.0.1 {self.first.port}"])
        wait(lambda: self.second.client.info("replication")["master_link_status"] == "up")
        self.sentinels = [
            Server(
                folder / f"sentinel{n}",
                [
                    f"sentinel monitor {NAME} 127.0.0.1 {self.first.port} 2",
                    f"sentinel down-after-milliseconds {NAME} {DOWN_AFTER_MS}",
                    f"sentinel failover-timeout {NAME} 3000",
                ],
                "--sentinel",
            )
            for n in range(3)
        ]
        wait(lambda: all(self._knows(s.client.sentinel_master(NAME)) for s in self.sentinels))

    @staticmethod
    def _knows(state: Any) -> bool:
        return state["num-other-sentinels"] == 2 and state["num-slaves"] == 1 and state["is_master"]

    @property
    def url(self) -> str:
        return f"redis+sentinel://{','.join(f'127.0.0.1:{s.port}' for s in self.sentinels)}/{NAME}"

    @property
    def master(self) -> Server:
        found = self.sentinels[0].client.sentinel_get_master_addr_by_name(NAME)
        return self.first if found[1] == self.first.port else self.second

    def settled(self) -> None:
        """Wait until the other one follows: only then can there be another fail-over."""
        other = self.second if self.master is self.first else self.first
        wait(lambda: other.client.info("replication").get("master_link_status") == "up")
        wait(lambda: all(self._knows(s.client.sentinel_master(NAME)) for s in self.sentinels))

    def end(self) -> None:
        for server in (*self.sentinels, self.first, self.second):
            server.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def wait(found: Any, within_s: float = 20.0) -> None:
    """Wait until ``found()``; a server that does not answer yet is no error."""
    end = monotonic() + within_s
    while True:
        with contextlib.suppress(redis.RedisError, OSError, KeyError):
            if found():
                return
        assert monotonic() < end, "it never came"
        sleep(0.05)


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


class ClusterSet:
    """Three masters, and a replica of the one that holds the slot of ``district``."""

    def __init__(self, folder: Path, district: str) -> None:
        self.folder = folder
        self.slot = key_slot(f"{{{district}}}".encode())
        self.servers = [self._server(f"node{n}") for n in range(4)]
        wait(lambda: all(s.client.ping() for s in self.servers))
        *masters, spare = self.servers
        for n, server in enumerate(masters):
            server.client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", n + 1)
            first, last = 16384 * n // 3, 16384 * (n + 1) // 3 - 1
            server.client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, last)
        for server in self.servers[1:]:
            server.client.execute_command("CLUSTER", "MEET", "127.0.0.1", self.servers[0].port)
        wait(lambda: all(b"cluster_known_nodes:4" in _raw(s, "INFO") for s in self.servers))
        name = self.holder.client.execute_command("CLUSTER", "MYID")
        wait(lambda: spare.client.execute_command("CLUSTER", "REPLICATE", name))
        self.settled()

    def _server(self, name: str) -> Server:
        settings = [
            *["cluster-enabled yes", "cluster-node-timeout 1000", "appendonly yes", "repl-diskless-sync-delay 0"],
            *["cluster-replica-validity-factor 0", "save ''"],
        ]
        while True:
            port = free_port()
            if port < 55000:  # the bus is 10,000 above
                return Server(self.folder / name, settings, port=port)

    @property
    def url(self) -> str:
        return f"redis+cluster://{','.join(f'127.0.0.1:{s.port}' for s in self.servers[:3])}"

    def holder_of(self, slot: int) -> Server:
        """Who holds the slot, as those say who live."""
        for server in self.servers:
            with contextlib.suppress(redis.RedisError, OSError):
                for first, last, master, *_ in server.client.execute_command("CLUSTER", "SLOTS"):
                    if first <= slot <= last:
                        return next(s for s in self.servers if s.port == master[1])
        raise AssertionError(f"nobody holds slot {slot}")

    @property
    def holder(self) -> Server:
        return self.holder_of(self.slot)

    def settled(self) -> None:
        """Wait until all agree, and a replica follows whoever holds the slot."""
        wait(lambda: all(b"cluster_state:ok" in _raw(s, "INFO") for s in self.servers))
        wait(lambda: self.holder.client.info("replication")["connected_slaves"] == 1)
        wait(lambda: len({s.client.execute_command("CLUSTER", "SLOTS")[0][2][1] for s in self.servers}) == 1)

    def move(self, halfway: Any = lambda: None) -> None:
        """Move the district's slot to another master, as ``redis-cli --cluster reshard`` does it."""
        source = self.holder
        target = next(s for s in self.servers if s is not source and s.client.info("replication")["role"] == "master")
        here, there = (s.client.execute_command("CLUSTER", "MYID") for s in (source, target))
        target.client.execute_command("CLUSTER", "SETSLOT", self.slot, "IMPORTING", here)
        source.client.execute_command("CLUSTER", "SETSLOT", self.slot, "MIGRATING", there)
        halfway()
        while found := source.client.execute_command("CLUSTER", "GETKEYSINSLOT", self.slot, 100):
            source.client.execute_command("MIGRATE", "127.0.0.1", target.port, "", 0, 5000, "KEYS", *found)
        for server in (target, source, *(s for s in self.servers if s not in {target, source})):
            if server.client.info("replication")["role"] == "master":
                server.client.execute_command("CLUSTER", "SETSLOT", self.slot, "NODE", there)

    def end(self) -> None:
        for server in self.servers:
            server.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def _raw(server: Server, what: str) -> bytes:
    found: bytes = server.client.execute_command("CLUSTER", what)
    return found
