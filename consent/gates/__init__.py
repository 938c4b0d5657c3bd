"""The evaluators of the gates, one module per scope, registered by gate id."""
