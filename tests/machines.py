"""Machines and plans made by hand, for tests of what reads plans (`tests.plans` makes them from the examples)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from stardock.model.machine import Image, Interface, Machine, Role, User, Window
from stardock.model.plan import Plan
from stardock.model.settings import Distribution, LoadBalancing, Proxmox, PveNode, Ssh
from stardock.systems import system

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFirstKeyOfTheTestsNotOfAnybody00000000000000 admin@example"


def interface(number: int, **changes: Any) -> Interface:
    """A static NIC ens18 with address 192.168.1.<number>."""
    common = Interface(
        name="ens18",
        bridge="vmbr0",
        mac=f"BC:24:11:00:00:{number:02X}",
        address=f"192.168.1.{number}",
        prefix=24,
        gateway="192.168.1.1",
        dns=("192.168.1.1", "192.168.1.2"),
        search=("home.arpa",),
    )
    return replace(common, **changes)


def image(name: str = "debian") -> Image:
    """A system's default image."""
    own = system(name).current
    return Image(
        system=name, release=own.name, url=own.image_url, file_name=own.image_file_name, datastore="local", checksum=own.image_checksum
    )


def machine(name: str, role: Role, number: int, *, system_name: str = "debian", **changes: Any) -> Machine:
    """A machine with VM id 200 + number on pve1."""
    common = Machine(
        name=name,
        role=role,
        pool=f"{role}s",
        pve_node="pve1",
        vm_id=200 + number,
        hostname=name,
        interfaces=(interface(number),),
        image=image(system_name),
        cores=2,
        cpu_type="x86-64-v2-AES",
        memory_mib=4096,
        disk_gib=40,
        disk_datastore="local-lvm",
        snippet_datastore="local",
        users=(User(name="root", keys=(KEY,)),),
        packages=system(system_name).role_packages(role),
        window=Window(start="17:15", duration_minutes=90) if role == "loadbalancer" else None,
    )
    return replace(common, **changes)


def machines(system_name: str = "debian") -> tuple[Machine, ...]:
    """Two load balancers, three servers and an agent, over three PVE nodes; without the roles that the system cannot have."""
    roles: tuple[Role, ...] = ("loadbalancer", "loadbalancer", "server", "server", "server", "agent")
    names = ("lb1", "lb2", "server1", "server2", "server3", "agent1")
    return tuple(
        machine(name, role, 10 + index, system_name=system_name, pve_node=f"pve{index % 3 + 1}")
        for index, (name, role) in enumerate(zip(names, roles, strict=True))
        if role in system(system_name).roles
    )


def plan(**changes: Any) -> Plan:
    """The quick start's topology."""
    common = Plan(
        cluster="testing",
        proxmox=Proxmox(
            endpoint="https://192.168.1.10:8006",
            nodes=tuple(PveNode(name=f"pve{number}", address=f"192.168.1.{number}") for number in (1, 2, 3)),
        ),
        distribution=Distribution(name="rke2", version="v1.36.5+rke2r1"),
        machines=machines(),
        founder="server1",
        ssh=Ssh(user="root"),
        load_balancing=LoadBalancing(
            vip="192.168.1.40",
            interfaces=dict.fromkeys(("lb1", "lb2"), "ens18"),
            vrid=51,
            api_port=6443,
            supervisor_port=9345,
        ),
    )
    return replace(common, **changes)
