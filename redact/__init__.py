"""Personal data and secrets out, consistent pseudonyms in, and a second scan that must find nothing."""
