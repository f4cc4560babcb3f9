"""A cluster.yaml with a hostile text in each place that accepts one. For tests of everything that texts go to.

`DOCUMENT` has a value for every text that the model knows (a test holds that); `hostile_documents` gives it with hostile ones in place.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import ValidationError

from stardock.distributions.rke2 import RKE2
from stardock.spec.cluster import Spec
from stardock.spec.keys import with_key_lines
from stardock.spec.rules.across import broken_rules
from stardock.spec.section import Section
from stardock.yamltext import yaml_text
from tests.plans import PUBLIC_KEY, document

#: What stands in a text below for the file that a program which took the text for its own would make.
CANARY = "/nowhere/canary"

#: Name -> text. Each is somebody's language: Jinja's, YAML's, Ansible's, Terraform's, a shell's, a terminal's.
HOSTILE: Mapping[str, str] = {
    "expression": "{{ lookup('pipe', 'touch CANARY') }}",
    "expression without blanks": "{{lookup('pipe','touch${IFS}CANARY')}}",
    "statement": "{% set x = lookup('pipe', 'touch CANARY') %}x",
    "comment": "{# hidden #}",
    "unclosed": "{{ {% {#",
    "header": "#jinja2: variable_start_string:'[%', variable_end_string:'%]'\n[% lookup('pipe', 'touch CANARY') %]",
    "header alone": "#jinja2: trim_blocks: False",
    "harmless header": "#jinja2:lstrip_blocks:True\nharmless",
    "raw": "{% raw %}{{ x }}{% endraw %}",
    "unsafe": "!unsafe {{ x }}",
    "object": "!!python/object/apply:os.system ['touch CANARY']",
    "vault": "$ANSIBLE_VAULT;1.1;AES256",
    "yaml": "- &a *b: [c, {d}] # e",
    "mapping": "a: b",
    "several documents": "a\n---\nb: c\n...\n",
    "truth": "yes",
    "number": "0o17",
    "nothing": "~",
    "percent": "%h %% %{x}",
    "quotes": 'it\'s "quoted" \\ `back`',
    "terraform file": '${file("/etc/hostname")}',
    "terraform function": "${uuid()}",
    "terraform directive": "%{ if true }${timestamp()}%{ endif }",
    "terraform escaped": "$${a} %%{b}",
    "terraform variable": "${var.password_hash_alice}",
    "token": "${TfToken[TOKEN.3]}",
    "token of a list": "#{TfToken[TOKEN.3]}",
    "token of a map": "String Map Token Value",
    "token of a number": "-8.109562212591381e+298",
    "terraform quotes": '"}${file("/etc/hostname")}${"',
    "dollars": "$$${a} %%%{b} $ %",
    "shell": "$(touch CANARY)`touch CANARY`; touch CANARY #",
    "shell quotes": "'; touch CANARY; '",
    "escape sequence": "a\x1b[2Jb\x85c\u2028d\u202ee",
    "blank": " a  b\t",
}

Keys = tuple[str | int, ...]

#: In the form of one.
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"

#: At the end of a path: not the value there, but the name that it has in its mapping.
NAME = "(name)"


@dataclass(frozen=True, slots=True)
class Planted:
    """A hostile text at a place of cluster.yaml (`keys`); `text` is what now stands there, which holds `HOSTILE[name]` or a like."""

    keys: Keys
    text: str


def hostile_documents(
    folder: Path, canary: Path, names: Iterable[str] = HOSTILE
) -> Iterator[tuple[str, dict[str, Any], tuple[Planted, ...]]]:
    """For each hostile text: its name, cluster.yaml as data with it in every place that takes it, and the places.

    `folder` is one of the test's own: names of files in cluster.yaml are relative to it. Each document is what `load_spec` accepts.
    """
    for name in names:
        planted: dict[Keys, str] = {}
        for form, of_names in [(form, kind) for kind in (False, True) for form in FORMS]:
            left = [keys for keys in places(DOCUMENT) if keys not in planted and (keys[-1] == NAME) == of_names]
            tried = {keys: form(_seed(keys), HOSTILE[name].replace("CANARY", str(canary))) for keys in left}
            planted |= _settled(planted, _taken(planted, tried), folder)
        yield name, _with(planted), tuple(Planted(keys, text) for keys, text in planted.items())


def write(data: Mapping[str, Any], folder: Path) -> Path:
    """The data as a cluster.yaml in a folder, where the files that it names are."""
    path = folder / "cluster.yaml"
    path.write_text(yaml_text(data), encoding="utf-8")
    return path


def places(data: Any, keys: Keys = ()) -> Iterator[Keys]:
    """Where texts stand, in order; names of a mapping's own making too."""
    if isinstance(data, str):
        yield keys
    elif isinstance(data, dict):
        for key, value in data.items():
            if _is_free(keys):
                yield (*keys, key, NAME)
            yield from places(value, (*keys, key))
    elif isinstance(data, list):
        for number, value in enumerate(data):
            yield from places(value, (*keys, number))


def _is_free(keys: Keys) -> bool:
    """Whether a mapping's keys are the user's own names."""
    return bool(keys) and keys[-1] in {"labels", "addresses", "ipv6_addresses", "macs", "bridges", "mirrors"}


def _dense(text: str) -> str:
    return re.sub(r"\s+", "", text)


#: How a hostile text gets past a field's validator: alone, or with what is there (a key's comment, a URL's path, a file's name).
FORMS: tuple[Callable[[str, str], str], ...] = (
    lambda _seed, text: text,
    lambda seed, text: f"{seed} {text}",
    lambda seed, text: f"{seed} {_dense(text)}",
    lambda seed, text: f"{seed}/{_dense(text)}",
    lambda _seed, text: f"/{_dense(text).replace('/', '')}",
    lambda seed, text: f"{_dense(text)}{seed}",
    lambda seed, text: "{0}{3}{1}{2}".format(*seed.rpartition("."), _dense(text)),
)


def _taken(planted: Mapping[Keys, str], tried: Mapping[Keys, str]) -> dict[Keys, str]:
    """Those that the fields' own validators take."""
    left = dict(tried)
    while left:
        try:
            Spec.model_validate(_with({**planted, **left}))
        except ValidationError as errors:
            for keys in _meant([tuple(error["loc"]) for error in errors.errors()], left):
                del left[keys]
        else:
            break
    return left


def _settled(planted: Mapping[Keys, str], tried: Mapping[Keys, str], folder: Path) -> dict[Keys, str]:
    """Those that the rules between keys take too, without a way through YAML: who uses the document reads it from a file."""
    left = dict(tried)
    while left:
        spec, unreadable = with_key_lines(Spec.model_validate(_with({**planted, **left})), folder)
        problems = [*broken_rules(spec), *unreadable]
        if not problems:
            break
        for keys in _meant([tuple(re.findall(r"[^.\[\]]+", problem.path)) for problem in problems], left):
            del left[keys]
    return left


def _meant(faults: Iterable[Sequence[str | int]], planted: Iterable[Keys]) -> set[Keys]:
    """Who is to blame: what stands at the place of a fault or around it, else all below it, else all of them."""
    places = {keys: tuple(map(str, _written(keys))) for keys in planted}
    told = [tuple(map(str, fault)) for fault in faults]
    exact = {keys for keys, own in places.items() if any(fault[: len(own)] == own for fault in told)}
    return exact or {keys for keys, own in places.items() if any(own[: len(fault)] == fault for fault in told)} or set(places)


def _written(keys: Keys) -> Keys:
    """The path of a fault: a name that is the user's own is not told from what it names."""
    return keys[:-2] if keys[-1] == NAME else keys[:-1] if _is_free(keys[:-1]) else keys


def _with(planted: Mapping[Keys, str]) -> dict[str, Any]:
    """The document with these; names last, since what is below them is found by the old ones."""
    data = copy.deepcopy(dict(DOCUMENT))
    for keys, text in sorted(planted.items(), key=lambda one: one[0][-1] == NAME):
        if keys[-1] == NAME:
            holder = _get(data, keys[:-2])
            holder[text] = holder.pop(keys[-2])
        else:
            _get(data, keys[:-1])[keys[-1]] = text
    return data


def _seed(keys: Keys) -> str:
    return str(keys[-2] if keys[-1] == NAME else _get(DOCUMENT, keys))


def _get(data: Any, keys: Keys) -> Any:
    for key in keys:
        data = data[key]
    return data


def model_texts() -> set[str]:
    """Every place for a text in the model, as `Section.field`."""
    found: set[str] = set()
    _of_section(Spec, found, set())
    return found


def written_texts() -> set[str]:
    """Those that `DOCUMENT` has."""
    found: set[str] = set()
    _of_value(Spec.model_validate(DOCUMENT), found)
    return found


def _of_section(section: type[Section], found: set[str], seen: set[type[Section]]) -> None:
    if section in seen:
        return
    seen.add(section)
    for name, field in section.model_fields.items():
        for leaf in _leaves(field.annotation):
            if isinstance(leaf, type) and issubclass(leaf, Section):
                _of_section(leaf, found, seen)
            elif leaf is str or leaf is Any:
                found.add(f"{section.__name__}.{name}")


def _leaves(annotation: Any) -> Iterator[Any]:
    """The types that values of this annotation are made of."""
    if get_origin(annotation) is Annotated:
        yield from _leaves(get_args(annotation)[0])
    elif get_origin(annotation) in {Union, UnionType, tuple, list, dict}:
        for part in get_args(annotation):
            yield from _leaves(part)
    else:
        yield annotation


def _of_value(value: Any, found: set[str]) -> None:
    if isinstance(value, Section):
        for name in value.model_fields_set:
            inner = getattr(value, name, None)
            if inner not in (None, (), {}, ""):
                found.add(f"{type(value).__name__}.{name}")
            _of_value(inner, found)
    elif isinstance(value, tuple | list):
        for inner in value:
            _of_value(inner, found)
    elif isinstance(value, dict):
        for inner in value.values():
            _of_value(inner, found)


@cache
def _options() -> dict[str, Any]:
    """Every option of RKE2 that is a text or a list of them, and is the user's."""
    ours = {
        name: key
        for name, key in RKE2.keys.known().items()
        if name not in RKE2.keys.owned and not key.secret and not key.choices and not key.since
    }
    texts = {name: "text" for name, key in ours.items() if key.type == "text"}
    lists = {name: ["text"] for name, key in ours.items() if key.type == "list"}
    return {name: value for name, value in {**texts, **lists}.items() if _is_taken(name, value)}


def _is_taken(name: str, value: Any) -> bool:
    """Whether the option goes with the others: not a network, an address or a label, which have forms of their own."""
    own = (
        "cidr",
        "cluster-dns",
        "audit-policy",
        "pod-security",
        "cni",
        "selinux",
        "profile",
        "datastore",
        "secrets-encryption",
        "cloud-provider",
        "node-label",
        "node-taint",
        "private-registry",
        "system-default-registry",
        "etcd-snapshot",
        "etcd-s3",
    )
    return not any(word in name for word in own) and name not in {"kube-apiserver-arg", "egress-selector-mode"}


def _document() -> dict[str, Any]:
    data = document()
    account = {"name": "alice", "keys": [PUBLIC_KEY], "password_hash": {"env": "ALICE_HASH"}}
    data["distribution"] |= {
        "options": _options() | {"node-label": ["disk=ssd"], "node-taint": ["a=b:NoSchedule"], "kube-apiserver-arg": ["v=2"]},
        "url": "https://example.org/rke2.tar.gz",
        "sha256": "ab" * 32,
        "url_arm64": "https://example.org/rke2-arm64.tar.gz",
        "sha256_arm64": "ef" * 32,
        "selinux_policy_url": "https://example.org/policy.rpm",
        "selinux_policy_sha256": "cd" * 32,
    }
    data["proxmox"] |= {
        "ssh": {"user": "root", "private_key": "pve_key", "socks5": "127.0.0.1:1080"},
        "datastores": {"images": "local", "snippets": "local", "disks": "local-lvm", "shared": ["nfs-store"]},
    }
    data["proxmox"]["nodes"][0] |= {
        "ssh_user": "root",
        "ssh_private_key": "pve1_key",
        "bridges": {"vmbr0": "vmbr1"},
        "datastores": {"images": "local2", "snippets": "local2", "disks": "local2"},
    }
    data["image"] |= {
        "release": "13",
        "url": "https://example.org/debian-13.qcow2",
        "checksum": "sha256:" + "ab" * 32,
        "checksum_url": "https://example.org/SUMS",
        "file_name": "debian-13.qcow2",
        "datastore": "local",
    }
    data["network"] |= {"vip_interface": "ens18", "dns": ["192.168.1.1"], "search": ["home.arpa"]}
    nic = data["network"]["server"][0]
    nic |= {
        "zone": "zone1",
        "trunks": "10;20",
        "routes": [{"to": "10.20.0.0/16", "via": "192.168.1.2"}],
        "ipv6": {"static": {"base": "fd00:10::", "offset": 80}},
    }
    hook = {"command": "true", "env": ["DNS_TOKEN"]}
    moments = ("before_deploy", "after_deploy", "before_bootstrap", "after_bootstrap")
    data["hooks"] = {moment: [copy.deepcopy(hook)] for moment in moments}
    data["ssh"]["user"] = "admin"
    user_data: dict[str, Any] = {
        "write_files": [{"path": "/etc/motd", "content": "hello\n", "permissions": "0644", "owner": "root"}],
        "runcmd": ["true"],
        "bootcmd": ["true"],
    }
    data["cloud_init"] = {
        "users": [
            account,
            {"name": "bob", "password_hash": {"file": "bob_hash"}},
            {"name": "carol", "password_hash": {"command": "echo hash"}},
        ],
        "packages": ["htop"],
        "mirrors": {"debian": "https://example.org/debian"},
        "user_data": copy.deepcopy(user_data),
    }
    balancers, servers, agents = data["pools"]
    for pool in data["pools"]:
        pool["site"] = "home"
    balancers["image"] = {"system": "debian", "mirror": "https://example.org/mirror"}
    hardware = {
        "data_disks": [{"name": "data", "size": "10GiB", "datastore": "local-lvm", "mount": "/srv/data"}],
        "devices": [{"mapping": "gpu", "mdev": "nvidia-63"}],
        "usb": [{"mapping": "stick"}],
        "disk_datastore": "local-lvm",
        "pve_pool": "kubernetes",
        "description": "a machine",
        "tags": ["production"],
    }
    servers["machines"][1] = {
        "name": "server2",
        "hostname": "server2.home.arpa",
        "pve_node": "pve2",
        "addresses": {"ens18": "192.168.1.51"},
        "ipv6_addresses": {"ens18": "fd00:10::51"},
        "macs": {"ens18": "BC:24:11:00:00:01"},
        "cpu": "host",
        "site": "home",
        "ssh_jump": "ops@bastion2.home.arpa:22",
        "options": {"kubelet-arg": ["v=2"]},
        **copy.deepcopy(hardware),
    }
    servers["machines"][2] = {"name": "server3", "nodes": ["pve3"]}
    user_data["write_files"][0]["path"] = "/etc/issue"
    user_data["write_files"] += [
        {"path": "/etc/secret1", "content_from": {"env": "SECRET_TEXT"}},
        {"path": "/etc/secret2", "content_from": {"file": "secret_text"}},
    ]
    agents |= {
        "cpu": "host",
        "ssh_jump": "ops@bastion3.home.arpa:22",
        "nodes": ["pve1"],
        "labels": {"example.org/zone": "rack1"},
        "options": {"kubelet-arg": ["v=2"]},
        "taints": ["c=d:NoSchedule"],
        "image": {"system": "debian", "file": "own.qcow2", "checksum": "sha256:" + "cd" * 32},
        "cloud_init": {"users": [{"name": "dave", "keys": [PUBLIC_KEY]}], "packages": ["vim"], "user_data": user_data},
        "interfaces": [copy.deepcopy(data["network"]["agent"][0])],
        **copy.deepcopy(hardware),
    }
    data["hosts"] = [
        {
            "name": "pi1",
            "role": "agent",
            "address": "pi1.home.arpa",
            "node_ip": "192.168.1.99",
            "node_ipv6": "fd00:10::99",
            "hostname": "pi1.home.arpa",
            "system": "debian",
            "architecture": "arm64",
            "ssh_user": "pi",
            "site": "home",
            "ssh_jump": "ops@bastion4.home.arpa:22",
            "host_keys": ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHRlc3RzLW9mLXN0YXJkb2NrLW5vLXByaXZhdGUta2V5IQ"],
            "labels": {"example.org/zone": "edge"},
            "taints": ["e=f:NoSchedule"],
            "options": {"kubelet-arg": ["v=2"]},
            "cloud_init": {"users": [{"name": "erin", "keys": [PUBLIC_KEY]}], "packages": ["vim"]},
        }
    ]
    data["maintenance"] |= {"timezone": "Europe/Berlin", "kured": {"start": "18:00", "end": "23:00"}}
    data["proxy"] = {
        **dict.fromkeys(("http", "https"), "http://proxy.home.arpa:3128"),
        "user": "ann",
        "password_from": {"env": "SECRET_TEXT"},
        "no_proxy": [".home.arpa"],
    }
    data["cni"] = {
        "plugin": "canal",
        "interface": "stardock0",
        "values": {"calico": {"felixLogSeverityScreen": "info"}},
    }
    data["mesh"] = {"network": "10.98.0.0/24", "sites": [{"name": "home", "endpoints": {"lb1": "home.example.org:51830"}}]}
    data["api_server"] = {
        "oidc": [
            {
                "issuer": "https://id.example.org",
                "audiences": ["kubernetes"],
                "username_claim": "email",
                "username_prefix": "oidc:",
                "groups_claim": "groups",
                "groups_prefix": "oidc:",
                "required_claims": {"hd": "example.org"},
                "ca": CERTIFICATE,
            }
        ],
        "audit": {"rules": [{"level": "None", "users": ["system:apiserver"]}]},
        "pod_security": {"enforce": "baseline", "audit": "restricted", "warn": "restricted", "exempt_namespaces": ["monitoring"]},
    }
    data["snapshots"] = {
        "schedule": "0 3 * * *",
        "s3": {
            "endpoint": "s3.home.arpa:9000",
            "bucket": "etcd",
            "folder": "home",
            "region": "us-east-1",
            "ca": CERTIFICATE,
            "access_key_from": {"env": "SECRET_TEXT"},
            "secret_key_from": {"env": "SECRET_TEXT"},
        },
    }
    data["api"] = {"haproxy": {"backends": [{"name": "old1", "address": "192.168.1.99"}]}, "keepalived": {"priorities": {"lb1": 150}}}
    data["ssh"] |= {"extra_args": "-o Compression=yes", "jump": "ops@bastion.home.arpa:22"}
    data["registries"] = {
        "mirrors": [{"registry": "docker.io", "endpoints": ["https://example.org/v2"], "rewrite": {"^library/(.*)": "x/$1"}}],
        "access": [{"registry": "docker.io", "user": "ann", "password_from": {"file": "secret_text"}, "ca": CERTIFICATE}],
        "system_default": "registry.home.arpa:5000",
    }
    data["storage_clients"] = ["iscsi", "nfs"]
    data["addons"] = _addons()
    data["remove"] = ["gone"]
    return data


def _addons() -> dict[str, Any]:
    chart = {"version": "1.2.3", "values": {"a": "text"}, "values_secrets": [{"name": "more", "keys": ["values.yaml"]}]}
    acme = {"email": "ann@example.org", "directory": "https://acme.example.org"}
    pools = [
        {"name": "near", "addresses": ["192.168.1.200-192.168.1.209"], "by": "l2", "interfaces": ["ens18"]},
        {"name": "far", "addresses": ["192.168.1.210-192.168.1.219"], "by": "bgp"},
    ]
    issuers = [
        {"name": "own", "ca_secret": "authority"},
        {"name": "by-http", "acme": {**acme, "ingress_class": "traefik"}},
        {"name": "by-dns", "acme": {**acme, "solvers": [{"dns01": {"webhook": {"groupName": "acme.example.org"}}}]}},
    ]
    peer = {"name": "router", "address": "192.168.1.1", "asn": 64512, "own_asn": 64513, "password_secret": "bgp"}
    return {
        "kured": copy.deepcopy(chart),
        "metallb": {**copy.deepcopy(chart), "pools": pools, "peers": [peer]},
        "ingress": {**copy.deepcopy(chart), "controller": "traefik", "source": "chart"},
        "cert_manager": {**copy.deepcopy(chart), "issuers": issuers},
        **_storage(chart),
        **_handover(chart),
        "metrics_server": {"values": {"a": "text"}},
        "system_upgrade_controller": {"version": "v0.20.1"},
        "charts": [{**copy.deepcopy(chart), "name": "whoami", "chart": "whoami", "repo": "https://charts.example.org", "namespace": "web"}],
    }


def _storage(chart: dict[str, Any]) -> dict[str, Any]:
    nfs = {"name": "nas", "server": "nas.home.arpa", "share": "/export", "folder": "x", "reclaim": "retain", "mount_options": ["hard"]}
    smb = {"name": "band", "source": "//nas/band", "user": "k", "password_from": {"env": "SECRET_TEXT"}}
    smb |= {"domain": "HOME", "mount_options": ["hard"]}
    token = {"token_id": "k@pve!csi", "token_secret_from": {"file": "secret_text"}, "region": "home"}
    disks = {"name": "fast", "datastore": "ssd", "filesystem": "xfs", "reclaim": "retain", "mount_options": ["noatime"]}
    return {
        "longhorn": {**copy.deepcopy(chart), "disk": "data"},
        "nfs_csi": {**copy.deepcopy(chart), "classes": [nfs]},
        "smb_csi": {**copy.deepcopy(chart), "classes": [smb]},
        "proxmox_csi": {**copy.deepcopy(chart), **token, "classes": [disks]},
    }


def _handover(chart: dict[str, Any]) -> dict[str, Any]:
    https = {"url": "https://git.example.org/x", "revision": "main", "path": "x", "user": "me", "password_from": {"env": "SECRET_TEXT"}}
    ssh = {"url": "ssh://git@git.example.org/x", "key_from": {"file": "secret_text"}, "known_hosts": "git.example.org ssh-ed25519 AAAA"}
    stack = {"name": "team/cluster/home", "git": copy.deepcopy(https), "token_from": {"env": "SECRET_TEXT"}}
    return {
        "argo_cd": {**copy.deepcopy(chart), "git": https},
        "flux": {**copy.deepcopy(chart), "git": ssh, "interval": "10m"},
        "pulumi": {**copy.deepcopy(chart), "stack": stack},
    }


DOCUMENT: Mapping[str, Any] = _document()
