"""Signed consent, its lifecycle, and the gates that decide over each record."""
