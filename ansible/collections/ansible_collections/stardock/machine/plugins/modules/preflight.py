#!/usr/bin/python
"""Ansible module: whether a machine that exists already can run Kubernetes (see DOCUMENTATION)."""

from __future__ import annotations

import contextlib
import os
import re
import struct
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: preflight
short_description: Whether a machine that exists already can run Kubernetes
description:
  - Reads what the kernel and the file system say, changes nothing, starts no program. Fails with all that is in the way, each with a cure.
  - What is required is upstream's - docs.k3s.io/installation/requirements, docs.rke2.io/install/requirements, and the modules that
    k3s loads (pkg/agent/syssetup/setup.go). Swap is no fault, because kubelets of both start with it.
options:
  ids: {description: "Of os-release; one of them must be its ID or in ID_LIKE. Empty for any.", type: list, elements: str, default: []}
  system: {description: "What they are called in cluster.yaml.", type: str, required: true}
  architectures: {description: "Processors for which there is a release.", type: list, elements: str, required: true}
  memory_mib: {description: "What its memory must be.", type: int, required: true}
  cores: {description: "How many cores it must have.", type: int, required: true}
  disk_mib: {description: "What must be free at I(data_dir).", type: int, required: true}
  data_dir: {description: "Where Kubernetes keeps images and pods.", type: path, required: true}
  address: {description: "The address that must be its own.", type: str, required: true}
  cgroup_v1: {description: "Whether its kubelet starts with cgroup v1.", type: bool, default: false}
  interface: {description: "The interface that it must have; empty for any.", type: str, default: ""}
  modules: {description: "Of the kernel. Each is a list, of which one is enough.", type: list, elements: list, required: true}
  ports:
    description: >-
      That must be free; each has C(port), C(protocol), C(what). With C(unless), a list of paths, it may be taken where one of them
      is there, because whoever made that has it.
    type: list
    elements: dict
    required: true
  others: {description: "Another Kubernetes; each has C(title), C(folders), C(cure).", type: list, elements: dict, required: true}
"""
EXAMPLES = r"""
- name: See whether the host can run Kubernetes
  stardock.machine.preflight:
    system: other
    architectures: [amd64, arm64]
    memory_mib: 512
    cores: 1
    disk_mib: 2048
    data_dir: /var/lib/kubernetes
    address: 192.168.1.60
    modules: [[overlay], [iptable_nat, nft_chain_nat]]
    ports: [{port: 10250, protocol: tcp, what: kubelet}]
    others: []
"""
RETURN = r"""
faults: {description: "What is in the way, a line each with its cure; only where it fails.", type: list, returned: failure}
"""

#: As the kernel calls them -> as releases are called.
PROCESSORS = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
#: Of a pointer, where there are releases.
BYTES = 8
#: Per cent of a machine's memory that its kernel shows at the least: a Raspberry Pi's GPU takes a part.
SHOWN = 85
#: Without memory and, of cgroup v2, cpu and cpuset k3s ends (pkg/cgroups/cgroups_linux.go), without pids its kubelet.
CONTROLLERS = ("cpu", "memory", "pids")
CONTROLLERS_V2 = ("cpu", "cpuset", "memory", "pids")
#: Where the firmware of a Raspberry Pi reads the kernel's command line, since Debian 12 and before.
COMMAND_LINES = ("boot/firmware/cmdline.txt", "boot/cmdline.txt")
#: What others leave -> who, and how it goes.
LEFT = (
    ("etc/kubernetes/kubelet.conf", "kubeadm", "kubeadm reset --force, then restart the host"),
    ("etc/kubernetes/manifests/kube-apiserver.yaml", "kubeadm", "kubeadm reset --force, then restart the host"),
    ("var/snap/microk8s", "microk8s", "snap remove --purge microk8s"),
    ("var/lib/k0s", "k0s", "k0s stop; k0s reset, then restart the host"),
)
#: Interfaces that network plugins of pods make; podman's and Docker's are none, and tunl0 is there wherever the module ipip is loaded.
LINKS = re.compile(r"cni0|flannel[.-].+|cilium_.+|cali[0-9a-f]+|vxlan(-v6)?[.]calico|kube-ipvs0|kube-bridge|weave")
#: Networks of programs that run beside a kubelet.
PEACEFUL = re.compile(r"(?i).*(podman|crio|nerdctl|buildah).*")
_LISTENS, _BOUND = "0A", "07"
_MOST = 8


def faults(root: Path, kernel: tuple[str, str], wanted: Mapping[str, Any]) -> Iterator[str]:
    """Everything that is in the way; `root` is where its file system is, `kernel` its release and processor.

    The processor is that of its programs: a kernel of 64 bits may run a system of 32.
    """
    release, processor = kernel
    yield from _processor(processor, wanted["architectures"])
    yield from _system(root, wanted["ids"], wanted["system"])
    yield from _size(root, wanted)
    yield from _cgroups(root, v1=wanted["cgroup_v1"])
    yield from _modules(root, release, wanted["modules"])
    yield from _network(root, wanted["address"], wanted["interface"])
    yield from _selinux(root)
    found = dict(_leftovers(root, wanted["others"]))
    yield from (f"{what}: {cure}" for what, cure in found.items())
    if not found:  # whose they are is said already
        yield from _ports(root, wanted["ports"])


def own_processor(machine: str, pointer: int) -> str:
    """For which processor its programs are: `machine` is what the kernel says (uname), `pointer` the bytes of a pointer in Python."""
    return machine if pointer == BYTES or machine not in PROCESSORS else f"32 bits, on a kernel for {machine}"


def shown(text: str) -> str:
    """What the machine says, as words: short, and nothing that a terminal obeys."""
    return "".join(one if one.isprintable() else "?" for one in text.strip()[:60])


def read(path: Path) -> str:
    """A file, or nothing."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError):
        return ""


def _processor(processor: str, known: Collection[str]) -> Iterator[str]:
    own = PROCESSORS.get(processor)
    if own is None:
        small = processor.startswith(("arm", "32 bits", "i686"))
        cure = "install a 64-bit system on it, if its processor takes one" if small else "take another machine"
        yield f"its system is for {shown(processor)}, and releases are for {' and '.join(known)}: {cure}"
    elif own not in known:
        yield f"its kernel is for {own}, and cluster.yaml says {' or '.join(known)}: write `architecture: {own}`"


def _system(root: Path, ids: Collection[str], system: str) -> Iterator[str]:
    text = read(root / "etc/os-release") or read(root / "usr/lib/os-release")
    values = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    own = [word for key in ("ID", "ID_LIKE") for word in values.get(key, "").strip().strip("\"'").split()]
    if ids and not set(own) & set(ids):
        yield f"its system is {shown(own[0]) if own else 'unknown'}, and cluster.yaml says {system}: write `system: other`, or what it is"


def _size(root: Path, wanted: Mapping[str, Any]) -> Iterator[str]:
    found = re.search(r"^MemTotal: +([0-9]+) kB$", read(root / "proc/meminfo"), re.MULTILINE)
    memory = int(found[1]) // 1024 if found else 0
    if memory < wanted["memory_mib"] * SHOWN // 100:
        yield f"it has {memory} MiB of memory, and {wanted['memory_mib']} MiB are the least: take a larger machine, or write what it has"
    cores = len(re.findall(r"^processor\s*:", read(root / "proc/cpuinfo"), re.MULTILINE)) or os.cpu_count() or 0
    if cores < wanted["cores"]:
        yield f"it has {cores} cores, and {wanted['cores']} are the least: take a larger machine, or write what it has"
    place = root / wanted["data_dir"].lstrip("/")
    while not place.exists() and place != root:
        place = place.parent
    free = os.statvfs(place).f_bavail * os.statvfs(place).f_frsize >> 20
    if free < wanted["disk_mib"]:
        message = f"{free} MiB are free where {wanted['data_dir']} goes, and its release and images take {wanted['disk_mib']} MiB"
        yield f"{message}: make room, or mount a larger disk there"


def _cgroups(root: Path, *, v1: bool) -> Iterator[str]:
    path = root / "sys/fs/cgroup/cgroup.controllers"
    if not path.exists() and not v1:
        cure = "add systemd.unified_cgroup_hierarchy=1 to the kernel's command line and restart the host, or install a newer system"
        yield f"it has cgroup v1, with which kubelets do not start any more: {cure} (docs/how-to/hosts.md says how to keep it)"
        return
    former = [line.split() for line in read(root / "proc/cgroups").splitlines()]
    found = read(path).split() if path.exists() else [parts[0] for parts in former if parts[-1:] == ["1"]]
    lacking = [name for name in (CONTROLLERS_V2 if path.exists() else CONTROLLERS) if name not in found]
    if not lacking:
        return
    pi = next((f"/{name}" for name in COMMAND_LINES if (root / name).exists()), "")
    where = (
        f"to the end of the one line of {pi}"
        if pi
        else "to the kernel's command line (GRUB_CMDLINE_LINUX in /etc/default/grub, update-grub)"
    )
    otherwise = f"take a kernel that has {', '.join(lacking)}; of a container, let its parent have them"
    cure = f"add `cgroup_memory=1 cgroup_enable=memory` {where}" if "memory" in lacking else otherwise
    yield f"its kernel does not limit {', '.join(lacking)} (cgroup v{2 if path.exists() else 1}): {cure}, and restart the host"


def _modules(root: Path, release: str, wanted: Sequence[Sequence[str]]) -> Iterator[str]:
    if (root / "run/systemd/container").exists():  # they are its host's
        return
    folder = root / "lib/modules" / release
    listed = read(folder / "modules.builtin") + "\n" + read(folder / "modules.dep")
    known = {re.sub(r"[.]ko([.].+)?$", "", line.split(":")[0].rsplit("/", 1)[-1]).replace("-", "_") for line in listed.splitlines()}
    lacking = ["|".join(names) for names in wanted if not any(name in known or (root / "sys/module" / name).exists() for name in names)]
    if lacking and not (folder / "modules.dep").exists():
        message = f"/lib/modules has nothing of the kernel {shown(release)} that it runs, and {', '.join(lacking)} is not loaded"
        yield f"{message}: restart the host if it was updated; a kernel without a package needs its modules there (depmod -a)"
        return
    if lacking:
        packages = "linux-modules-extra-raspi on Ubuntu before 24.04, kernel-modules-extra on RHEL 10"
        yield f"its kernel has no module {', '.join(lacking)}: install the package of its further modules ({packages})"


def own_addresses(root: Path) -> list[str]:
    """IPv4 addresses of all its interfaces, as the kernel routes to itself; each once."""
    found, last = [], ""
    for line in read(root / "proc/net/fib_trie").splitlines():
        address = re.match(r"\s*\|-- ([0-9.]+)$", line)
        last = address[1] if address else last
        if line.strip() == "/32 host LOCAL" and not last.startswith("127."):
            found.append(last)
    return list(dict.fromkeys(found))


def _network(root: Path, address: str, interface: str) -> Iterator[str]:
    own = own_addresses(root)
    if own and address not in own:
        yield f"{address} is none of its own addresses ({', '.join(own[:_MOST])}): write the right one as `node_ip`"
    if interface and not (root / "sys/class/net" / interface).exists():
        names = sorted(one.name for one in (root / "sys/class/net").iterdir() if one.name != "lo")
        yield f"it has no interface {interface}: write one of {', '.join(map(shown, names[:_MOST]))} as `interface`"


def _selinux(root: Path) -> Iterator[str]:
    if read(root / "sys/fs/selinux/enforce").strip() == "1":
        cure = "write SELINUX=permissive in /etc/selinux/config and run setenforce 0"
        yield f"SELinux enforces there, and Kubernetes would run without its policy: {cure}, or make it a machine of a pool"


def _leftovers(root: Path, others: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Another Kubernetes, else what is left of its kubelet and network."""
    known = [*((path, who, cure) for path, who, cure in LEFT)]
    known += [(folder.lstrip("/"), other["title"], other["cure"]) for other in others for folder in other["folders"]]
    there = {f"another Kubernetes is on it, {who} (/{path})": cure for path, who, cure in known if _holds(root / path)}
    if there:
        yield from there.items()
        return
    if any((root / "var/lib/kubelet" / name).exists() for name in ("config.yaml", "kubeconfig", "pki")):
        yield (
            "a kubelet was on it (/var/lib/kubelet)",
            "if nothing of it is needed: systemctl disable --now kubelet, then rm -r /var/lib/kubelet",
        )
    folder = root / "etc/cni/net.d"
    names = sorted(one.name for one in folder.iterdir()) if folder.is_dir() else []
    left = [shown(name) for name in names if not PEACEFUL.fullmatch(name)]
    if left:
        yield f"a network plugin of pods was on it (/etc/cni/net.d: {', '.join(left[:_MOST])})", "move these files away"
    links = root / "sys/class/net"
    made = [one.name for one in sorted(links.iterdir()) if LINKS.fullmatch(one.name)] if links.is_dir() else []
    if made:
        yield (
            f"interfaces of a network plugin are there ({', '.join(map(shown, made[:_MOST]))})",
            "restart the host: they and its rules go with that",
        )


def _holds(path: Path) -> bool:
    with contextlib.suppress(OSError):
        return path.is_file() or any(path.iterdir())
    return False


def _ports(root: Path, wanted: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    sockets = {protocol: dict(_sockets(root, protocol)) for protocol in ("tcp", "udp")}
    asked = [one for one in wanted if not any(os.path.lexists(root / path.lstrip("/")) for path in one.get("unless", ()))]
    taken = [one for one in asked if int(one["port"]) in sockets[one["protocol"]]]
    inodes = {sockets[one["protocol"]][int(one["port"])] for one in taken}
    owners = dict(_owners(root, inodes)) if inodes else {}
    for one in taken:
        who = owners.get(sockets[one["protocol"]][int(one["port"])], "something")
        yield f"{who} has port {one['port']}/{one['protocol']}, which {one['what']} needs: stop it, or let it listen elsewhere"


def _sockets(root: Path, protocol: str) -> Iterator[tuple[int, str]]:
    """Port -> inode of those that somebody listens at (proc_net_tcp, Documentation/networking)."""
    state = _LISTENS if protocol == "tcp" else _BOUND
    for name in (protocol, f"{protocol}6"):
        for line in read(root / "proc/net" / name).splitlines()[1:]:
            parts = line.split()
            if len(parts) > 9 and parts[3] == state:  # noqa: PLR2004 -- the inode is the tenth
                yield int(parts[1].rsplit(":", 1)[1], 16), parts[9]


def _owners(root: Path, inodes: Collection[str]) -> Iterator[tuple[str, str]]:
    """Inode -> name of the program."""
    for process in (root / "proc").iterdir():
        if not process.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            for handle in (process / "fd").iterdir():
                inode = os.readlink(handle)[len("socket:[") : -1]  # noqa: PTH115 -- Python 3.8, which hosts may have, has none on Path
                if inode in inodes:
                    yield inode, shown(read(process / "comm")) or "something"


def main() -> None:
    """Look, and fail with what was found."""
    lists: dict[str, Any] = {"modules": "list", "ports": "dict", "others": "dict", "architectures": "str"}
    spec: dict[str, Any] = {name: {"type": "list", "elements": kind, "required": True} for name, kind in lists.items()}
    spec.update({name: {"type": "int", "required": True} for name in ("memory_mib", "cores", "disk_mib")})
    spec["cgroup_v1"] = {"type": "bool", "default": False}
    spec.update({"ids": {"type": "list", "elements": "str", "default": []}, "interface": {"type": "str", "default": ""}})
    spec.update({name: {"type": "str", "required": True} for name in ("system", "address")})
    module = AnsibleModule(argument_spec={**spec, "data_dir": {"type": "path", "required": True}}, supports_check_mode=True)
    kernel = os.uname()
    found = list(faults(Path("/"), (kernel.release, own_processor(kernel.machine, struct.calcsize("P"))), module.params))
    if found:
        module.fail_json(msg="it cannot run Kubernetes as it is: " + "; ".join(found), faults=found)
    module.exit_json(changed=False)


if __name__ == "__main__":
    main()
