"""cluster.yaml -> Spec, or all its problems."""
