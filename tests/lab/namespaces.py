"""Network namespaces without machines in them: members of a mesh, each with the role's own keeper, and one that routes between sites."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_interface
from pathlib import Path
from typing import Any

from lab.cache import cache_root
from lab.patience import patient
from tests.lab.cluster import ROOT
from tests.lab.packages import unpacked
from tests.lab.sites import nft
from tests.waiting import until

KEEPER = ROOT / "ansible/roles/mesh/files/keep.py"
#: A private /run, for the socket of wireguard-go, and a /sys that shows its own interfaces, for as long as the test lives.
_MOUNTS = "mount --make-rprivate / && mount -t tmpfs tmpfs /run && mount -t sysfs sysfs /sys"
_BEGIN = f"{_MOUNTS} && ip link set lo up && echo ready && exec sleep infinity"
#: The keeper is the role's, in a folder of the test's own.
_KEEP = "import runpy,sys,pathlib\nimport importlib.util as u\ns=u.spec_from_file_location('keep',{keeper!r})\nm=u.module_from_spec(s)\n"
_KEEP += "s.loader.exec_module(m)\nm.HERE=pathlib.Path({folder!r})\nm.INTERVAL=1.0\nsys.exit(m.main(sys.argv[1:]))\n"
#: What of systemd the keeper asks for.
_SYSTEMCTL = """#!/bin/sh
case $1 in
  is-active) kill -0 "$(cat {folder}/go.pid 2>/dev/null)" 2>/dev/null ;;
  start) setsid env LOG_LEVEL=error wireguard-go -f stardock0 >>{folder}/go.log 2>&1 & echo $! >{folder}/go.pid ;;
esac
"""


@dataclass
class Namespace:
    """One of them, held by a process that ends with `end`. `folder` is its own."""

    folder: Path
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def begin(self) -> None:
        """Make it."""
        self.folder.mkdir()
        command = ["unshare", "--net", "--mount", "sh", "-c", _BEGIN]
        holder = subprocess.Popen(command, stdout=subprocess.PIPE)
        self.started.append(holder)
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"ready\n"

    @property
    def pid(self) -> int:
        """The process that holds it."""
        return self.started[0].pid

    @property
    def _enter(self) -> list[str]:
        return ["nsenter", f"--net=/proc/{self.pid}/ns/net", f"--mount=/proc/{self.pid}/ns/mnt", "env", f"PATH={self._path}"]

    @property
    def _path(self) -> str:
        tools = unpacked("bookworm", "wireguard-go", "wireguard-tools") / "usr/bin"
        return os.pathsep.join((str(self.folder), str(tools), "/usr/sbin", "/usr/bin", "/sbin", "/bin"))

    def run(self, *words: str, given: str | None = None, check: bool = True) -> str:
        """What a program in it prints."""
        done = subprocess.run([*self._enter, *words], input=given, capture_output=True, text=True, timeout=patient(90), check=False)
        assert not check or done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout.strip()

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """A program that runs on; its words are in `log`."""
        with (self.folder / "log").open("ab") as log:
            self.started.append(subprocess.Popen([*self._enter, *words], stdout=log, stderr=log))
        return self.started[-1]

    def end(self) -> None:
        """Whatever was started in it, too."""
        for file in self.folder.glob("go.pid"):
            subprocess.run(["kill", "-KILL", file.read_text().strip()], check=False, capture_output=True)
        for process in reversed(self.started):
            process.kill()
            process.wait()


@dataclass
class Member(Namespace):
    """A member of a mesh: its NIC is plugged into a bridge of the router's."""

    pod_pid: int = 0
    keeper: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """With nftables' program, of the image that machines boot from."""
        super().begin()
        (self.folder / "nft").write_text(f'#!/bin/sh\nexec {" ".join(nft())} "$@"\n')
        (self.folder / "nft").chmod(0o755)

    def plug(self, router: Namespace, bridge: str, address: str, gateway: str) -> None:
        """Give it a NIC there."""
        near = f"n{self.pid}"
        router.run("ip", "link", "add", near, "type", "veth", "peer", "name", "eth0", "netns", str(self.pid))
        router.run("ip", "link", "set", near, "master", bridge, "up")
        self.run("ip", "address", "add", address, "dev", "eth0")
        self.run("ip", "link", "set", "eth0", "up")
        self.run("ip", "route", "add", "default", "via", gateway)

    def key(self) -> str:
        """Make its key, as the role does; gives the public half."""
        private = self.run("wg", "genkey")
        (self.folder / "private.key").touch(mode=0o600)
        (self.folder / "private.key").write_text(private + "\n")
        return self.run("wg", "pubkey", given=private + "\n")

    def join(self, variables: Mapping[str, Any], keys: Mapping[str, str]) -> None:
        """Write what the role writes of the inventory's variables; the keeper, once started, sees it by itself."""
        peers = [{**peer, "key": keys[peer["name"]]} for peer in variables["mesh_peers"]]
        names = {
            "interface": "mesh_interface",
            "address": "mesh_address",
            "port": "mesh_port",
            "mtu": "mesh_mtu",
            "forwards": "mesh_forwards",
        }
        wanted = {**{key: variables[name] for key, name in names.items()}, "peers": peers}
        (self.folder / "mesh.json").write_text(json.dumps(wanted))
        if not (self.folder / "keep").exists():
            (self.folder / "keep").write_text(_KEEP.format(keeper=str(KEEPER), folder=str(self.folder)))
            (self.folder / "systemctl").write_text(_SYSTEMCTL.format(folder=self.folder))
            (self.folder / "systemctl").chmod(0o755)
            self.keeper = self.start("/usr/bin/python3", str(self.folder / "keep"))

    def flannel(self, etcd: str) -> None:
        """A node's real flannel over the mesh, which keeps its subnets at `etcd`."""
        self.run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
        program = str(cache_root() / "tools/flannel/current/bin/flannel")
        self.start(program, f"--etcd-endpoints={etcd}", "--iface=stardock0", f"--subnet-file={self.folder}/subnet.env", "--ip-masq=false")

    def pod(self) -> str:
        """A network namespace behind the real CNI plugin, as flannel's own makes one; gives its address."""
        known = dict(line.split("=", 1) for line in (self.folder / "subnet.env").read_text().split())
        holder = self.start("unshare", "--net", "sleep", "infinity")
        # it starts in ours, enters the member's, and has its own at last
        waited(lambda: network_of(holder.pid) not in (network_of(os.getpid()), network_of(self.pid)), 10)
        self.pod_pid = holder.pid
        ranges = [[{"subnet": str(ip_interface(known["FLANNEL_SUBNET"]).network)}]]
        ipam = {"type": "host-local", "ranges": ranges, "routes": [{"dst": known["FLANNEL_NETWORK"]}], "dataDir": "/run/cni"}
        wanted = {"cniVersion": "1.0.0", "name": "cbr0", "type": "bridge", "isDefaultGateway": True, "mtu": int(known["FLANNEL_MTU"])}
        plugins = cache_root() / "tools/cni/current/bin"
        given = {"CNI_COMMAND": "ADD", "CNI_CONTAINERID": "pod", "CNI_NETNS": f"/proc/{holder.pid}/ns/net", "CNI_IFNAME": "eth0"}
        words = [f"{key}={value}" for key, value in {**given, "CNI_PATH": str(plugins)}.items()]
        said = json.loads(self.run("env", *words, str(plugins / "bridge"), given=json.dumps({**wanted, "ipam": ipam})))
        return str(ip_interface(said["ips"][0]["address"]).ip)

    def lost_to_pod(self, others: Mapping[str, str], seconds: float, size: int) -> dict[str, str]:
        """The same as `lost`, asked in its pod."""
        pairs = (f"{name}={address}" for name, address in others.items())
        keeper = ("/usr/bin/python3", str(self.folder / "keep"), "reach", str(seconds), str(size))
        found: dict[str, str] = json.loads(self.run("nsenter", f"--net=/proc/{self.pod_pid}/ns/net", *keeper, *pairs))
        return found

    def lost(self, others: Mapping[str, str], seconds: float = 1.0, size: int = 1420) -> dict[str, str]:
        """Which of the others do not answer, and why."""
        pairs = (f"{name}={address}" for name, address in others.items())
        found: dict[str, str] = json.loads(
            self.run("/usr/bin/python3", str(self.folder / "keep"), "reach", str(seconds), str(size), *pairs)
        )
        return found


def network_of(pid: int) -> Path:
    """The network namespace of a process."""
    return Path(f"/proc/{pid}/ns/net").readlink()


def waited(condition: Callable[[], object], seconds: float) -> float:
    """How long until something is true; AssertionError when it takes longer."""
    return until(condition, "what the last step brings", seconds)


def each(members: Sequence[Namespace]) -> None:
    """End all."""
    for one in members:
        one.end()
