"""The `.skill` file: package, review by the subject, release, verification of its claims."""
