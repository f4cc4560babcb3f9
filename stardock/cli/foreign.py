"""Commands of other tools: what to do here instead. A command that takes things away is never answered with one that does another thing."""

from __future__ import annotations

from stardock.distributions import DISTRIBUTIONS
from stardock.nearest import nearest

_DOWN = (
    "There is no command that takes a cluster down: one machine goes when its name is listed under `remove:` in cluster.yaml, "
    "a whole cluster as docs/take-down.md says."
)
_ONE_GOES = (
    "A machine goes when its name is listed under `remove:` in cluster.yaml and `runner deploy` runs; drain it first (docs/take-down.md)."
)
_ANEW = "One machine is made anew by `runner deploy --replace NAME`; its disk goes with it (docs/how-to/replace-a-machine.md)."
_LOOK = (
    "`runner machine status` shows what runs and is Ready, `runner drift` what differs from the plan on Proxmox, "
    "`runner doctor` what would fail."
)
_INSIDE = (
    "Use kubectl: `runner bootstrap` writes its kubeconfig beside cluster.yaml, and ends with the line to export (docs/after-bootstrap.md)."
)
_ENTER = (
    "There is none yet: ssh itself, with user and key of `ssh:` in cluster.yaml, the address from `runner plan`, and "
    "`-o UserKnownHostsFile=X.known_hosts`, which is beside cluster.yaml (docs/files.md)."
)
_UNITS = [unit.removesuffix(".service") for each in DISTRIBUTIONS.values() for unit in each.services.values()]
_LOGS = (
    "The full log of the last bootstrap is X.log beside cluster.yaml (docs/files.md); of a machine: "
    f"`journalctl -u UNIT` on it, UNIT being {', '.join(_UNITS)}; of a pod: kubectl logs."
)
_ETCD = (
    "There is none yet: RKE2 and k3s take snapshots of etcd by themselves; where, and what else to keep, is in docs/after-bootstrap.md. "
    "To restore one follow the documents of yours."
)
_STATE = "Terraform's state is in X.tfstate beside cluster.yaml, or where `state:` says: docs/state.md. `runner plan` compares with it."
_CORDON = "Nodes are Kubernetes': `kubectl cordon`, `kubectl drain`, `kubectl uncordon`; docs/take-down.md says when one is to be drained."
_UNLOCK = "A run that still holds the cluster is named by the command that finds it; of a state's lock: docs/state.md."
_POWER = "`runner machine start NAME` and `runner machine stop NAME`, which moves its pods away first (docs/how-to/a-hung-machine.md)."
_REBOOT = (
    "There is none: load balancers reboot themselves in their windows, all others are drained by kured (docs/reboots.md); "
    "for one that hangs: `runner machine reset NAME`."
)

#: What to do -> the words of other tools for it.
ADVICE = {
    _DOWN: "destroy down teardown undeploy uninstall reset purge clean cleanup nuke rollback undo",
    _ONE_GOES: "remove delete rm",
    _CORDON: "drain cordon uncordon",
    _ANEW: "taint replace recreate rebuild",
    "Nothing is marked to be replaced: what `runner deploy` would replace, it asks for by name.": "untaint",
    "It is called `runner deploy` (VMs) and `runner bootstrap` (Kubernetes).": "apply up create converge launch",
    "`runner deploy` runs it; by hand: docs/how-to/terraform-by-hand.md.": "terraform tofu cdktf synth",
    "It is called `runner bootstrap`.": "install provision ansible playbook ansible-playbook site",
    "It is called `runner plan`: it checks cluster.yaml, shows what would change, and writes nothing.": (
        "validate check lint show diff preview"
    ),
    "`runner COMMAND --help` explains one command, `runner --help` lists all; the pages are under docs/.": "help man docs",
    "There is none: the layout of cluster.yaml is yours, and `runner plan` checks what it says.": "fmt format",
    "`runner deploy` and `runner drift` always read what is there; `runner discover` reads addresses and host keys again.": "refresh sync",
    "Write another `distribution.version` into cluster.yaml, then `runner bootstrap` (docs/bootstrap.md, Another version).": (
        "upgrade update"
    ),
    "Write the machine into its pool, then `runner deploy` and `runner bootstrap` (docs/how-to/add-a-machine.md).": "scale add join expand",
    "Names, addresses and VM ids: `runner plan`, for programs `runner plan --format json` (docs/plan-json.md).": (
        "output outputs list ls inventory nodes node machines vms info ips hosts"
    ),
    "Edit cluster.yaml; `runner schema` says what it may hold (docs/cluster-yaml.md).": "edit config configure set",
    _LOOK: "status health ping facts",
    _INSIDE: "get describe kubectl top exec events rollout",
    "`runner machine console NAME` shows what it prints from then on (docs/how-to/a-hung-machine.md).": "console serial",
    _ENTER: "ssh shell login connect enter",
    _LOGS: "logs log journal",
    _ETCD: "backup restore snapshot etcd",
    "It is called `runner init`: it writes a first cluster.yaml.": "new start-project bootstrap-config generate",
    'The shell completes commands and names after `eval "$(_RUNNER_COMPLETE=bash_source runner)"` (zsh_source, fish_source).': (
        "completion completions autocomplete"
    ),
    _STATE: "state workspace",
    _POWER: "start stop shutdown poweroff",
    _REBOOT: "reboot restart",
    "There is no command for it yet; docs/how-to/change-a-key.md has the steps.": ("rotate renew cert certs certificate token"),
    "`runner bootstrap` writes it beside cluster.yaml, as X.kubeconfig.": "kubeconfig",
    _UNLOCK: "unlock force-unlock",
    "`runner doctor` tries what a deploy needs; `runner lab` is a whole cluster without Proxmox (docs/lab.md).": "test verify",
}


_PLANNED = (
    "`runner plan` shows what the lock holds for each machine, for programs `runner plan --format json`; it is a file beside cluster.yaml "
    "(docs/files.md)."
)
_PINNED = "`runner image pin --upgrade` pins what the publisher has now, for new machines; PVE nodes download by `runner deploy`."

#: The same below a command: what to do -> the words for it.
WITHIN = {
    "image": {
        "It is called `runner image list`.": "show ls get inspect status",
        _PINNED: "update upgrade refresh pull download fetch sync",
        "It is called `runner image pin`.": "lock freeze add set",
        "There is none: `image` in cluster.yaml says which images there are (docs/images.md).": "rm remove delete prune clean build create",
    },
    "lock": {
        _PLANNED: "list show ls get status inspect view",
        _UNLOCK: "unlock force-unlock release break",
        "`runner lock forget NAME` frees what a removed machine had; a machine goes by `remove:` in cluster.yaml (docs/take-down.md).": (
            "rm remove delete prune clean reset"
        ),
    },
    "machine": {
        "It is called `runner machine status`.": "list ls show get inspect info state health",
        "It is called `runner machine stop NAME`.": "shutdown off poweroff halt",
        "It is called `runner machine start NAME`.": "on boot poweron",
        "`runner machine stop NAME`, then `runner machine start NAME`: its pods move first. One that hangs: `runner machine reset NAME`.": (
            "reboot restart cycle"
        ),
        "`runner machine console NAME` shows what it prints from then on.": "log logs serial tail",
        _ONE_GOES: "rm remove delete destroy",
        _CORDON: "drain cordon uncordon",
        _ENTER: "ssh shell login exec",
    },
    "import": {},
}
_ONLY_STARBASE = (
    "Only starbase's clusters are taken over: `runner import starbase DIR`. For any other, `runner init` writes a first cluster.yaml."
)


def advice_within(group: str, word: str, commands: list[str]) -> str:
    """What to say after `No such command` below that command; where nothing is known, which there are."""
    said = next((said for said, words in WITHIN.get(group, {}).items() if word.lower() in words.split()), None)
    near = nearest(word, commands)
    if said or near:
        return f" {said}" if said else f" Did you mean '{near}'?"
    return f" {_ONLY_STARBASE}" if group == "import" else f" There are: {', '.join(commands)}."


def advice(word: str, commands: list[str]) -> str:
    """What to say after `No such command`; empty where nothing is known."""
    known = next((said for said, words in ADVICE.items() if word.lower() in words.split()), None)
    if known:
        return f" {known}"
    near = nearest(word, commands)
    return f" Did you mean '{near}'?" if near else ""
