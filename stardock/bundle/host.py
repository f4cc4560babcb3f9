"""What the stage `machines` brings to a host that exists already: what first boot sets up elsewhere, as far as it is not the host's own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from stardock.bundle.machine import home, key_file, managed, secret_files
from stardock.bundle.text import Template
from stardock.distributions import DISTRIBUTIONS, Kubernetes, needs
from stardock.model.host import ARCHITECTURES, Architecture, Host
from stardock.model.mesh import INTERFACE
from stardock.model.plan import Plan
from stardock.systems import SENTINEL, ManagedFile, profile

#: Before the host was asked (the role's first task does that) nothing is fetched, and any will do.
_CHOSEN = "(kubernetes_releases[kubernetes_architecture] if kubernetes_processor is defined else kubernetes_releases.values() | first)"
_OF_A_RELEASE = ("archive", "sums", "image_archives", "url", "sha256")
_FAILS_CGROUP_V1, _SAYS_OTHERWISE = (1, 35), re.compile(r"failCgroupV1[\"']?\s*:\s*false")
#: From a power button to an answer; a host is never restarted, so that this bounds the wait for one that is just booting.
ANSWER_SECONDS = 300


def host_variables(plan: Plan, host: Host, kubernetes: Kubernetes, options: Mapping[str, Any]) -> dict[str, Any]:
    """The roles' variables for one host, beside those that it has in common with machines; `options` are the distribution's."""
    own = profile(host.system)
    written = (ManagedFile(file.path, file.content, file.mode, file.owner) for file in host.files)
    users = [user for user in host.users if user.name not in ("root", host.ssh_user or plan.ssh.user)]
    files = managed((*own.files_of(host), *written), {file.path for file in host.files}, kubernetes, options)
    return {
        **_way_in(host),
        "machine_users": [{"name": user.name, "home": home(user), "keys": list(user.keys)} for user in users],
        "machine_files": [*files, *(key_file(user) for user in users if user.keys)],
        "machine_secret_files": list(secret_files(host, kubernetes, options)),
        "machine_package_manager": own.package_manager,
        "machine_packages": list(own.packages_of(host)),
        "machine_mirror": {},
        "machine_services": {},
        # whoever was there before, or was let in by another cluster of ours, is not this one's to change or to shut out
        "machine_keeps_accounts": True,
        "machine_accounts": "/etc/stardock/host-accounts",
        "machine_sudoers": "/dev/null",
        "machine_first_boots": "/dev/null",
        "machine_spared": [host.ssh_user or plan.ssh.user],
        "machine_sentinel": SENTINEL,
        "machine_reboots_itself": False,
        "reachable_macs": [],
        "reachable_timeout": ANSWER_SECONDS,
        "reachable_awaits_first_boot": False,
        **_preflight(plan, host, kubernetes, options),
        **_releases(plan, host, kubernetes),
    }


def _preflight(plan: Plan, host: Host, own: Kubernetes, options: Mapping[str, Any]) -> dict[str, Any]:
    """What must be true of it before the first file is written there."""
    system = profile(host.system)
    wanted = {
        "ids": list(system.ids),
        "system": system.name,
        "architectures": list(_architectures(host)),
        "memory_mib": max(needs.memory_mib(own, host.role), host.memory_mib),
        "cores": max(needs.cores(host.role), host.cores),
        "disk_mib": own.unpacked_mib,
        "data_dir": own.data_dir,
        "address": host.address,
        "interface": host.interface or "",
        "cgroup_v1": _takes_cgroup_v1(plan, host, own),
        "modules": needs.modules(host.tunnel),
        "ports": [*needs.ports(own, host.role, options, host.tunnel), *_mesh_port(plan)],
        "others": [_other(each, host) for each in DISTRIBUTIONS.values()],
    }
    return {"preflight_wanted": wanted, "preflight_joined": f"/etc/stardock/{own.name}", "preflight_traces": list(_traces(own))}


def _mesh_port(plan: Plan) -> list[dict[str, Any]]:
    """It is the mesh's own already on a host whose stage `mesh` ended before the host joined."""
    own = ["/etc/stardock/mesh/mesh.json", f"/sys/class/net/{INTERFACE}"]
    return [{"port": plan.mesh.port, "protocol": "udp", "what": "the mesh", "unless": own}] if plan.mesh else []


def _takes_cgroup_v1(plan: Plan, host: Host, own: Kubernetes) -> bool:
    """Kubelets refuse it from 1.35 on, unless a file of their folder says otherwise (kubernetes.io, "About cgroup v2", deprecation)."""
    release = own.release(plan.distribution.version)
    return (release is not None and release.series < _FAILS_CGROUP_V1) or any(_SAYS_OTHERWISE.search(file.content) for file in host.files)


def _traces(own: Kubernetes) -> Iterator[str]:
    """Program or data: where none of these is, Kubernetes was taken away, whatever mark is left."""
    yield from (f"{prefix}/bin/{own.name}" for prefix in ("/usr/local", own.other_prefix))
    yield from (f"{own.data_dir}/{name}" for name in ("agent/client-kubelet.crt", "server/db"))


def _other(each: Kubernetes, host: Host) -> dict[str, Any]:
    """What only one that ran there has; files of the user's and images may come before it."""
    folders = [f"{each.data_dir}/{name}" for name in ("agent/client-kubelet.crt", "agent/kubelet.kubeconfig", "server/db", "server/tls")]
    cure = f"if nothing of it is needed: {each.uninstall[host.role]} (of a server {each.uninstall['server']}), which deletes its data"
    return {"title": each.title, "folders": folders, "cure": cure}


def _architectures(host: Host) -> tuple[Architecture, ...]:
    return (host.architecture,) if host.architecture else ARCHITECTURES


def _releases(plan: Plan, host: Host, own: Kubernetes) -> dict[str, Any]:
    """The release's files by processor; the host says which it has when they are needed."""
    wanted = plan.distribution
    said = {"amd64": (wanted.url, wanted.sha256), "arm64": (wanted.url_arm64, wanted.sha256_arm64)}
    releases = {}
    for name in _architectures(host):
        files, (url, sha256) = own.files_for(name), said[name]
        releases[name] = {
            "archive": files.archive,
            "sums": files.checksums,
            "image_archives": files.images,
            "url": url or own.archive_url(wanted.version, name),
            "sha256": sha256 or "",
        }
    chosen = {f"kubernetes_{key}": Template(f"{{{{ {_CHOSEN}.{key} }}}}") for key in _OF_A_RELEASE}
    return {"kubernetes_releases": releases, **chosen}


def _way_in(host: Host) -> dict[str, Any]:
    """Where it differs from the cluster's."""
    said = {"ansible_user": host.ssh_user, "ansible_port": host.ssh_port}
    return {name: value for name, value in said.items() if value is not None}
