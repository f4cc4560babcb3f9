"""What runs in a cluster, as files: one add-on a module."""
