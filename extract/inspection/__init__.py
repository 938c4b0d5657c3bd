"""Reads skills that were made elsewhere and says what is wrong with them; nothing of them is carried out."""
