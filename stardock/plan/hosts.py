"""`hosts` as the Ansible half reads them. Nothing is allocated: every value is cluster.yaml's own, so that an edit holds at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from stardock.distributions import DEFAULT_NAME, distribution
from stardock.distributions.needs import Tunnel, tunnel_of
from stardock.model.host import Host
from stardock.plan.machine.setup import account, secret_file, user_file
from stardock.plan.proxy import package_proxy
from stardock.spec.rules.hosts import own_address
from stardock.systems import profile

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.cluster import Spec
    from stardock.spec.hosts import Host as Wish


def hosts_of(spec: Spec) -> tuple[Host, ...]:
    """All of them, in declared order; `spec` has passed its rules."""
    return tuple(_host(spec, wish) for wish in spec.hosts)


def _host(spec: Spec, wish: Wish) -> Host:
    own = profile(wish.system)
    both = (spec.cloud_init.user_data, wish.cloud_init.user_data)
    mesh = own.mesh_packages if spec.mesh else ()
    wanted = (*mesh, *own.storage_packages(spec.storage_clients), *spec.cloud_init.packages, *wish.cloud_init.packages)
    return Host(
        name=wish.name,
        role=wish.role,
        hostname=wish.hostname or wish.name,
        address=own_address(wish) or wish.address,
        reached_at=wish.address,
        system=wish.system,
        ssh_user=wish.ssh_user,
        ssh_port=wish.ssh_port,
        host_keys=wish.host_keys,
        ipv6=str(wish.node_ipv6) if wish.node_ipv6 else None,
        interface=wish.interface,
        architecture=wish.architecture,
        # a password is set at a machine's first boot, through the Terraform half
        users=tuple(replace(account(user), password_variable=None) for user in (*spec.cloud_init.users, *wish.cloud_init.users)),
        packages=tuple(dict.fromkeys(wanted)),
        files=tuple(user_file(file) for each in both for file in each.write_files if file.content_from is None),
        secret_files=tuple(secret_file(file, file.content_from) for each in both for file in each.write_files if file.content_from),
        options=dict(wish.options),
        labels=dict(sorted(wish.labels.items())),
        taints=wish.taints,
        kubernetes=None if spec.distribution.name == DEFAULT_NAME else spec.distribution.name,
        cni=distribution(spec.distribution.name).network_plugins(spec.distribution.options),
        proxy=package_proxy(spec.proxy),
        cores=wish.cores or 0,
        memory_mib=wish.memory or 0,
        kured=wish.kured,
        tunnel=_tunnel(spec),
    )


def _tunnel(spec: Spec) -> Tunnel:
    """As `cni` says, or an option of the distribution's."""
    options = spec.distribution.options
    encrypted = spec.cni.encryption is not None or any("wireguard" in str(value) for value in options.values())
    return tunnel_of(distribution(spec.distribution.name), options, encrypted=encrypted, backend=spec.cni.backend)
