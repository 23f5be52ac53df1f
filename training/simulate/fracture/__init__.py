"""Simulated films of broken forearms: bones cut and closed again, moved apart, and the truth about it."""
