"""Every figure of queues and agents, folded from the journal and from nothing else.

`formulas` has the counts, the equations that hold between them, and the named ways to reckon a service level; `spans`
has the days and quarter hours that they belong to; `talks` who was connected to whom from when to when. From these
`visits` makes the figures of queues, each with the calls behind it, and `agents` those of people; `statistics` keeps
what queues show of today and decide by. None of them knows the floor: a replayed journal gives the same figures.
"""
