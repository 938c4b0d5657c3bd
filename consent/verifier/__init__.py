"""The page on which a person checks a receipt: one HTML file that fetches nothing, kept beside the receipt."""
