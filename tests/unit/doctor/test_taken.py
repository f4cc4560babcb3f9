"""The checks of `runner doctor` on what the plan names: ids, names, devices, pools, addresses that somebody has or nobody."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stardock.doctor.checks import run
from stardock.doctor.checks.addresses import addresses, static, watched
from stardock.doctor.finding import Level
from stardock.doctor.scene import Heard
from stardock.estate.survey import Answer
from stardock.model.parts import Usb
from stardock.plan.views.privileges import needed
from tests.plans import document, plan_of
from tests.unit.doctor.findings import only, pcis, wrong
from tests.unit.doctor.scenes import plan, resources, scene, vm

pytestmark = pytest.mark.unit

OURS = "stardock;quickstart"


@pytest.mark.parametrize(("kind", "word"), [("qemu", "VM"), ("lxc", "container")])
def test_a_vm_id_that_somebody_has_is_told_with_who(kind: str, word: str) -> None:
    found = only(scene(resources=Answer(resources(vm(210, "mail", kind=kind)))))
    assert (found.check, found.subject, found.level) == ("VM ids", "server1, 210", Level.PROBLEM)
    assert f"{word} mail on pve2" in found.cause
    assert "`vm_id:`" in found.cure


def test_a_vm_id_of_something_that_the_token_may_not_see_is_told() -> None:
    ids = {machine.vm_id: Answer(machine.vm_id) for machine in plan().machines} | {211: Answer(refused="400 VM 211 already exists")}
    assert "may not see" in only(scene(vm_ids=ids)).cause


def test_a_vm_id_that_could_not_be_asked_for_is_nobodys_for_all_we_know() -> None:
    found = only(scene(vm_ids={211: Answer(refused="https://pve:8006 cannot be reached: Connection reset by peer")}))
    assert (found.check, found.subject, found.level) == ("VM ids", "server2, 211", Level.WARNING)
    assert "cannot be looked at: https://pve:8006 cannot be reached" in found.cause


def test_our_own_machines_are_no_strangers() -> None:
    assert wrong(scene(resources=Answer(resources(vm(210, "server1", tags=OURS))))) == []


def test_a_name_that_somebody_has_is_a_warning() -> None:
    found = only(scene(resources=Answer(resources(vm(999, "server1")))))
    assert (found.check, found.subject, found.level) == ("names", "server1", Level.WARNING)


def test_a_device_that_is_mapped_nowhere_or_not_on_the_machines_pve_node_is_told() -> None:
    made = pcis(plan())  # lb1 on pve1
    pool = Answer([{"poolid": "lab"}])
    missing = only(scene(made, mappings=Answer([]), pools=pool))
    assert (missing.check, missing.subject, missing.level) == ("devices", "gpu on pve1", Level.PROBLEM)
    assert "pvesh create /cluster/mapping/pci --id gpu --map node=pve1," in missing.cure
    elsewhere = only(scene(made, mappings=Answer([{"id": "gpu", "map": ["node=pve2,path=0000:01:00.0"]}]), pools=pool))
    assert elsewhere.cause == "has no device there"
    kept = "pvesh set /cluster/mapping/pci/gpu --map node=pve2,path=0000:01:00.0 --map node=pve1,"
    assert elsewhere.cure.startswith(kept), "Proxmox puts what is sent in the place of all that was there"
    assert wrong(scene(made, mappings=Answer([{"id": "gpu", "map": ["id=1,node=pve1,path=0000:01:00.0"]}]), pools=pool)) == []


@pytest.mark.proves("case 12-usb-mapping")
def test_a_usb_device_that_is_mapped_nowhere_elsewhere_or_twice_is_told() -> None:
    first, *others = plan().machines
    made = replace(plan(), machines=(replace(first, usb=(Usb(mapping="zigbee"),)), *others))  # lb1 on pve1
    assert needed(made)["/mapping/usb/zigbee"] == {"Mapping.Use"}
    missing = only(scene(made, usb=Answer([])))
    assert (missing.check, missing.subject, missing.level) == ("devices", "zigbee on pve1", Level.PROBLEM)
    assert missing.cure == "pvesh create /cluster/mapping/usb --id zigbee --map node=pve1,id=VENDOR:DEVICE   # as lsusb on pve1 says"
    there, away = "node=pve1,id=10c4:ea60", "node=pve2,id=10c4:ea60"
    elsewhere = only(scene(made, usb=Answer([{"id": "zigbee", "map": [f"{away},description=a b;c"]}])))
    assert elsewhere.cause == "has no device there"
    assert elsewhere.cure.startswith(f"pvesh set /cluster/mapping/usb/zigbee --map '{away},description=a b;c' --map node=pve1,")
    assert "more than one USB device there" in only(scene(made, usb=Answer([{"id": "zigbee", "map": [there, f"{there},path=1-2"]}]))).cause
    assert wrong(scene(made, usb=Answer([{"id": "zigbee", "map": [there, away]}]))) == []
    assert only(scene(made, usb=Answer(refused="403 no"))).subject == "/cluster/mapping/usb"


def test_a_pool_that_is_not_there_is_told() -> None:
    mapped = Answer([{"id": "gpu", "map": ["node=pve1,path=0000:01:00.0"]}])
    found = only(scene(pcis(plan()), mappings=mapped, pools=Answer([])))
    assert (found.check, found.subject, found.cure) == ("pools", "lab", "pveum pool add lab")


def test_what_only_root_may_set_is_told_before_proxmox_refuses_it() -> None:
    made = plan()
    found = only(scene(replace(made, machines=(replace(made.machines[0], hugepages="any"), *made.machines[1:]))))
    assert (found.subject, found.level) == ("lb1", Level.PROBLEM)
    assert "never by a token" in found.cause


def test_an_address_that_answers_is_a_problem_while_its_machine_does_not_exist() -> None:
    heard = {"192.168.1.50": Heard("an sshd answers on port 22", sure=True)}
    found = only(replace(scene(), answering=heard))
    assert (found.check, found.subject, found.level) == ("addresses", "192.168.1.50", Level.PROBLEM)
    assert "server1" in found.cause
    exists = resources(vm(210, "server1", tags=OURS))
    assert wrong(replace(scene(resources=Answer(exists)), answering=heard)) == []


def test_the_vip_may_answer_once_a_load_balancer_exists() -> None:
    heard = {"192.168.1.40": Heard("an sshd answers on port 22", sure=True)}
    assert "the VIP" in only(replace(scene(), answering=heard)).cause
    assert wrong(replace(scene(resources=Answer(resources(vm(200, "lb1", tags=OURS)))), answering=heard)) == []


def test_addresses_that_something_on_the_way_may_answer_for_are_one_warning() -> None:
    heard = {f"192.168.1.{number}": Heard("refused", sure=False) for number in (50, 51, 40)}
    found = only(replace(scene(), answering=heard))
    assert found.level is Level.WARNING
    assert found.subject == "192.168.1.50, 192.168.1.51, 192.168.1.40"


def test_every_static_address_of_every_interface_of_both_families_is_asked() -> None:
    asked = {address for address, who in static(plan_of(document("dual-stack"))[0]).items() if who == "server1"}
    assert asked == {"192.168.1.50", "fd00:10::50", "10.30.0.50", "fd00:30::50"}


@pytest.mark.parametrize("address", ["fd00:10::50", "10.30.0.50", "fd00:30::50"])
def test_a_second_nics_and_an_ipv6_address_that_somebody_has_are_told(address: str) -> None:
    heard = {address: Heard("an sshd answers on port 22", sure=True)}
    (found,) = addresses(replace(scene(plan_of(document("dual-stack"))[0]), answering=heard))
    assert (found.check, found.subject, found.level) == ("addresses", address, Level.PROBLEM)
    assert "server1" in found.cause


def test_an_address_to_which_no_way_leads_from_here_is_not_counted_as_silent() -> None:
    heard = {"192.168.1.50": Heard("Network is unreachable", sure=False, asked=False)}
    told, rest = addresses(replace(scene(), answering=heard))
    assert (told.subject, told.level) == ("192.168.1.50", Level.WARNING)
    assert told.cause == "not checked, no way leads there from here: Network is unreachable"
    assert "ip neigh show 192.168.1.50" in told.cure
    assert (rest.level, "on 6 that" in rest.cause) == (Level.OK, True)
    everywhere = dict.fromkeys(watched(scene()), heard["192.168.1.50"])
    (told,) = addresses(replace(scene(), answering=everywhere))
    assert told.level is Level.WARNING


def test_the_vrrp_id_that_cannot_be_heard_from_here_is_not_counted_as_ok() -> None:
    (found,) = (finding for finding in run(scene()) if finding.check == "VRRP id")
    assert (found.subject, found.level) == (str(plan().load_balancing.vrid), Level.WARNING)  # type: ignore[union-attr]
    assert "not checked" in found.cause
    assert "tcpdump" in found.cure


def test_the_vrrp_id_is_nothing_to_tell_without_a_vip_and_once_a_load_balancer_speaks_it() -> None:
    exists = scene(resources=Answer(resources(vm(200, "lb1", tags=OURS))))
    for made in (exists, scene(replace(plan(), load_balancing=None))):
        assert [finding for finding in run(made) if finding.check == "VRRP id"] == []
