"""New detectors by degrees: a share of the traffic first, all of it or none of it afterwards."""
