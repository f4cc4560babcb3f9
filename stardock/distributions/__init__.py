"""What Stardock knows of each Kubernetes: one file a distribution."""
