"""How calls to the outside fail well: time-outs, retries, circuit breakers; one policy per kind."""
