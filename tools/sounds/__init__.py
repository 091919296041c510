"""The parts of `tools.make_sounds`: what speaks (`kokoro`), what levels (`polish`), what measures (`loudness`)."""
