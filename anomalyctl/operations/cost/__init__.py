"""What an environment costs a month: an estimate by resource, from a dated table of prices."""
