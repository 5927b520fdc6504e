"""How an anomaly is found: three tiers that score in numpy, fitting with scikit-learn, fusion. Pure."""
