"""The Ansible half on another machine, HOST, inside of the cluster's network: ansible-runner's transmit | worker | process over one ssh.

`session` is this side of the ssh, `entry` and `keeper` are HOST's: the first needs nothing but Python, the second what the first unpacked.
`stream` looks through what HOST sends, `wheels` finds what it lacks, `door` is the ssh.
"""
