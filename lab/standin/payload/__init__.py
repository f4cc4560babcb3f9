"""The stand-in's program: what the lab's `bin/rke2` runs. Standard library, PyYAML and the openssl command only."""
