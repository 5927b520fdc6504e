"""A day at the site: what was judged, what was found, how the alarms behave, what to do about it."""
