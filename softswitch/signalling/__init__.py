"""Ties the call centre's neutral words to SIP and to media.

Downwards it carries out the domain's actions: it dials, answers, refuses and hangs up SIP sessions, chooses UDP ports
and writes SDP, and tells the media process what to do. Upwards it turns SIP events and media facts into the domain's
inputs, so that no status code, header or codec gets past it. It decides nothing about calls.

Who stands at the door: `admission` (trunk, phone or stranger), `phones` (registrations), `trunks` (carriers). What a
leg needs: `legs` (the sessions), `negotiation` (SDP to streams), `udp_ports`. Everything here is plain data driven by
`now`; what it wants done goes into one `Outbox`.
"""
