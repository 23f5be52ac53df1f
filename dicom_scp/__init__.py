"""The DICOM door: receives, checks and safely stores what a PACS forwards."""
