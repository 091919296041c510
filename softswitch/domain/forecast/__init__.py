"""The wait that a caller has to expect: a forecast that knows of queues, calls and agents only what it is told.

`facts` follows the events of the switch and teaches `estimates`, which answers with a range; `times` knows how long
calls and patience last, `drain` how a line of callers comes forward. What became of each estimate is in `accuracy`;
`wording` turns a range into recorded words that never take back what was said before without a reason. Who asks, and of
whom, is `softswitch.domain.estimating`.
"""
