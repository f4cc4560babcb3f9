"""One cluster's machines on Proxmox: plan to props."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from cdktf import TerraformOutput, TerraformStack, TerraformVariable
from constructs import Construct

from pve.ha import HaProps, HaResource, HaRule
from pve.image import Image, ImageProps
from pve.machine import Machine as MachineConstruct
from pve.scope import unnamed
from pve.snippet import SnippetProps, Snippets
from pve.template import literal
from stacks.backend import Backend, plain
from stacks.props import ha_props, image_id, image_props, machine_props, snippet_copies
from stacks.providers import providers
from stardock.firstboot import password_variables
from stardock.model.machine import Machine
from stardock.model.plan import PlacedImage, Plan
from stardock.plan.state import LOCAL, configuration


class ClusterStack(TerraformStack):
    """All that one cluster.yaml asks of Proxmox; its id is the cluster's name.

    `state_path` leads from the stack's folder to the state beside cluster.yaml, as a POSIX path; files that cluster.yaml names are
    found beside it. `replace` names machines whose destruction is not prevented in this run, `adopt` maps machines whose VM exists but is
    not in the state to `<PVE node>/<VM id>`.
    """

    def __init__(
        self,
        scope: Construct,
        plan: Plan,
        *,
        state_path: str,
        replace: frozenset[str] = frozenset(),
        adopt: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(scope, plan.cluster)
        self._plan = plan
        self._beside = posixpath.dirname(state_path)
        self._state(state_path)
        self._providers = providers(self, plan.proxmox, beside=self._beside)
        self._variables()
        self._machines(self._images(), replace)
        self._adopt(adopt or {})
        self._output()

    def _state(self, state_path: str) -> None:
        """The file beside cluster.yaml, or what `state:` says; credentials come from the engine's environment."""
        state = self._plan.state
        local = state.backend == LOCAL
        Backend(self, state.backend, plain({"path": state_path} if local else configuration(state, beside=self._beside)))

    def _variables(self) -> None:
        for name in sorted({name for machine in self._plan.machines for name in password_variables(machine)}):
            TerraformVariable(self, name, type="string", sensitive=True, nullable=False, description="hash of a console password")

    def _images(self) -> dict[str, Image]:
        """One image a PVE node that carries machines of it, one in all on a shared datastore; the file's name tells images apart.

        A shared one is fetched by the PVE node of its first machine.
        """
        wanted: dict[str, ImageProps] = {}
        for placed in self._plan.images:
            wanted.setdefault(image_id(placed), image_props(self._plan.cluster, placed, beside=self._beside))
        scope = Construct(self, "images")
        return {name: Image(scope, name, wanted[name]) for name in sorted(wanted)}

    def _machines(self, images: Mapping[str, Image], replace: frozenset[str]) -> None:
        """VMs in a scope of their own: a user may call a machine `proxmox`."""
        scope = unnamed(self)
        snippets = Snippets(self, "snippets")
        ha = HaScopes(scope)
        for machine in self._plan.machines:
            image = images[image_id(PlacedImage(machine.pve_node, machine.image))]
            props = machine_props(self._plan.cluster, machine, image=image.volume, replace=machine.name in replace)
            own = self._add(snippets, machine, {"user": props.user, "network": props.network, "meta": props.meta})
            made = MachineConstruct(scope, machine.name, props)
            snippets.needed_by(made.address, own)  # their ids are literal
            if machine.ha:
                copies = self._add(snippets, machine, snippet_copies(self._plan, machine, props))
                ha.add(machine.name, ha_props(self._plan, machine), after=[made.address, *copies])

    def _add(self, snippets: Snippets, machine: Machine, texts: Mapping[str, SnippetProps]) -> list[str]:
        """Each by the provider that reaches its PVE node; their addresses."""
        return [
            snippets.add(f"{machine.name}-{end}", snippet, provider=self._providers.get(snippet.pve_node)) for end, snippet in texts.items()
        ]

    def _adopt(self, adopt: Mapping[str, str]) -> None:
        blocks = [{"to": f"proxmox_virtual_environment_vm.{name}", "id": literal(adopt[name])} for name in sorted(adopt)]
        if blocks:
            self.add_override("import", blocks)

    def _output(self) -> None:
        machines = {
            machine.name: {
                "role": machine.role,
                "pve_node": literal(machine.pve_node),
                "vm_id": machine.vm_id,
                "address": literal(machine.address or "dhcp"),
            }
            for machine in self._plan.machines
        }
        TerraformOutput(self, "machines", value=machines, description="what was made, by name")


class HaScopes:
    """Where HA resources and their rules go, made with the first: most clusters have none."""

    def __init__(self, scope: Construct) -> None:
        self._scope = scope
        self._made: list[Construct] = []

    def add(self, name: str, props: HaProps, *, after: list[str]) -> None:
        """Put one machine under HA."""
        if not self._made:
            self._made.append(unnamed(self._scope))
            self._made.append(unnamed(self._made[0]))
        resources, rules = self._made
        HaRule(rules, name, props, resource=HaResource(resources, name, props, after=after))
