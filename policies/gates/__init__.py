"""The gates: for each its parameters, their order, what it says to a worker and to HR, and its source in law."""
