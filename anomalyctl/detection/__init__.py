"""How an anomaly is found: three tiers that score in numpy, fitting with scikit-learn, fusion. Pure.

For arrays of any plant: `detector.Detector` (fit on rows, score one by one or many at once). For readings
of one source: `fitting.fit_model`, then `judge.judge` (stateless) or `stream.Stream` (in process).
"""
