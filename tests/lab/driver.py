"""A lab's world for tests of the machines alone: no PVE, but the hypervisor's methods over a unix socket in the lab's folder."""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing.managers import BaseManager
from pathlib import Path

from lab.machines.hypervisor import Hypervisor
from lab.world import World, enter_world

KEY = b"lab"


class Remote(BaseManager):
    """Proxies of the hypervisor and of its guests' agents; arguments, other results and exceptions travel pickled."""

    def hypervisor(self) -> Hypervisor:
        raise NotImplementedError


def _register(hypervisor: Callable[[], Hypervisor] | None = None) -> None:
    Remote.register("agent", create_method=False)
    Remote.register("hypervisor", callable=hypervisor, method_to_typeid={"agent": "agent"})


def connect(directory: Path) -> Hypervisor:
    """The hypervisor of the lab in `directory`, with its methods running in there."""
    _register()
    remote = Remote(address=str(directory / "driver.sock"), authkey=KEY)
    remote.connect()
    return remote.hypervisor()


def serve(world: World) -> None:
    path = Path(world.settings.directory) / "driver.sock"
    path.unlink(missing_ok=True)
    _register(lambda: world.hypervisor)
    server = Remote(address=str(path), authkey=KEY).get_server()
    world.say_ready()
    server.serve_forever()


if __name__ == "__main__":
    enter_world(serve)
