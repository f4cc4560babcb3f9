"""A VM that boots from three snippets, made so that no edit replaces it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from cdktf import IResolvable, TerraformResourceLifecycle, Token
from constructs import Construct
from imports.proxmox import virtual_environment_vm as vm

from pve import hardware as blocks
from pve.hardware import HardwareProps
from pve.snippet import SnippetProps
from pve.template import Template

#: What the provider would replace a VM for (design, invariant 2), or move it for. Not the whole disk: it must be able to grow.
IGNORED = ("initialization", "disk[0].import_from", "node_name")


@dataclass(frozen=True, slots=True, kw_only=True)
class NicProps:
    """A network device. `mac` in upper case: PVE gives it back so, and another case is drift."""

    bridge: Template
    model: Template
    mac: Template
    vlan: int | None = None
    trunks: Sequence[int] = ()
    mtu: int | None = None  # bytes; 1: the bridge's
    firewall: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StartupProps:
    """Order among the VMs of the PVE node; delays in seconds, None: PVE's own."""

    order: int
    up_delay: int | None = None
    down_delay: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineProps:
    """A VM, decided in full. `image` is a reference to a volume id; user, network and meta are snippets."""

    name: Template
    description: Template
    tags: Sequence[Template]
    pve_node: Template
    vm_id: int
    hardware: HardwareProps
    image: Template
    nics: Sequence[NicProps]
    user: SnippetProps
    network: SnippetProps
    meta: SnippetProps
    startup: StartupProps
    pve_pool: Template | None = None
    agent: bool = True
    agent_timeout_minutes: int = 2
    on_boot: bool = True
    stop_on_destroy: bool = True
    prevent_destroy: bool = True


class Machine(vm.VirtualEnvironmentVm):
    """One VM. Its Terraform name is the construct's id, in a scope that has no name (`pve.scope`). It waits for nothing yet."""

    def __init__(self, scope: Construct, id_: str, props: MachineProps) -> None:
        hardware = props.hardware
        super().__init__(
            scope,
            id_,
            name=props.name,
            description=props.description,
            tags=list(props.tags),
            node_name=props.pve_node,
            vm_id=props.vm_id,
            pool_id=props.pve_pool,
            machine=_chipset(hardware.chipset),
            bios=hardware.firmware,
            efi_disk=blocks.efi_disk(hardware),
            tpm_state=blocks.tpm_state(hardware),
            operating_system=vm.VirtualEnvironmentVmOperatingSystem(type="l26"),
            scsi_hardware=_controller(hardware.disk_interface),
            serial_device=blocks.serial_devices(hardware),
            cpu=blocks.cpu(hardware),
            memory=blocks.memory(hardware),
            disk=blocks.disks(hardware, props.image),
            network_device=[_network_device(nic) for nic in props.nics],
            hostpci=blocks.devices(hardware),
            usb=blocks.usb(hardware),
            initialization=_initialization(props),
            agent=_agent(props),
            startup=_startup(props.startup),
            started=True,
            on_boot=props.on_boot,
            stop_on_destroy=props.stop_on_destroy,
            reboot_after_update=False,  # more cores or memory wait for a drained power cycle; the provider says so
            migrate=True,
            lifecycle=TerraformResourceLifecycle(prevent_destroy=props.prevent_destroy, ignore_changes=list(IGNORED)),
        )
        self.address = f"proxmox_virtual_environment_vm.{id_}"


def _chipset(chipset: str) -> str | None:
    """PVE's name of the machine type; i440fx is what it takes without one, as imported machines have it."""
    return None if chipset == "i440fx" else chipset


def _controller(disk_interface: str) -> str:
    """With a controller for each disk, iothread works on scsi; where no disk hangs on it, the provider's default, as imported ones have.

    A cloud-init drive on scsi1 has a controller with both: virtioscsi1 of its own, or LUN 1 of the one (PVE::QemuServer::DriveDevice).
    """
    return "virtio-scsi-single" if disk_interface.startswith("scsi") else "virtio-scsi-pci"


def _startup(startup: StartupProps) -> vm.VirtualEnvironmentVmStartup:
    return vm.VirtualEnvironmentVmStartup(order=startup.order, up_delay=startup.up_delay, down_delay=startup.down_delay)


def _initialization(props: MachineProps) -> vm.VirtualEnvironmentVmInitialization:
    return vm.VirtualEnvironmentVmInitialization(
        interface=props.hardware.seed_interface,
        datastore_id=props.hardware.disk_datastore,
        user_data_file_id=props.user.volume,
        network_data_file_id=props.network.volume,
        meta_data_file_id=props.meta.volume,
    )


def _agent(props: MachineProps) -> vm.VirtualEnvironmentVmAgent:
    """Ask it nothing: a silent one would hold up every plan for `timeout` a VM. Discovery asks it, in one place."""
    silent = vm.VirtualEnvironmentVmAgentWaitForIp(disabled=True)
    return vm.VirtualEnvironmentVmAgent(enabled=props.agent, timeout=f"{props.agent_timeout_minutes}m", wait_for_ip=silent)


def _network_device(nic: NicProps) -> vm.VirtualEnvironmentVmNetworkDevice:
    """Every key: the provider takes no network device in JSON without. What we leave to PVE has the provider's own default."""
    return vm.VirtualEnvironmentVmNetworkDevice(
        bridge=nic.bridge,
        model=nic.model,
        mac_address=nic.mac,
        vlan_id=nic.vlan or 0,
        firewall=nic.firewall,
        mtu=nic.mtu or 0,
        disconnected=False,
        enabled=_null(),  # deprecated: any value of ours would be warned of
        queues=0,
        rate_limit=0,
        trunks=";".join(map(str, nic.trunks)),  # one by one: the provider (0.111.1) reads no ranges
    )


@cache
def _null() -> IResolvable:
    """A null in the JSON; cdktf drops a None."""
    return Token.as_any("${null}")
