"""`make fuzz`: libFuzzer by way of atheris, guided by the coverage of sip_stack. Arguments are libFuzzer's."""

import sys

import atheris

with atheris.instrument_imports(include=["sip_stack"]):
    from tests.fuzz.target import read

atheris.Setup(sys.argv, read)
atheris.Fuzz()
