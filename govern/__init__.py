"""The application: everything is put together here."""

__version__ = "0.1.0"
