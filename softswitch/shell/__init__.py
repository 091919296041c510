"""The thin shells around the node: processes, sockets, clocks, files.

`supervisor` is what `softswitch serve` runs; it keeps one `server` process (signalling) and the media processes alive.
Inside the server, `driver` feeds the node and carries out what it puts out, `media_link` speaks to a media process,
`control` answers the commands of people, `http_api` serves health and metrics.
"""
