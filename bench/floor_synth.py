"""The floor of synthesis: as many bare TerraformResources as Stardock's stack has resources, and nothing else. `floor_synth.py COUNT`."""

from __future__ import annotations

import sys

from cdktf import App, TerraformResource, TerraformStack


def main() -> None:
    """Builds and synthesizes."""
    app = App()
    stack = TerraformStack(app, "floor")
    for number in range(int(sys.argv[1])):
        TerraformResource(stack, f"r{number}", terraform_resource_type="null_resource").add_override("triggers", {"n": str(number)})
    app.synth()


if __name__ == "__main__":
    main()
