"""The Ansible half: run the playbooks over a bundle, follow what they do, and say why they failed."""
