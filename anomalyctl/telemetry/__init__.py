"""What a reading is: tags, readings, verdicts, the simulator and its faults. Pure: no I/O, no clock."""
