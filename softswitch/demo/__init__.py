"""The newcomer's first minute: a real switch, and telephones of our own that call through it on loopback.

`story` tells it, `office` writes the configuration it runs with, `softphone` is a small telephone (SIP over UDP, G.711,
speech from a file) that benchmarks and tests use too. Nothing in the product imports this room but the `demo` command.
"""
