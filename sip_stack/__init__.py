"""SIP without sockets, clocks or threads (sans-IO): bytes, time and commands in, bytes and events out.

From the bottom up: `errors` and `grammar`; `uri`, `headers`, `message` and `parser` make values of bytes and bytes of
values; `sdp` and `offer_answer` agree on one audio stream, `digest` on who somebody is; `transaction_tables` and what
is named after transactions make UDP reliable; `dialog`, `invite_session` and its `session_…` siblings hold calls,
`registrar` holds contacts; `endpoint` routes among them. Only `aio` touches sockets. Nothing here knows of calls,
queues or agents. Start with `endpoint` and `events`.
"""
