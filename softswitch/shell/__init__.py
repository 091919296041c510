"""The thin shells around the node: processes, sockets, clocks, files.

`supervisor` is what `softswitch serve` runs; it keeps one `server` process (signalling) and the media processes alive.
Inside the server, `replaying` gives the node the journal, `driver` feeds it and carries out what it puts out,
`media_link` speaks to a media process, `control` answers people's commands, `http_api` serves health and `metrics`,
`cut_off` finds out how recordings ended that nobody finished, and `restart_needed` says what a reload cannot change.
"""
