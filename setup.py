"""What pyproject.toml cannot say: the wheel carries, in `stardock/_shipped`, what lies beside the package in a checkout."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

SHIPPED = ("main.py", "cdktf.json", "stacks", "constructs", "imports", "ansible", "cloudinit")


class BuildWithShipped(build_py):
    """An editable installation finds them where they are."""

    def run(self) -> None:
        """As setuptools does, then what ships beside it."""
        super().run()
        if not self.editable_mode:
            self.ship(Path(self.build_lib) / "stardock" / "_shipped")

    def ship(self, target: Path) -> None:
        """Copy it all; ends the build where something is missing."""
        missing = [name for name in SHIPPED if not Path(name).exists()]
        if missing:
            raise SystemExit(f"{', '.join(missing)}: not there. `make dist` generates the provider's bindings first")
        shutil.rmtree(target, ignore_errors=True)
        for name in SHIPPED:
            copied = target / name
            copied.parent.mkdir(parents=True, exist_ok=True)
            if Path(name).is_dir():
                shutil.copytree(name, copied, ignore=shutil.ignore_patterns(".*", "__pycache__", "*.pyc"))
            else:
                shutil.copy(name, copied)


setup(cmdclass={"build_py": BuildWithShipped})
