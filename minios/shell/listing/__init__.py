"""Tables of tasks: what ps, top, uptime and free are made of.

Reading order: columns, ordering, style, times; moment, keys, states, waits of `inspection`, sizes;
ended; counting, activity, hogs, overview, steering, headline (top); paced.
"""
