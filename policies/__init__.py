"""Policy files: strict loading, the order stricter/looser, and the floor that nothing can waive."""
