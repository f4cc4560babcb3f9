"""What a real PVE refuses, the emulated one refuses: with its codes and words, in both schema modes."""

from __future__ import annotations

import hashlib
import itertools
from pathlib import Path
from typing import Any

import pytest

from lab.patience import patient
from tests.contract.estate import Estate
from tests.diskimages import qcow2, vmdk

pytestmark = pytest.mark.contract

_ids = itertools.count(1000)
UNKNOWN = "property is not defined in schema and the schema does not allow additional properties"


def make(pve: Estate, **options: Any) -> int:
    """A VM on pve1 with a disk; its id."""
    vm_id = next(_ids)
    assert pve.do("POST", "/nodes/pve1/qemu", vmid=vm_id, **{"scsi0": "local-lvm:8"} | options).status == "OK"
    return vm_id


def test_unknown_parameter_is_400(strict: Estate) -> None:
    answer = strict.ask("POST", "/nodes/pve1/qemu", vmid=next(_ids), colour="blue")
    assert (answer.status, answer.reason, answer.errors) == (400, "Parameter verification failed.", {"colour": UNKNOWN})


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({"cores": "two"}, "cores"),
        ({"cores": 0}, "cores"),
        ({"onboot": "perhaps"}, "onboot"),
        ({"bios": "coreboot"}, "bios"),
        ({"name": "no_host_name"}, "name"),
        ({"tags": "a;b!"}, "tags"),
        ({"memory": "lots"}, "memory"),
        ({"net32": "virtio,bridge=vmbr0"}, "net32"),
        ({"ide4": "none"}, "ide4"),
        ({"startup": "soon"}, "startup"),
        ({"serial0": "tcp"}, "serial0"),
        ({"description": "x" * 8193}, "description"),
        ({"boot": "order=floppy0"}, "boot"),
        ({"cpu": "x86-64-v2-AES,colour=blue"}, "cpu"),
        ({"sshkeys": "not url encoded"}, "sshkeys"),
    ],
)
def test_wrong_type_or_value_is_400_and_names_the_parameter(strict: Estate, options: dict[str, Any], wrong: str) -> None:
    answer = strict.ask("POST", "/nodes/pve1/qemu", vmid=next(_ids), **options)
    assert (answer.status, list(answer.errors)) == (400, [wrong])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"net0": "virtio,bridge=vmbr0,colour=blue"}, f"colour: {UNKNOWN}"),
        ({"net0": "virtio,bridge=vmbr0,tag=4095"}, "tag: value must have a maximum value of 4094"),
        ({"net0": "virtio=BC:24:11:00:00:XX"}, "macaddr: invalid format"),
        ({"net0": "bridge=vmbr0"}, "model: property is missing"),
        ({"scsi0": "local-lvm:8,ssd=maybe"}, "ssd: type check ('boolean') failed"),
        ({"scsi0": "local-lvm:8,cache=warm"}, "cache: value 'warm' does not have a value in the enumeration"),
        ({"scsi0": "size=8G"}, "file: property is missing"),
        ({"virtio0": "local-lvm:8,ssd=1"}, f"ssd: {UNKNOWN}"),
        ({"agent": "enabled=1,style=loud"}, f"style: {UNKNOWN}"),
        ({"efidisk0": "local-lvm:1,efitype=8m"}, "efitype: value '8m'"),
        ({"cicustom": "users=local:snippets/u.yaml"}, f"users: {UNKNOWN}"),
        ({"cicustom": "user=u.yaml"}, "user: invalid format"),
        ({"ipconfig0": "ip=10.0.0.1"}, "ip: value does not match the regex pattern"),
    ],
)
def test_bad_nested_option_string_is_400(strict: Estate, options: dict[str, str], words: str) -> None:
    answer = strict.ask("POST", "/nodes/pve1/qemu", vmid=next(_ids), **options)
    assert answer.status == 400
    assert words in answer.errors[next(iter(options))]


def test_missing_parameter_is_400(strict: Estate) -> None:
    answer = strict.ask("POST", "/nodes/pve1/qemu", name="nameless")
    assert (answer.status, answer.errors) == (400, {"vmid": "property is missing and it is not optional"})


def test_parameter_that_needs_another_is_400(strict: Estate) -> None:
    answer = strict.ask(
        "POST", "/nodes/pve1/storage/local/download-url", content="import", filename="a.qcow2", url="https://a/b", checksum="0" * 64
    )
    assert (answer.status, answer.errors) == (400, {"checksum-algorithm": "missing property - 'checksum' requires this property"})


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/nodes/pve1/teapot"), ("POST", "/version"), ("DELETE", "/nodes/pve1/qemu"), ("GET", "/cluster/resources/x/y")],
)
def test_unknown_route_is_501(strict: Estate, method: str, path: str) -> None:
    answer = strict.ask(method, path)
    assert (answer.status, answer.reason) == (501, f"Method '{method} {path}' not implemented")


def test_unknown_node_and_storage_are_500(strict: Estate) -> None:
    assert strict.ask("GET", "/nodes/pve9/storage").status == 500
    answer = strict.ask("GET", "/nodes/pve1/storage/nfs/content")
    assert (answer.status, answer.reason) == (500, "storage 'nfs' does not exist")


def test_unknown_vm_is_500_in_the_words_that_clients_read_as_gone(strict: Estate) -> None:
    answer = strict.ask("GET", "/nodes/pve1/qemu/999999/status/current")
    assert (answer.status, answer.reason) == (500, "Configuration file 'nodes/pve1/qemu-server/999999.conf' does not exist")


def test_wrong_content_type_is_refused(strict: Estate) -> None:
    image = {"content": "import", "filename": "a.qcow2", "url": "https://images.example/a.qcow2"}
    on_lvm = strict.ask("POST", "/nodes/pve1/storage/local-lvm/download-url", **image)
    assert (on_lvm.status, on_lvm.reason) == (500, "can't upload to storage type 'lvmthin', not a file based storage!")
    snippets = strict.ask("POST", "/nodes/pve1/storage/local/download-url", **image | {"content": "snippets"})
    assert (snippets.status, list(snippets.errors)) == (400, ["content"])
    disk = strict.ask("POST", "/nodes/pve1/qemu", vmid=next(_ids), scsi0="local:8")
    assert (disk.status, disk.errors) == (400, {"storage": "storage 'local' does not support vm images"})


def test_duplicate_vm_id_is_500_on_every_node(strict: Estate) -> None:
    vm_id = make(strict)
    for node in ("pve1", "pve2"):
        answer = strict.ask("POST", f"/nodes/{node}/qemu", vmid=vm_id)
        assert (answer.status, answer.reason) == (500, f"unable to create VM {vm_id} - VM {vm_id} already exists on node 'pve1'")
    taken = strict.ask("GET", "/cluster/nextid", vmid=vm_id)
    assert (taken.status, taken.errors) == (400, {"vmid": f"VM {vm_id} already exists"})


def test_import_needs_its_special_syntax_and_an_image(strict: Estate) -> None:
    sized = strict.ask("POST", "/nodes/pve1/qemu", vmid=next(_ids), scsi0="local-lvm:8,import-from=local:import/a.qcow2")
    assert "requires special syntax" in sized.errors["scsi0"]
    snippet = strict.ask("POST", "/nodes/pve1/qemu", vmid=next(_ids), scsi0="local-lvm:0,import-from=local:snippets/a.yaml")
    assert "has wrong type 'snippets' - needs to be 'images' or 'import'" in snippet.errors["scsi0"]


def test_import_of_an_image_that_this_node_lacks_fails_the_task_and_leaves_no_vm(strict: Estate) -> None:
    vm_id = next(_ids)
    task = strict.do("POST", "/nodes/pve1/qemu", vmid=vm_id, scsi0="local-lvm:0,import-from=local:import/absent.qcow2")
    assert task.status.startswith(f"unable to create VM {vm_id} - cannot import from 'local:import/absent.qcow2'")
    assert strict.ask("GET", f"/nodes/pve1/qemu/{vm_id}/config").status == 500


def test_shrink_fails_the_task(strict: Estate) -> None:
    vm_id = make(strict)
    assert strict.do("PUT", f"/nodes/pve1/qemu/{vm_id}/resize", disk="scsi0", size="4G").status == "shrinking disks is not supported"
    assert strict.do("PUT", f"/nodes/pve1/qemu/{vm_id}/resize", disk="scsi0", size=str(20 * 1024**3)).status == "OK"
    assert "size=20G" in strict.get(f"/nodes/pve1/qemu/{vm_id}/config")["scsi0"]


def test_missing_snippet_fails_the_start_and_a_snippet_of_another_node_does_not_help(strict: Estate) -> None:
    vm_id = make(strict, ide2="local-lvm:cloudinit", cicustom="user=local:snippets/only-on-pve2.yaml")
    strict.snippet("pve2", "only-on-pve2.yaml", "#cloud-config\n")
    task = strict.do("POST", f"/nodes/pve1/qemu/{vm_id}/status/start")
    assert task.status == "volume 'local:snippets/only-on-pve2.yaml' does not exist"
    assert strict.get(f"/nodes/pve1/qemu/{vm_id}/status/current")["status"] == "stopped"


def test_destroy_while_running_and_of_a_protected_vm_is_500(strict: Estate) -> None:
    vm_id = make(strict)
    strict.do("POST", f"/nodes/pve1/qemu/{vm_id}/status/start")
    running = strict.ask("DELETE", f"/nodes/pve1/qemu/{vm_id}/")
    assert (running.status, running.reason) == (500, f"VM {vm_id} is running - destroy failed")
    strict.do("POST", f"/nodes/pve1/qemu/{vm_id}/status/stop")
    assert strict.ask("PUT", f"/nodes/pve1/qemu/{vm_id}/config", protection=1).status == 200
    protected = strict.ask("DELETE", f"/nodes/pve1/qemu/{vm_id}")
    assert (protected.status, protected.reason) == (500, f"can't remove VM {vm_id} - protection mode enabled")


def test_start_of_a_running_vm_fails_the_task_and_reset_of_a_stopped_one_is_500(strict: Estate) -> None:
    vm_id = make(strict)
    stopped = strict.ask("POST", f"/nodes/pve1/qemu/{vm_id}/status/reset")
    assert (stopped.status, stopped.reason) == (500, f"VM {vm_id} not running")
    assert strict.do("POST", f"/nodes/pve1/qemu/{vm_id}/status/start").status == "OK"
    assert strict.do("POST", f"/nodes/pve1/qemu/{vm_id}/status/start").status == f"VM {vm_id} already running"


def test_options_of_root_alone_are_refused_to_a_token(strict: Estate) -> None:
    answer = strict.ask("POST", f"/nodes/pve1/qemu/{make(strict)}/status/stop", skiplock=1)
    assert (answer.status, answer.errors) == (400, {"skiplock": "Only root may use this option."})


@pytest.mark.parametrize("name", ["a.iso", "a.qcow2.gz", "b/a.qcow2", "ä.qcow2"])
def test_wrong_extension_is_400(strict: Estate, name: str) -> None:
    answer = strict.ask("POST", "/nodes/pve1/storage/local/download-url", content="import", filename=name, url="https://images.example/a")
    assert (answer.status, answer.errors) == (400, {"filename": "invalid filename or wrong extension"})


def download(pve: Estate, name: str, url: str, content: bytes | None = None) -> tuple[str, list[str]]:
    """Downloads with the SHA-256 of `content`, when given."""
    checked = {} if content is None else {"checksum": hashlib.sha256(content).hexdigest(), "checksum__algorithm": "sha256"}
    task = pve.do("POST", "/nodes/pve1/storage/local/download-url", content="import", filename=name, url=url, **checked)
    return task.status, task.log


def test_existing_file_is_not_overwritten(strict: Estate) -> None:
    assert download(strict, "twice.qcow2", "https://images.example/one")[0] == "OK"
    assert download(strict, "twice.qcow2", "https://images.example/two")[0] == "refusing to override existing file 'twice.qcow2'"


def test_checksum_of_a_file_of_the_labs_own_is_verified(strict: Estate, tmp_path: Path) -> None:
    (tmp_path / "small.raw").write_bytes(b"small")
    strict.lab("catalog", url="https://lab.test/small.raw", file=str(tmp_path / "small.raw"))
    status, log = download(strict, "good.raw", "https://lab.test/small.raw", b"small")
    assert (status, log[-2]) == ("OK", "download of 'https://lab.test/small.raw' to 'good.raw' finished")
    got, wanted = (hashlib.sha256(content).hexdigest() for content in (b"small", b"other"))
    status, _ = download(strict, "bad.raw", "https://lab.test/small.raw", b"other")
    assert status == f"checksum mismatch: got '{got}' != expect '{wanted}'"
    names = [volume["volid"] for volume in strict.get("/nodes/pve1/storage/local/content", content="import")]
    assert "local:import/good.raw" in names
    assert "local:import/bad.raw" not in names


def test_an_image_of_the_world_is_not_fetched_and_the_log_says_that_its_checksum_was_not_verified(strict: Estate) -> None:
    status, log = download(strict, "debian.qcow2", "https://images.example/debian.qcow2", b"whatever")
    assert status == "OK"
    assert any("checksum NOT verified" in line for line in log)
    meta = strict.get("/nodes/pve1/query-url-metadata", url="https://images.example/debian.qcow2")
    size = next(v["size"] for v in strict.get("/nodes/pve1/storage/local/content") if v["volid"] == "local:import/debian.qcow2")
    assert (meta["filename"], meta["size"]) == ("debian.qcow2", size)


def test_a_packed_disk_image_is_not_unpacked(strict: Estate) -> None:
    image = {"content": "import", "filename": "packed.qcow2", "url": "https://images.example/a.qcow2.gz", "compression": "gz"}
    assert strict.do("POST", "/nodes/pve1/storage/local/download-url", **image).status == "decompression not supported for import"
    iso = image | {"content": "iso", "filename": "packed.iso"}
    assert strict.do("POST", "/nodes/pve1/storage/local/download-url", **iso).status == "OK"
    unknown = iso | {"compression": "xz", "filename": "other.iso"}
    assert strict.do("POST", "/nodes/pve1/storage/local/download-url", **unknown).status == "no decompression method found"


@pytest.mark.proves("reality A4")
@pytest.mark.parametrize(
    ("name", "content", "status"),
    [
        ("up.qcow2", qcow2(), "OK"),
        ("up.vmdk", vmdk(), "OK"),
        ("up.raw", b"anything", "OK"),
        ("short.qcow2", b"QFI\xfb...", "failed to query file information with qemu-img"),
        ("backed.qcow2", qcow2(backing="a.qcow2"), "backing file not allowed for untrusted image '/var/tmp/pveupload-backed.qcow2'!"),
        ("data.qcow2", qcow2(data_file=True), "/var/tmp/pveupload-data.qcow2: 'data-file' references are not allowed!"),
        ("split.vmdk", vmdk(extents=2), "/var/tmp/pveupload-split.vmdk: multiple children or extents are not allowed!"),
        ("child.vmdk", vmdk(parent="a.vmdk"), "backing file not allowed for untrusted image '/var/tmp/pveupload-child.vmdk'!"),
        ("flat.vmdk", b"# Disk DescriptorFile\n", "failed to query file information with qemu-img"),
        ("wrong.qcow2", b"anything", "failed to query file information with qemu-img"),
        ("wrong.vmdk", qcow2(), "failed to query file information with qemu-img"),
    ],
)
def test_an_uploaded_disk_image_is_what_its_ending_says_and_leads_to_no_other_file(
    strict: Estate, name: str, content: bytes, status: str
) -> None:
    files = {"filename": (name, content)}
    url = f"{strict.settings.endpoint}/api2/json/nodes/pve1/storage/local/upload"
    answer = strict.session.post(url, data={"content": "import"}, files=files, timeout=patient(30))
    assert answer.status_code == 200, answer.reason
    assert strict.wait(answer.json()["data"]).status == status
    listed = {volume["volid"] for volume in strict.get("/nodes/pve1/storage/local/content", content="import")}
    assert (f"local:import/{name}" in listed) == (status == "OK")


def test_delete_of_an_unknown_option_is_400(strict: Estate) -> None:
    answer = strict.ask("PUT", f"/nodes/pve1/qemu/{make(strict)}/config", delete="colour")
    assert (answer.status, answer.errors) == (400, {"delete": "unknown option 'colour'"})


def test_a_stale_digest_is_500(strict: Estate) -> None:
    vm_id = make(strict)
    digest = strict.get(f"/nodes/pve1/qemu/{vm_id}/config")["digest"]
    assert strict.ask("PUT", f"/nodes/pve1/qemu/{vm_id}/config", cores=2, digest=digest).status == 200
    answer = strict.ask("PUT", f"/nodes/pve1/qemu/{vm_id}/config", cores=4, digest=digest)
    assert (answer.status, answer.reason) == (500, "checksum mismatch (file change by other user?)")


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (None, "No ticket"),
        ("PVEAPIToken=nobody@pam!x=1", "no such user ('nobody@pam')"),
        ("PVEAPIToken=root@pam!stardock=wrong", "invalid token value!"),
    ],
)
def test_a_bad_token_is_401_and_told_late(strict: Estate, header: str | None, reason: str) -> None:
    strict.lab("delay", unauthorized=0.2)
    answer = strict.session.get(f"{strict.settings.endpoint}/api2/json/version", headers={"Authorization": header or ""}, timeout=10)
    assert (answer.status_code, answer.reason) == (401, reason)
    assert answer.elapsed.total_seconds() >= 0.2
