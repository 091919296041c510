"""`make bench`: what a call, a registration, and a leg and tick cost on this machine.

Every figure stands beside a baseline measured in the same run, so that it can be compared between machines: for
signalling, reading the same INVITE once with the standard library's email parser, and another program's B2BUA; for
media, copying the same packets with `bytes()` in a plain loop.
"""

from __future__ import annotations

import sys

from tools.bench import b2bua_bench, domain_bench, forecast_bench, media_bench, register_bench, sim_bench, sip_bench


def main() -> int:
    sip_bench.main()
    register_bench.main()
    b2bua_bench.main()
    domain_bench.main()
    sim_bench.main()
    media_bench.main()
    forecast_bench.main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
